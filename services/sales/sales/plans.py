"""Payment plans and the allocation of payments to what is owed. Pure arithmetic on minor units."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from sales import money

BASIS_POINTS = 10_000


def resolve_plan(terms: Sequence[Mapping[str, Any]], *, total: int, start: date) -> list[dict[str, Any]]:
    """The payment plan as exact amounts and dates, in order of due date.

    A term has `amount_minor` or `percent` (of the total) and `due_date` or `after_days` (from `start`). Percents that
    sum to 100 leave nothing over: rounding is spread by `money.split`. ValueError when the terms do not sum to `total`.
    """
    if not terms:
        return []
    shares = _shares(terms, total)
    plan: list[dict[str, Any]] = [
        {
            "title": term.get("title") or "",
            "amount_minor": share,
            "due_date": term.get("due_date") or (start + timedelta(days=int(term.get("after_days") or 0))).isoformat(),
        }
        for term, share in zip(terms, shares, strict=True)
    ]
    if any(term["amount_minor"] <= 0 for term in plan) or sum(term["amount_minor"] for term in plan) != total:
        raise ValueError("the terms of the payment plan do not sum to the total")
    return [
        term | {"term": place} for place, term in enumerate(sorted(plan, key=lambda term: term["due_date"]), start=1)
    ]


def equal_terms(total: int, *, count: int, start: date, days_between: int = 30) -> list[dict[str, Any]]:
    """`count` terms as equal as minor units allow, one every `days_between` days from `start`."""
    shares = money.split(total, [1] * count)
    return [
        {
            "term": place + 1,
            "title": "",
            "amount_minor": share,
            "due_date": (start + timedelta(days=days_between * place)).isoformat(),
        }
        for place, share in enumerate(shares)
    ]


def allocate(amount: int, owed: Iterable[tuple[str, int]]) -> tuple[list[tuple[str, int]], int]:
    """Lay `amount` on what is owed (id, open minor units), first come first served; and what is left over.

    The order of `owed` is the order of payment: by due date, unless a receivable was named. Never more than is open.
    """
    laid, left = [], amount
    for key, open_minor in owed:
        part = min(left, open_minor)
        if part > 0:
            laid.append((key, part))
            left -= part
    return laid, left


def ageing(items: Iterable[tuple[date, int]], *, today: date) -> dict[str, int]:
    """Open minor units by days overdue: `current`, `1_30`, `31_60`, `61_90`, `over_90`."""
    buckets = dict.fromkeys(("current", "1_30", "31_60", "61_90", "over_90"), 0)
    for due, open_minor in items:
        days = (today - due).days
        steps = ((0, "current"), (30, "1_30"), (60, "31_60"), (90, "61_90"))
        buckets[next((name for limit, name in steps if days <= limit), "over_90")] += open_minor
    return buckets


def _shares(terms: Sequence[Mapping[str, Any]], total: int) -> list[int]:
    percents = [Decimal(str(term["percent"])) for term in terms if term.get("amount_minor") is None]
    fixed = sum(int(term["amount_minor"]) for term in terms if term.get("amount_minor") is not None)
    if len(percents) == len(terms) and sum(percents) == 100:
        return money.split(total, [int(percent * BASIS_POINTS) for percent in percents])
    if not percents:
        return [int(term["amount_minor"]) for term in terms]
    if sum(money.round_half_up(total * percent / 100) for percent in percents) + fixed == total:
        return [
            int(term["amount_minor"]) if term.get("amount_minor") is not None
            else money.round_half_up(total * Decimal(str(term["percent"])) / 100)
            for term in terms
        ]  # fmt: skip
    raise ValueError("the terms of the payment plan do not sum to the total")
