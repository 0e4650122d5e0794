"""What sales starts with at a company of its own, and what stays of the demo data."""

from datetime import timedelta

from sqlalchemy import delete, exists, select
from sqlalchemy.orm import Session

from chassis.caller import SYSTEM
from chassis.seeding import SeedRun
from sales import catalogue
from sales.models import ExchangeRate, Opportunity
from sales.seed import RATES


def choose_pipeline(session: Session, template: str) -> None:
    """The chosen template becomes the default; another shipped one that nobody uses is switched off.

    An unknown template changes nothing: the company keeps what it has.
    """
    pipelines = {record.key: record for record in catalogue.ensure_pipelines(session, caller=SYSTEM)}
    chosen = pipelines.get(template)
    if chosen is None:
        return
    catalogue.save_pipeline(session, chosen, caller=SYSTEM, is_default=True, active=True)
    for other in pipelines.values():
        used = select(exists().where(Opportunity.pipeline_id == other.id))
        if other is not chosen and not session.scalar(used):
            catalogue.save_pipeline(session, other, caller=SYSTEM, active=False)


def unseed(session: Session, marked: dict[str, set[str]]) -> None:
    """The pipelines stay; the demo's exchange rates go."""
    marked.pop("pipeline", None)
    seeded = session.get(SeedRun, 1)
    if seeded is None:
        return
    for currency, rate in RATES:
        session.execute(
            delete(ExchangeRate).where(
                ExchangeRate.currency == currency,
                ExchangeRate.rate == rate,
                ExchangeRate.valid_from < (seeded.at - timedelta(days=100)).date(),
            )
        )
