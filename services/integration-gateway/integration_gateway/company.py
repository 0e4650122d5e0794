"""The company this installation serves: name, time zone, base currency, legal entities, and how far its set-up has come."""

from typing import Any
from zoneinfo import available_timezones

from sqlalchemy import select
from sqlalchemy.orm import Session

from chassis import clock
from chassis.errors import Invalid
from chassis.events import publish
from chassis.i18n import gettext as _
from integration_gateway.events import CompanyChanged, PipelineTemplateChosen, SetUpFinished
from integration_gateway.models import Company

CURRENCIES = ("CNY", "USD", "EUR", "HKD", "JPY", "GBP", "SGD", "TWD", "KRW", "MYR", "THB", "VND", "AUD", "CAD")
STEPS = ("security", "company", "organisation", "pipeline", "done")
TEMPLATES = ("standard", "consultative")


def current(session: Session) -> Company | None:
    """The company, None before anybody entered it."""
    return session.scalars(select(Company).order_by(Company.id).limit(1)).first()


def save(session: Session, *, by: str, **values: Any) -> Company:
    """Enter or change the company; Invalid names what is wrong field by field."""
    _refuse_wrong(values)
    found = current(session)
    if found is None:
        found = Company(created_by=by, step=STEPS[0], **{"legal_entities": [], **values})
        session.add(found)
    for name, value in values.items():
        setattr(found, name, value)
    _tell(session, found)
    return found


def reach(session: Session, step: str, *, by: str) -> None:
    """Note that the set-up has come as far as `step`; it never goes back by itself."""
    found = current(session)
    if found is None:
        found = Company(created_by=by, name="", legal_entities=[], step=step)
        session.add(found)
    elif found.finished_at is None and STEPS.index(step) > STEPS.index(found.step):
        found.step = step
    else:
        return
    _tell(session, found)


def choose_pipeline(session: Session, template: str, *, by: str) -> None:
    """Say which pipeline the company starts with; sales, which owns pipelines, makes it the default."""
    if template not in TEMPLATES:
        raise Invalid(errors={"template": [_("Choose from the list")]})
    reach(session, "done", by=by)
    found = current(session)
    assert found is not None
    found.pipeline_template = template
    publish(session, PipelineTemplateChosen(found, template=template))


def finish(session: Session, *, by: str) -> None:
    """The set-up is done: each service puts the definitions in force that a company can start with."""
    found = current(session)
    if found is None or not found.name:
        raise Invalid(errors={"": [_("Enter the company first")]})
    if found.finished_at is None:
        found.finished_at, found.step = clock.now(), "done"
        publish(session, SetUpFinished(found, pipeline_template=found.pipeline_template))


def open_step(session: Session) -> str | None:
    """The step of the set-up that comes next, None when it was finished."""
    found = current(session)
    if found is None:
        return STEPS[0]
    return None if found.finished_at is not None else found.step


def _tell(session: Session, found: Company) -> None:
    publish(
        session,
        CompanyChanged(
            found,
            name=found.name,
            time_zone=found.time_zone,
            base_currency=found.base_currency,
            legal_entities=found.legal_entities,
        ),
    )


def _refuse_wrong(values: dict[str, Any]) -> None:
    wrong: dict[str, list[str]] = {}
    if "name" in values and not 2 <= len((values["name"] or "").strip()) <= 120:
        wrong["name"] = [_("2 to 120 characters")]
    if "time_zone" in values and values["time_zone"] not in available_timezones():
        wrong["time_zone"] = [_("There is no such time zone")]
    if "base_currency" in values and values["base_currency"] not in CURRENCIES:
        wrong["base_currency"] = [_("Choose from the list")]
    names = [entity["name"] for entity in values.get("legal_entities") or ()]
    if len(set(names)) < len(names):
        wrong["legal_entities"] = [_("Two legal entities have the same name")]
    if wrong:
        raise Invalid(errors=wrong)
