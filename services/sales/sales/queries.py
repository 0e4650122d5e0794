"""Reads of sales: what boards, forecasts and the pages of a customer show. No query in a loop."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Select, and_, func, select, union_all
from sqlalchemy.orm import Session, load_only

from chassis import clock
from chassis.caller import Caller
from chassis.errors import Forbidden, NotFound
from chassis.i18n import lazy as _
from engines import access, explain
from sales import gates, money, plans, rates
from sales.models import (
    Account,
    Contact,
    Contract,
    ExchangeRate,
    Opportunity,
    Payment,
    Pipeline,
    Price,
    Product,
    Quote,
    Receivable,
    StageHistory,
)
from sales.objects import OPPORTUNITY, RECEIVABLE
from sales.settings import current

CARDS = 50
CLOSED_DAYS = 90  # how long won and lost deals stay on the board


@dataclass(frozen=True, kw_only=True)
class Column:
    """One stage of the board: how many deals, worth how much, and the newest cards."""

    stage: dict[str, Any]
    count: int = 0
    base_minor: int = 0
    weighted_minor: int = 0
    cards: list[Any] = field(default_factory=list)
    next_cursor: str | None = None


def board(session: Session, *, caller: Caller, pipeline: Pipeline, mine: bool = False, q: str = "") -> list[Column]:
    """The pipeline's stages with totals (one query) and up to CARDS cards each (one query for all stages)."""
    scope = _on_board(session, caller, pipeline, mine=mine, q=q)
    sums = {
        row.stage: row
        for row in session.execute(
            select(
                Opportunity.stage,
                func.count().label("deals"),
                func.coalesce(func.sum(Opportunity.base_minor), 0).label("base"),
                func.coalesce(func.sum(Opportunity.base_minor * Opportunity.probability), 0).label("weighted"),
            )
            .where(scope)
            .group_by(Opportunity.stage)
        )
    }
    per_stage = [_cards(stage["key"], scope).subquery() for stage in pipeline.stages if stage["key"] in sums]
    cards: dict[str, list[Any]] = {}
    if per_stage:
        for row in session.execute(union_all(*(select(part) for part in per_stage))):
            cards.setdefault(row.stage, []).append(row)
    columns = []
    for stage in pipeline.stages:
        found, total = cards.get(stage["key"], []), sums.get(stage["key"])
        columns.append(
            Column(
                stage=stage,
                count=total.deals if total else 0,
                base_minor=int(total.base) if total else 0,
                weighted_minor=int(total.weighted) // 100 if total else 0,
                cards=found[:CARDS],
                next_cursor=_cursor(found[CARDS - 1]) if len(found) > CARDS else None,
            )
        )
    return columns


def more_cards(
    session: Session, *, caller: Caller, pipeline: Pipeline, stage: str, cursor: str, mine: bool = False, q: str = ""
) -> tuple[list[Any], str | None]:
    """The next cards of one column after `cursor`."""
    scope = _on_board(session, caller, pipeline, mine=mine, q=q)
    stamp, _, last = cursor.partition("_")
    try:
        after = clock.parse(stamp)
    except ValueError:
        raise NotFound() from None
    beyond = (Opportunity.stage_entered_at < after) | and_(Opportunity.stage_entered_at == after, Opportunity.id < last)
    rows = session.execute(_cards(stage, and_(scope, beyond))).all()
    return list(rows[:CARDS]), _cursor(rows[CARDS - 1]) if len(rows) > CARDS else None


def column_totals(session: Session, *, caller: Caller, pipeline: Any, stages: Sequence[str]) -> list[Column]:
    """Heads of some columns after a move: count and value, no cards."""
    scope = and_(_on_board(session, caller, pipeline), Opportunity.stage.in_(stages))
    rows = session.execute(
        select(Opportunity.stage, func.count().label("deals"), func.sum(Opportunity.base_minor).label("base"))
        .where(scope)
        .group_by(Opportunity.stage)
    )
    sums = {row.stage: row for row in rows}
    return [
        Column(
            stage=stage,
            count=sums[key].deals if key in sums else 0,
            base_minor=int(sums[key].base) if key in sums else 0,
        )
        for stage in pipeline.stages
        if (key := stage["key"]) in stages
    ]


def _on_board(session: Session, caller: Caller, pipeline: Any, *, mine: bool = False, q: str = "") -> Any:
    recent = clock.now() - timedelta(days=CLOSED_DAYS)
    just_closed = and_(Opportunity.category.in_((gates.WON, gates.LOST)), Opportunity.closed_at >= recent)
    scope = and_(
        Opportunity.pipeline_id == pipeline.id,
        access.predicate_sql(session, caller, OPPORTUNITY),
        (Opportunity.category == gates.OPEN) | just_closed,  # both from one index, however many were ever closed
    )
    if mine:
        scope = and_(scope, Opportunity.owner_id == caller.id)
    return and_(scope, Opportunity.name.icontains(q, autoescape=True)) if q else scope


def _cards(stage: str, scope: Any) -> Select[*tuple[Any, ...]]:
    return (
        select(
            Opportunity.id, Opportunity.name, Opportunity.stage, Opportunity.amount_minor, Opportunity.currency,
            Opportunity.owner_id, Opportunity.stalled, Opportunity.stage_entered_at, Opportunity.close_date,
            Opportunity.version, Account.name.label("account_name"),
        )
        .join(Account, Account.id == Opportunity.account_id)
        .where(scope, Opportunity.stage == stage)
        .order_by(Opportunity.stage_entered_at.desc(), Opportunity.id.desc())
        .limit(CARDS + 1)
    )  # fmt: skip


def _cursor(row: Any) -> str:
    return f"{clock.iso(row.stage_entered_at)}_{row.id}"


def forecast(session: Session, *, caller: Caller) -> dict[str, Any]:
    """Open deals by forecast category and what is closed this year; each category includes the surer ones above it."""
    if access.granted(session, caller, "opportunity").hidden & {"amount", "base_amount"}:
        raise Forbidden(_("Your role does not show amounts of opportunities"))
    base = current().base_currency
    year = rates.today().replace(month=1, day=1)
    since = datetime.combine(year, time(), ZoneInfo(current().time_zone)).astimezone(UTC)
    rows = session.execute(
        select(
            Opportunity.forecast_category,
            func.count().label("deals"),
            func.coalesce(func.sum(Opportunity.base_minor), 0).label("amount"),
            func.coalesce(func.sum(Opportunity.base_minor * Opportunity.probability), 0).label("weighted"),
        )
        .where(
            access.predicate_sql(session, caller, OPPORTUNITY),
            (Opportunity.category == gates.OPEN)
            | and_(Opportunity.category == gates.WON, Opportunity.closed_at >= since),
        )
        .group_by(Opportunity.forecast_category)
    )
    found = {row.forecast_category: row for row in rows}
    items, count, amount, weighted = [], 0, 0, 0
    for category in ("closed", "commit", "most_likely", "best_case", "pipeline"):
        row = found.get(category)
        if row:
            count, amount, weighted = count + row.deals, amount + int(row.amount), weighted + int(row.weighted)
        items.append(
            {"category": category, "count": count, "amount": money.outside(amount, base)}
            | {"weighted": money.outside(weighted // 100, base)}
        )
    return {"currency": base, "items": items, "weighted": money.outside(weighted // 100, base)}


def ageing(session: Session, *, caller: Caller) -> dict[str, Any]:
    """What is still owed by days overdue, in the base currency."""
    rows = session.execute(
        select(Receivable.due_date, Receivable.amount_minor, Receivable.paid_minor, Receivable.base_minor).where(
            access.predicate_sql(session, caller, RECEIVABLE), Receivable.status.in_(("open", "partly_paid"))
        )
    )
    left = [(row.due_date, row.base_minor - row.base_minor * row.paid_minor // row.amount_minor) for row in rows]
    base = current().base_currency
    buckets = plans.ageing(left, today=rates.today())
    return {"currency": base, "buckets": {name: money.outside(minor, base) for name, minor in buckets.items()}}


def stage_history(session: Session, opportunity_id: str) -> Sequence[StageHistory]:
    """The moves of an opportunity, oldest first."""
    wanted = select(StageHistory).where(StageHistory.opportunity_id == opportunity_id)
    return session.scalars(wanted.order_by(StageHistory.at, StageHistory.id)).all()


def decisions(session: Session, *, subject: str, locale: str) -> list[dict[str, Any]]:
    """Why the system decided as it did about a record, newest first."""
    return [decision.document(locale) for decision in explain.decisions_of(session, subject)]


def price_rows(session: Session, price_book_id: str) -> Sequence[Price]:
    """The prices of a price book by product code and quantity."""
    wanted = select(Price).join(Product, Product.id == Price.product_id).where(Price.price_book_id == price_book_id)
    return session.scalars(wanted.order_by(Product.code, Price.min_quantity)).all()


def exchange_rates(session: Session) -> Sequence[ExchangeRate]:
    """Rates, newest first per currency."""
    return session.scalars(select(ExchangeRate).order_by(ExchangeRate.currency, ExchangeRate.valid_from.desc())).all()


def of_account(session: Session, *, caller: Caller, account_id: str, limit: int = 50) -> dict[str, Sequence[Any]]:
    """What belongs to a customer, as far as the caller may read it; newest first, one query per kind."""
    models: dict[str, Any] = {
        "contacts": Contact,
        "opportunities": Opportunity,
        "quotes": Quote,
        "contracts": Contract,
        "payments": Payment,
    }
    found: dict[str, Sequence[Any]] = {}
    for name, model in models.items():
        wanted = access.readable(session, caller, model).where(model.account_id == account_id)
        found[name] = session.scalars(wanted.order_by(model.created_at.desc(), model.id.desc()).limit(limit)).all()
    owed = access.readable(session, caller, Receivable).where(Receivable.account_id == account_id)
    found["receivables"] = session.scalars(owed.order_by(Receivable.due_date, Receivable.term).limit(limit)).all()
    return found


def of_contract(session: Session, contract_id: str) -> tuple[Sequence[Receivable], Sequence[Payment]]:
    """Receivables and payments of a contract; who may read it may read these."""
    owed = select(Receivable).where(Receivable.contract_id == contract_id).order_by(Receivable.term)
    paid = select(Payment).where(Payment.contract_id == contract_id).order_by(Payment.paid_at.desc())
    return session.scalars(owed).all(), session.scalars(paid).all()


def account_names(session: Session, ids: Sequence[str]) -> dict[str, str]:
    """Names of accounts by id, for lists of other records."""
    found = session.scalars(select(Account).where(Account.id.in_(set(ids))).options(load_only(Account.name)))
    return {
        account.id: account.name or "" for account in found
    }  # loaded as records, so that a hidden name stays hidden
