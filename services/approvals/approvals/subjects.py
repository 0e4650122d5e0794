"""What approvals are about: kinds of subjects and the fields of their snapshots that conditions and approvers look at."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from engines import money
from engines.conditions.explain import shown
from engines.objects import LISTS, NUMBERS, Field, ObjectType


@dataclass(frozen=True)
class SubjectKind:
    """`type` carries the fields for conditions; `highlights` are shown first, in lists and on cards."""

    type: ObjectType
    highlights: tuple[str, ...]

    @property
    def name(self) -> str:
        return self.type.kind


def _field(name: str, kind: str, zh: str, en: str, **more: Any) -> Field:
    return Field(name, kind, {"zh": zh, "en": en}, **more)


_SHARED = (
    _field("number", "text", "编号", "Number"),
    _field("title", "text", "标题", "Title"),
    _field("owner_id", "person", "负责人", "Owner"),
    _field("department_id", "department", "部门", "Department"),
    _field("account_id", "id", "客户标识", "Account id"),
    _field("account_name", "text", "客户", "Account"),
    _field("account_tier", "text", "客户等级", "Account tier"),
    _field("amount", "money", "金额", "Amount", column="amount_minor", currency_column="currency"),
    _field("currency", "text", "币种", "Currency"),
    _field("base_amount", "money", "本币金额", "Base amount", column="base_minor", currency=money.base_currency()),
)
_PRICED = (
    _field("max_discount_percent", "percent", "最大折扣（%）", "Highest discount (%)"),
    _field("margin", "money", "毛利", "Margin", column="margin_minor", currency_column="currency"),
)
_REGISTERED = (
    _field("name", "text", "客户名称", "Name"),
    _field("credit_code", "text", "统一社会信用代码", "Credit code"),
    _field("industry", "text", "行业", "Industry"),
    _field("region", "text", "区域", "Region"),
    _field("source", "text", "来源", "Source"),
    _field("duplicates", "integer", "疑似重复数", "Possible duplicates"),
)
_REFUNDED = (
    _field("reason", "text", "原因", "Reason"),
    _field("contract_number", "text", "合同编号", "Contract"),
    _field("paid_days_ago", "integer", "距回款天数", "Days since payment"),
)


def _kind(name: str, zh: str, en: str, fields: tuple[Field, ...], highlights: tuple[str, ...]) -> SubjectKind:
    made = ObjectType(
        name, None, (*_SHARED, *fields), label={"zh": zh, "en": en}, adds_record_fields=False, registered=False
    )
    return SubjectKind(made, highlights)


KINDS = {
    kind.name: kind
    for kind in (
        _kind("contract", "合同", "Contract", _PRICED, ("account_name", "amount", "max_discount_percent")),
        _kind("quote", "报价单", "Quote", _PRICED, ("account_name", "amount", "max_discount_percent")),
        _kind("opportunity", "商机", "Opportunity", _PRICED, ("account_name", "amount")),
        _kind("account", "客户", "Account", _REGISTERED, ("name", "region", "industry", "duplicates")),
        _kind("registration", "客户报备", "Registration", _REGISTERED, ("name", "region", "industry", "duplicates")),
        _kind("refund", "退款", "Refund", _REFUNDED, ("account_name", "amount", "reason")),
        _kind("payment", "回款", "Payment", _REFUNDED, ("account_name", "amount", "reason")),
    )
}
SENSITIVE = {"margin": "margin_minor", "cost": "cost_minor"}  # field of the subject → key in snapshots and their lines


def kind_of(name: str) -> SubjectKind:
    """The kind of that name; another service's own kind has the fields all share."""
    if name not in KINDS:
        KINDS[name] = _kind(name, name, name.replace("_", " ").capitalize(), (), ("account_name", "amount"))
    return KINDS[name]


def clean(kind: SubjectKind, snapshot: Mapping[str, Any]) -> dict[str, Any]:
    """The snapshot with the fields' values in the form conditions read; one of a wrong type is missing (None)."""
    made = dict(snapshot)
    for field in kind.type.fields:
        if field.column in made:
            made[field.column] = _coerced(field, made[field.column])
    return made


def missing(kind: SubjectKind, snapshot: Mapping[str, Any], names: set[str]) -> list[str]:
    """Those of the named fields the snapshot has no value for."""
    by_name = kind.type.by_name
    return sorted(name for name in names if name in by_name and snapshot.get(by_name[name].column) in (None, "", []))


def highlights(kind: SubjectKind, snapshot: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What matters most, as data: name, label, value as text, currency of an amount."""
    found = []
    for name in kind.highlights:
        field = kind.type.by_name[name]
        value = shown(field, snapshot.get(field.column), currency=snapshot.get(field.currency_column))
        if value in (None, "", []):
            continue
        row = {"name": name, "label": dict(field.label), "kind": field.kind, "value": value}
        if field.kind == "money":
            row["currency"] = field.currency or str(snapshot.get(field.currency_column) or "")
        found.append(row)
    return found


def facts(rows: list[dict[str, Any]], locale: str) -> dict[str, str]:
    """Highlights as a reader of `locale` sees them on a card: label → value."""
    language = "zh" if locale.startswith("zh") else "en"
    made = {}
    for row in rows:
        text = f"{row['value']:g}" if isinstance(row["value"], float) else str(row["value"])
        if row["kind"] == "money":
            text = f"{row['currency']} {Decimal(text):,.{money.digits(row['currency'])}f}".strip()
        elif row["kind"] == "percent":
            text = f"{text}%"
        label = row["label"].get(language) or row["name"]
        made[label.removesuffix("（%）").removesuffix(" (%)")] = text
    return made


def _coerced(field: Field, value: Any) -> Any:
    try:
        if value is None or isinstance(value, bool) != (field.kind == "boolean"):
            return None
        if field.kind in NUMBERS:
            number = float(value)
            return number if field.scale is None else int(value) if not isinstance(value, float) else int(number)
        if field.kind in LISTS:
            return [str(item) for item in value] if isinstance(value, list | tuple) else None
        return value if isinstance(value, str | bool) else None
    except (TypeError, ValueError, OverflowError):
        return None
