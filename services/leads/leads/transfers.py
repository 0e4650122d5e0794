"""Leads as files: the same capture and edit as by hand, duplicates policy, score and assignment included."""

from collections.abc import Mapping
from typing import Any

from marshmallow import fields, validate
from sqlalchemy import ColumnElement
from sqlalchemy.orm import Session

from chassis.caller import Caller
from engines import access, money, transfer
from engines.ownership import require_giving, require_person
from engines.transfer import Option, Took, Transferable
from leads import capture, intake, ownership, progress
from leads.definition_schemas import POLICIES
from leads.errors import DuplicateRefused
from leads.models import Lead
from leads.objects import LEAD, SOURCES
from leads.schemas import LeadEdit, LeadIn, columns

_OUTCOMES = {"created": "created", "linked": "created", "allowed": "created", "merged": "updated"}
_POLICY_LABELS = {
    "link": {"zh": "新建并关联", "en": "Link the two"},
    "merge": {"zh": "并入已有线索", "en": "Merge into the one that exists"},
    "refuse": {"zh": "跳过该行", "en": "Skip the row"},
    "allow": {"zh": "作为另一条线索", "en": "Take it as another lead"},
}
assert set(_POLICY_LABELS) == set(POLICIES)


class LeadRow(LeadIn):
    """A new lead from a file."""

    source = fields.String(load_default="import", validate=validate.OneOf(tuple(SOURCES)))


class LeadRowEdit(LeadEdit):
    """What a file may change in a lead that exists; another owner is given as by hand."""

    owner_id = fields.String(allow_none=True, validate=validate.Length(max=36))


def _create(session: Session, caller: Caller, body: dict[str, Any], options: Mapping[str, Any]) -> Took:
    values = columns(body)
    if values.get("owner_id") and values["owner_id"] != caller.id:
        access.require_right(session, caller, "lead", "assign")
        require_person(session, values["owner_id"])
    policy = options.get("policy") or None
    made = capture.capture(session, caller=caller, policy=policy, import_id=options["import_id"], **values)
    return Took(
        record=made.lead, outcome=_OUTCOMES[made.outcome], code="" if made.outcome == "created" else made.outcome
    )


def _edit(session: Session, caller: Caller, lead: Lead, body: dict[str, Any]) -> Lead:
    """Change what differs once it is written as leads are; a lead that would stay as it is hears nothing."""
    owner_id = body.pop("owner_id", None)
    if owner_id and owner_id != lead.owner_id:
        access.require_right(session, caller, "lead", "assign")
        require_giving(session, ownership.LEADS, lead, caller)
        ownership.assign(session, lead, caller=caller, owner_id=owner_id)
    values = columns(body)
    clean = intake.clean(values)
    changed = {name: value for name, value in values.items() if clean.get(name) != getattr(lead, name)}
    if changed or session.is_modified(lead):
        progress.edit(session, lead, caller=caller, **changed)
    return lead


def _budget(lead: Any) -> dict[str, Any] | None:
    return money.outside(lead.budget_minor, lead.budget_currency or "CNY")


def _present() -> ColumnElement[bool]:
    return Lead.duplicate_of.is_(None)


LEADS = Transferable(
    kind=LEAD,
    resource="leads",
    page="/leads/leads/{id}",
    taken=LeadRow(),
    edited=LeadRowEdit(),
    create=_create,
    edit=_edit,
    value={"budget": _budget},
    reads={"budget": ("budget_minor", "budget_currency")},
    keys=("number", "phones", "emails", "credit_code", "wechat"),
    options=(
        Option(
            name="policy",
            label={"zh": "已存在的线索", "en": "A lead that exists already"},
            choices=_POLICY_LABELS,
            help={"zh": "留空：按查重策略", "en": "Empty: as the duplicate policy says"},
        ),
    ),
    refused=(DuplicateRefused,),
    only=_present,
    headings={
        "name": "联系人|称呼|full_name|contact|contact_name",
        "company": "公司名称|单位|企业名称|company_name|organisation|organization",
        "title": "职务|job_title|position",
        "phones": "手机|手机号|联系电话|座机|固话|mobile|tel|telephone|phone|phone_number|电话2|phone2",
        "emails": "email|电子邮件|电子邮箱|mail|email_address",
        "wechat": "微信号|weixin",
        "source": "线索来源|lead_source",
        "region": "地区|大区",
        "province": "省",
        "city": "市",
        "address": "详细地址",
        "company_size": "公司规模|人数|size|employees",
        "product_interest": "产品|product|products",
        "budget": "预算金额",
        "message": "备注|需求|note|notes|comment|comments|remark",
        "credit_code": "信用代码|税号",
    },
)
KINDS = transfer.declare("leads", [LEADS])
