"""Erasing a person's data in every service, and what came of it."""

from typing import Any

from sqlalchemy import select

from chassis import feed
from chassis.api import Api, Call
from chassis.erasure import person
from chassis.errors import NotFound
from chassis.paging import Paged
from engines.access import right
from integration_gateway import erasures
from integration_gateway.models import Erasure
from integration_gateway.schemas import ErasureIn, ErasureOut

api = Api("gateway", tag="erasures")
_ERASURES = Paged(entity=Erasure, sort={"asked_at": Erasure.asked_at}, default="-asked_at")


@api.post("/erasures", body=ErasureIn, answer=ErasureOut, status=201, allow=right("user", "administer"))
def request_erasure(call: Call) -> Any:
    """Look for a person's data in all services, or erase it for good."""
    named = {name: call.body[name].strip() for name in ("subject", "phone", "email")}
    return erasures.request(
        call.session,
        person=person.named(**named),
        services=sorted(feed.locations(call.settings)) or ["gateway"],
        by=call.caller.id,
        dry_run=call.body["dry_run"],
        reason=call.body["reason"],
    )


@api.get("/erasures", answer=ErasureOut, page=_ERASURES, allow=right("user", "administer"))
def list_erasures(call: Call) -> Any:
    """Erasures that were asked for, the latest first."""
    return select(Erasure)


@api.get("/erasures/<id>", answer=ErasureOut, allow=right("user", "administer"))
def read_erasure(call: Call, id: str) -> Any:
    """What the services have done so far."""
    found = call.session.get(Erasure, id)
    if found is None:
        raise NotFound()
    return found
