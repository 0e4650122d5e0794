"""Exchange rates into the base currency, by the day they hold from."""

from datetime import date
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session

from chassis import clock
from chassis.events import publish
from sales import events, money
from sales.errors import NoExchangeRate
from sales.models import ExchangeRate
from sales.settings import current


def rate(session: Session, *, currency: str, on: date | None = None) -> Decimal:
    """Base units for one unit of `currency` on a day (default today); NoExchangeRate when none holds yet."""
    if currency == current().base_currency:
        return Decimal(1)
    found = session.scalar(
        select(ExchangeRate.rate)
        .where(ExchangeRate.currency == currency, ExchangeRate.valid_from <= (on or today()))
        .order_by(ExchangeRate.valid_from.desc())
        .limit(1)
    )
    if found is None:
        raise NoExchangeRate(errors={"currency": [str(NoExchangeRate.title)]}, currency=currency)
    return found


def to_base(session: Session, minor: int, *, currency: str, on: date | None = None) -> int:
    """`minor` units of `currency` in minor units of the base currency."""
    base = current().base_currency
    if currency == base:
        return minor
    return money.convert(minor, from_currency=currency, to_currency=base, rate=rate(session, currency=currency, on=on))


def set_rate(session: Session, *, currency: str, rate: Decimal, valid_from: date) -> ExchangeRate:
    """Let a rate hold from a day on; a second one for the same day replaces the first."""
    money.exponent(currency)
    row = session.get(ExchangeRate, (currency, valid_from)) or ExchangeRate(currency=currency, valid_from=valid_from)
    row.rate = rate
    session.add(row)
    publish(
        session,
        events.ExchangeRateSet(
            subject=f"exchange_rate/{currency}-{valid_from.isoformat()}",
            currency=currency,
            base_currency=current().base_currency,
            rate=str(rate),
            valid_from=valid_from.isoformat(),
        ),
    )
    return row


def today() -> date:
    """The company's calendar day."""
    return clock.today(current().time_zone)
