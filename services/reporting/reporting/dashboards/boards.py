"""Which dashboards there are for somebody, and which opens first."""

from collections.abc import Mapping
from functools import cache

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from chassis.caller import Caller
from chassis.errors import NotFound
from reporting.dashboards import shipped
from reporting.dashboards.definition import Board, read
from reporting.errors import DashboardInvalid
from reporting.metrics import catalogue
from reporting.models import Dashboard


@cache
def shipped_boards() -> Mapping[str, Board]:
    """The shipped dashboards by key."""
    known = catalogue.shipped_metrics()
    return {body["key"]: read(body, known, shipped=True) for body in shipped.SHIPPED}


def boards(session: Session, *, caller: Caller) -> list[Board]:
    """The dashboards the caller may open: shipped ones, his own, and those others share."""
    seen = or_(Dashboard.shared.is_(True), Dashboard.owner_id == caller.id)
    known = catalogue.metrics(session)
    found = list(shipped_boards().values())
    for row in session.scalars(select(Dashboard).where(seen).order_by(Dashboard.key)):
        try:
            found.append(read(row.body, known, version=row.version))
        except DashboardInvalid:
            continue  # it uses a metric that is gone; its owner sees why when he edits it
    return found


def board(session: Session, *, caller: Caller, key: str) -> Board:
    """One dashboard; NotFound."""
    for found in boards(session, caller=caller):
        if found.key == key:
            return found
    raise NotFound()


def first_for(found: list[Board], caller: Caller) -> Board:
    """The one made for a role of the caller's."""
    return next((item for item in found if set(item.roles) & set(caller.roles)), found[0])
