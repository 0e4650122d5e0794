"""From what was typed to a clean lead: every field in its one written form, what could not be read kept in the message."""

from collections.abc import Iterable, Mapping
from typing import Any

from leads import normalise, phones, regions
from leads.errors import NotReachable
from leads.phones import Phone

_LINES = {"title": 100, "industry": 60, "company_size": 20, "channel": 40, "referrer_url": 1000, "country": 2}
_SPACES = {"address": 300, "city": 60, "province": 40, "region": 40}

_NOTHING = frozenset(
    ("n/a", "na", "null", "none", "nil", "undefined", "-", "--", "/", "无", "没有", "暂无", "未知", "不详", "匿名")
)


def clean(given: Mapping[str, Any]) -> dict[str, Any]:
    """Normalise the fields in `given` and only those; place and country are filled in from address and phone.

    Several numbers in one phone are split. A number or address nobody can read goes into the message, so that nothing
    a customer typed is lost.
    """
    record = dict(given)
    unread: list[str] = []
    if "name" in record:
        record["name"] = _said(normalise.name(record["name"] or ""))
    if "company" in record:
        record["company"] = _said(normalise.company(record["company"] or ""))
    for field, limit in (_LINES | _SPACES).items():
        if record.get(field):
            record[field] = normalise.text(str(record[field]), limit=limit)
    found = _phones(record, unread)
    if "emails" in record:
        record["emails"] = _emails(record["emails"] or (), unread)
    for field, label, read in (("wechat", "WeChat", normalise.wechat), ("credit_code", "Code", normalise.credit_code)):
        if typed := record.get(field):
            record[field] = read(typed)
            if record[field] is None:
                _keep(unread, label, typed)
    if "message" in record or unread:
        record["message"] = normalise.paragraph("\n".join([record.get("message") or "", *unread]))
    if "product_interest" in record:
        record["product_interest"] = _distinct(
            normalise.text(each, limit=80) for each in record["product_interest"] or ()
        )
    if "utm" in record:
        record["utm"] = {
            normalise.text(key, limit=40): normalise.text(str(value)) for key, value in (record["utm"] or {}).items()
        }
    _fill_place(record, found)
    return record


def require_reachable(record: Mapping[str, Any]) -> None:
    """NotReachable unless there is a way to reach or find somebody; a name alone is none."""
    if not any(record.get(field) for field in ("phones", "emails", "wechat", "company")):
        raise NotReachable()


def _said(value: str) -> str:
    """Empty for what people type into a field they must not leave empty."""
    return "" if value.lower() in _NOTHING else value


def _phones(record: dict[str, Any], unread: list[str]) -> list[Phone]:
    if "phones" not in record:
        return []
    country = (record.get("country") or "CN").upper()
    found: dict[str, Phone] = {}
    for typed in record["phones"] or ():
        numbers = phones.phones(normalise.paragraph(typed, limit=400), country=country)
        if not numbers and normalise.text(typed):
            _keep(unread, "Phone", typed)
        found |= {each.text: each for each in numbers}
    record["phones"] = list(found)
    return list(found.values())


def _emails(typed: Iterable[str], unread: list[str]) -> list[str]:
    found: list[str] = []
    for each in typed:
        addresses = normalise.emails(each[:2000])
        if not addresses and normalise.text(each):
            _keep(unread, "E-mail", each)
        found += addresses
    return _distinct(found)


def _keep(unread: list[str], what: str, typed: str) -> None:
    unread.append(f"{what}: {normalise.text(typed, limit=200)}")


def _fill_place(record: dict[str, Any], numbers: list[Phone]) -> None:
    address = " ".join(filter(None, (record.get("province"), record.get("city"), record.get("address"))))
    if record.get("region") and record["region"] not in regions.REGIONS:
        address = f"{record['region']} {address}"
        record["region"] = None
    if not address and not numbers:
        return
    place = regions.place(address=address, phones=tuple(numbers))
    for field in ("country", "province", "city", "region"):
        if not record.get(field) and getattr(place, field):
            record[field] = getattr(place, field)


def _distinct(values: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(filter(None, values)))
