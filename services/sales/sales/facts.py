"""What events say of a record: the one place where a record becomes the data of its facts."""

from typing import Any

from chassis import clock
from sales.models import Account, Contact, Contract, Opportunity, Payment, Quote, Receivable


def account(record: Account) -> dict[str, Any]:
    return {
        "account_id": record.id,
        "number": record.number,
        "name": record.name,
        "tier": record.tier,
        "owner_id": record.owner_id,
        "department_id": record.department_id,
        "pool": record.pool,
        "collaborator_ids": record.collaborator_ids or [],
        "credit_code": record.credit_code,
        "industry": record.industry,
        "region": record.region,
        "health": record.health,
        "contract_minor": record.contract_minor,
        "paid_minor": record.paid_minor,
        "open_minor": record.open_minor,
    }


def contact(record: Contact) -> dict[str, Any]:
    return {
        "contact_id": record.id,
        "account_id": record.account_id,
        "decision_role": record.decision_role,
        "owner_id": record.owner_id,
        "name": record.name,
        "title": record.title,
        "phones": record.phones or [],
        "emails": record.emails or [],
        "wechat": record.wechat,
    }


def opportunity(record: Opportunity, *, pipeline: str, from_stage: str | None = None) -> dict[str, Any]:
    return {
        "opportunity_id": record.id,
        "number": record.number,
        "name": record.name,
        "account_id": record.account_id,
        "pipeline": pipeline,
        "from_stage": from_stage,
        "to_stage": record.stage,
        "category": record.category,
        "probability": record.probability,
        "forecast_category": record.forecast_category,
        "amount_minor": record.amount_minor,
        "currency": record.currency,
        "base_minor": record.base_minor,
        "owner_id": record.owner_id,
        "department_id": record.department_id,
        "region": record.region,
        "source": record.source,
        "lead_id": record.lead_id,
        "close_date": record.close_date.isoformat() if record.close_date else None,
    }


def quote(record: Quote) -> dict[str, Any]:
    return {
        "quote_id": record.id,
        "number": record.number,
        "revision": record.revision,
        "status": record.status,
        "account_id": record.account_id,
        "opportunity_id": record.opportunity_id,
        "owner_id": record.owner_id,
        "department_id": record.department_id,
        "total_minor": record.total_minor,
        "currency": record.currency,
        "base_minor": record.base_minor,
        "max_discount_percent": str(record.max_discount_percent),
    }


def contract(record: Contract, *, region: str | None = None) -> dict[str, Any]:
    return {
        "contract_id": record.id,
        "number": record.number,
        "title": record.title,
        "status": record.status,
        "account_id": record.account_id,
        "opportunity_id": record.opportunity_id,
        "owner_id": record.owner_id,
        "department_id": record.department_id,
        "amount_minor": record.amount_minor,
        "currency": record.currency,
        "base_minor": record.base_minor,
        "cost_minor": record.cost_minor,
        "region": region,
    }


def receivable(record: Receivable) -> dict[str, Any]:
    return {
        "receivable_id": record.id,
        "number": record.number,
        "contract_id": record.contract_id,
        "account_id": record.account_id,
        "owner_id": record.owner_id,
        "department_id": record.department_id,
        "amount_minor": record.amount_minor,
        "paid_minor": record.paid_minor,
        "currency": record.currency,
        "base_minor": record.base_minor,
        "due_date": record.due_date.isoformat(),
        "status": record.status,
    }


def payment(record: Payment, *, allocations: list[tuple[str, int]]) -> dict[str, Any]:
    return {
        "payment_id": record.id,
        "number": record.number,
        "contract_id": record.contract_id,
        "account_id": record.account_id,
        "owner_id": record.owner_id,
        "department_id": record.department_id,
        "amount_minor": record.amount_minor,
        "currency": record.currency,
        "base_minor": record.base_minor,
        "allocations": [{"receivable_id": key, "amount_minor": part} for key, part in allocations],
        "unallocated_minor": record.unallocated_minor,
        "system": record.system,
        "external_id": record.external_id,
        "paid_at": clock.iso(record.paid_at),
    }


def customer(record: Account) -> dict[str, Any]:
    """What an ERP needs to book the customer."""
    return {
        "id": record.id,
        "number": record.number,
        "name": record.name,
        "legal_name": record.legal_name or record.name,
        "credit_code": record.credit_code,
        "region": record.region,
        "city": record.city,
        "address": record.address,
        "tier": record.tier,
        "external_ids": record.external_ids or {},
    }
