"""What automation rules can hear of the records of sales, and do to them; and the rules that come ready."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from chassis.caller import Caller
from chassis.events import publish
from chassis.ids import uuid7
from engines.objects import Label, ObjectType
from engines.rules import Automated, Step, automate
from engines.rules.errors import CannotAct
from sales import accounts, contracts, events, moving, opportunities, ownership, quotes, tiers
from sales.models import Account, Contact, Contract, Opportunity, Quote
from sales.objects import ACCOUNT, CONTACT, CONTRACT, OPPORTUNITY, QUOTE, TIER_LABELS
from sales.schemas import contracts as contract_schemas
from sales.schemas import customers, deals

PRIORITIES = {
    "low": {"zh": "低", "en": "Low"}, "normal": {"zh": "普通", "en": "Normal"},
    "high": {"zh": "高", "en": "High"}, "urgent": {"zh": "紧急", "en": "Urgent"},
}  # fmt: skip
TICKET_TYPES = {
    "onboarding": {"zh": "上线交付", "en": "Onboarding"}, "request": {"zh": "需求", "en": "Request"},
    "billing": {"zh": "账务（开票）", "en": "Billing (invoice)"},
}  # fmt: skip


def _label(zh: str, en: str) -> Label:
    return {"zh": zh, "en": en}


def _events(kind: ObjectType, **labels: tuple[str, str]) -> dict[str, Label]:
    return {f"{kind.kind}.{name}": _label(zh, en) for name, (zh, en) in labels.items()}


def _move(session: Session, record: Opportunity, caller: Caller, values: Mapping[str, Any]) -> None:
    """To a stage, if it meets what the stage demands."""
    deal, pipeline = moving.locked(session, caller, record.id)
    opportunities.move(session, deal, caller=caller, pipeline=pipeline, to_stage=values["stage"])


def _move_its_opportunity(
    session: Session, record: Quote | Contract, caller: Caller, values: Mapping[str, Any]
) -> None:
    if record.opportunity_id is None:
        raise CannotAct()
    deal, pipeline = moving.locked(session, caller, record.opportunity_id)
    opportunities.move(session, deal, caller=caller, pipeline=pipeline, to_stage=values["stage"])


def _win(session: Session, record: Contract, caller: Caller, values: Mapping[str, Any]) -> None:
    if record.opportunity_id is None:
        raise CannotAct()
    opportunities.win_by_contract(session, record.opportunity_id, contract=record)


def _ask_for_ticket(session: Session, record: Any, caller: Caller, values: Mapping[str, Any]) -> None:
    """The service desk is asked for a ticket about the record's customer."""
    account_id = record.id if isinstance(record, Account) else record.account_id
    contract_id = record.id if isinstance(record, Contract) else None
    publish(
        session,
        events.TicketRequested(
            subject=f"{record.__kind__}/{record.id}", request_id=uuid7(), account_id=account_id, contract_id=contract_id,
            title=values["title"], body=values.get("text") or "", priority=values.get("priority") or "normal",
            kind=values.get("type") or "request",
        ),
    )  # fmt: skip


def _tier(session: Session, record: Account, caller: Caller, values: Mapping[str, Any]) -> None:
    tiers.set_tier(session, record, tier=values["tier"], reason="automation")


def _submit(session: Session, record: Contract | Quote, caller: Caller, values: Mapping[str, Any]) -> None:
    if isinstance(record, Contract):
        contracts.submit(session, record, caller=caller)
    else:
        quotes.submit(session, record, caller=caller)


def _addresses(session: Session, record: Any) -> Sequence[str]:
    """The first e-mail address of each of the customer's contacts."""
    if isinstance(record, Contact):
        return (record.emails or [])[:1]
    account_id = record.id if isinstance(record, Account) else record.account_id
    found = session.scalars(
        select(Contact.emails).where(Contact.account_id == account_id).order_by(Contact.created_at).limit(20)
    )
    return [emails[0] for emails in found if emails]


TICKET = Step(
    label=_label("请客服建工单", "Ask for a service ticket"),
    run=_ask_for_ticket,
    values={
        "title": _label("主题", "Subject"), "text": _label("内容", "Text"), "type": _label("类型", "Type"),
        "priority": _label("优先级", "Priority"),
    },
    required=frozenset({"title"}),
    choices={"type": TICKET_TYPES, "priority": PRIORITIES},
)  # fmt: skip
STAGE = {"stage": _label("阶段标识", "Key of the stage")}
ASK = Step(label=_label("提交审批", "Ask for approval"), run=_submit)

KINDS = automate(
    "sales",
    [
        Automated(
            kind=ACCOUNT, shape=customers.AccountEdit,
            edit=lambda session, record, values: accounts.edit(session, record, **values),
            assign=ownership.assign_account, addresses=_addresses,
            events=_events(
                ACCOUNT, created=("新建", "Created"), changed=("修改", "Changed"), tier_changed=("等级变更", "Tier changed"),
            ),
            steps={
                "ask_for_ticket": TICKET,
                "set_tier": Step(
                    label=_label("设置客户等级", "Set the tier"), run=_tier, values={"tier": _label("等级", "Tier")},
                    required=frozenset({"tier"}), choices={"tier": TIER_LABELS},
                ),
            },
        ),
        Automated(
            kind=CONTACT, shape=customers.ContactEdit,
            edit=lambda session, record, values: accounts.edit_contact(session, record, **values), addresses=_addresses,
            events=_events(CONTACT, created=("新建", "Created"), changed=("修改", "Changed")),
        ),
        Automated(
            kind=OPPORTUNITY, shape=deals.OpportunityEdit, addresses=_addresses,
            edit=lambda session, record, values: opportunities.edit(session, record, **values),
            assign=opportunities.assign,
            events=_events(
                OPPORTUNITY, created=("新建", "Created"), changed=("修改", "Changed"), moved=("阶段推进", "Stage moved"),
                won=("赢单", "Won"), lost=("输单", "Lost"), stalled=("停滞", "Stalled"),
            ),
            steps={
                "move": Step(label=_label("推进到阶段", "Move to a stage"), run=_move, values=STAGE, required=frozenset(STAGE)),
                "ask_for_ticket": TICKET,
            },
        ),
        Automated(
            kind=QUOTE, shape=deals.QuoteEdit, addresses=_addresses,
            edit=lambda session, record, values: quotes.edit(session, record, **values),
            events=_events(
                QUOTE, created=("新建", "Created"), changed=("修改", "Changed"), revised=("新版本", "New version"),
                accepted=("客户接受", "Accepted"), opened=("客户打开", "Opened"),
                approval_requested=("提交审批", "Approval asked"),
            ),
            steps={
                "ask_for_approval": ASK,
                "move_opportunity": Step(
                    label=_label("推进其商机", "Move its opportunity"), run=_move_its_opportunity, values=STAGE,
                    required=frozenset(STAGE),
                ),
            },
        ),
        Automated(
            kind=CONTRACT, shape=contract_schemas.ContractEdit, addresses=_addresses,
            edit=lambda session, record, values: contracts.edit(session, record, **values), assign=contracts.assign,
            events=_events(
                CONTRACT, created=("新建", "Created"), changed=("修改", "Changed"), approved=("审批通过", "Approved"),
                rejected=("审批退回", "Not approved"), activated=("归档生效", "In force"), completed=("履行完毕", "Completed"),
                terminated=("终止", "Terminated"),
            ),
            steps={
                "ask_for_approval": ASK,
                "ask_for_ticket": TICKET,
                "win_opportunity": Step(label=_label("商机置为赢单", "Its opportunity is won"), run=_win),
                "move_opportunity": Step(
                    label=_label("推进其商机", "Move its opportunity"), run=_move_its_opportunity, values=STAGE,
                    required=frozenset(STAGE),
                ),
            },
        ),
    ],
)  # fmt: skip


def _ready(about: str, zh: str, en: str, **body: Any) -> tuple[Label, dict[str, Any]]:
    return _label(zh, en), {"about": about, "when": {"all": []}, **body}


def _task(days: int, zh: str, en: str, to: str = "owner") -> dict[str, Any]:
    return {"do": "task", "to": [to], "title": _label(zh, en), "days": days}


READY: Mapping[str, tuple[Label, dict[str, Any]]] = {
    "stalled_reminder": _ready(
        "opportunity", "商机停滞 7 天提醒负责人", "Opportunity still for 7 days: remind the owner",
        trigger={"on": "date", "field": "stage_entered_at", "days": 7},
        when={"field": "category", "op": "eq", "value": "open"},
        actions=[_task(1, "商机 {name} 已 7 天未推进，请跟进", "{name} has not moved for 7 days: follow up")],
    ),
    "stalled_manager": _ready(
        "opportunity", "商机停滞 10 天上报主管", "Opportunity still for 10 days: tell the manager",
        trigger={"on": "date", "field": "stage_entered_at", "days": 10},
        when={"field": "category", "op": "eq", "value": "open"},
        actions=[{"do": "notify", "to": ["manager"], "title": _label("{owner_id} 的商机 {name} 已 10 天未推进",
                                                                  "{name} of {owner_id} has not moved for 10 days")}],
    ),
    "birthday": _ready(
        "contact", "联系人生日提前 3 天提醒", "A contact's birthday, 3 days ahead",
        trigger={"on": "date", "field": "birthday", "days": -3, "yearly": True, "at": "09:00"},
        actions=[_task(3, "{name} 将于 3 天后生日，请送上祝福", "{name} has a birthday in 3 days: send greetings")],
    ),
    "contract_won": _ready(
        "contract", "合同归档后商机赢单", "A contract in force wins its opportunity",
        trigger={"on": "event", "events": ["contract.activated"]},
        actions=[{"do": "step:win_opportunity"}],
    ),
    "quote_stage": _ready(
        "quote", "报价批准后推进商机", "An approved quote moves its opportunity",
        trigger={"on": "change", "fields": ["status"]}, when={"field": "status", "op": "changed_to", "value": "approved"},
        actions=[{"do": "step:move_opportunity", "values": {"stage": "quote"}}],
    ),
    "contract_approved": _ready(
        "contract", "合同通过：邮件、服务工单、开票申请", "Contract approved: mail, service ticket, invoice request",
        trigger={"on": "event", "events": ["contract.approved"]},
        actions=[
            {"do": "mail", "to": ["customer"], "title": _label("合同 {number} 已生效", "Contract {number} is approved"),
             "text": _label("您好：\n\n合同 {number}《{title}》，金额 {amount} {currency}，已经审批通过。\n\n感谢您的信任！",
                            "Contract {number}, {title}, over {amount} {currency} has been approved.\n\nThank you!")},
            {"do": "step:ask_for_ticket",
             "values": {"title": "合同 {number} 交付服务", "type": "onboarding", "priority": "normal"}},
            {"do": "step:ask_for_ticket",
             "values": {"title": "合同 {number} 开票申请，金额 {amount} {currency}", "type": "billing"}},
        ],
    ),
    "big_customer": _ready(
        "account", "合同总额达到 100 万升 VIP 并安排服务", "Contracts of a million: VIP with a service flow",
        trigger={"on": "change", "fields": ["contract_total"]},
        when={"all": [{"field": "contract_total", "op": "ge", "value": 1000000}, {"field": "tier", "op": "ne", "value": "VIP"}]},
        actions=[
            {"do": "step:set_tier", "values": {"tier": "VIP"}},
            {"do": "step:ask_for_ticket",
             "values": {"title": "VIP 客户 {name} 专属服务", "type": "request", "priority": "high"}},
        ],
    ),
    "silent_a": _ready(
        "account", "A 类客户 90 天未联系生成关怀任务", "Tier A silent for 90 days: a care task",
        trigger={"on": "date", "field": "last_activity_at", "days": 90}, when={"field": "tier", "op": "eq", "value": "A"},
        actions=[_task(3, "A 类客户 {name} 已 90 天未联系，请关怀", "{name} (tier A) silent for 90 days: get in touch")],
    ),
}  # fmt: skip
