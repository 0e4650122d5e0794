"""The lead as events tell it."""

from typing import Any

from sqlalchemy.orm import object_session

from engines import forms
from leads.models import Lead
from leads.objects import LEAD


def of(lead: Lead) -> dict[str, Any]:
    """The fields every lead event carries, see events.LeadFact."""
    return {
        "lead_id": lead.id,
        "number": lead.number,
        "status": lead.status,
        "source": lead.source,
        "channel": lead.channel,
        "campaign_id": lead.campaign_id,
        "country": lead.country,
        "region": lead.region,
        "city": lead.city,
        "industry": lead.industry,
        "company_size": lead.company_size,
        "product_interest": lead.product_interest or [],
        "score": lead.score,
        "grade": lead.grade,
        "owner_id": lead.owner_id,
        "department_id": lead.department_id,
        "pool": lead.pool,
        "created_at": lead.created_at,
        "name": lead.name,
        "company": lead.company,
        "phones": lead.phones or [],
        "emails": lead.emails or [],
        "custom": _own(lead),
    }


def _own(lead: Lead) -> dict[str, Any]:
    """The company's own fields, as the database's form says them."""
    session = object_session(lead)
    return forms.said(session, LEAD, lead.custom) if session is not None and lead.custom else {}
