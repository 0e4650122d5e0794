"""Routes of leads changing hands, and of their pools."""

from typing import Any

from chassis.api import Api, Call
from engines import access
from engines.access import right
from engines.ownership import api as pools
from engines.ownership import require_giving
from engines.ownership.errors import CLAIM_REFUSED, HoldingFull, UnknownPerson, UnknownPool
from leads import ownership, queries, schemas
from leads.errors import MergedAway, WrongStatus
from leads.models import Lead

api = Api("leads", tag="ownership")
STEP = [WrongStatus, MergedAway]


@api.post(
    "/leads/<id>/assign",
    body=schemas.AssignIn,
    answer=schemas.LeadDetail,
    allow=right("lead", "read"),
    errors=[UnknownPerson, HoldingFull, *STEP],
)
def assign_lead(call: Call, id: str) -> Any:
    """Give the lead to a person, or let the rules choose; by the right `assign` or as an admin of its pool."""
    lead = access.get(call.session, call.caller, Lead, id, lock=True)
    require_giving(call.session, ownership.LEADS, lead, call.caller)
    return queries.details(
        call.session, call.caller, ownership.assign(call.session, lead, caller=call.caller, **call.body)
    )


@api.post("/leads/<id>/claim", answer=schemas.LeadDetail, allow=right("lead", "claim"), errors=[*CLAIM_REFUSED, *STEP])
def claim_lead(call: Call, id: str) -> Any:
    """Take a lead from the pool, within its limits."""
    lead = queries.lead(call.session, call.caller, id)
    return queries.details(call.session, call.caller, ownership.claim(call.session, lead, caller=call.caller))


@api.post(
    "/leads/<id>/release",
    body=schemas.ReleaseIn,
    answer=schemas.LeadDetail,
    allow=right("lead", "edit"),
    errors=[UnknownPool, *STEP],
)
def release_lead(call: Call, id: str) -> Any:
    """Put the lead into a pool."""
    lead = access.get(call.session, call.caller, Lead, id, "edit", lock=True)
    ownership.release(call.session, lead, caller=call.caller, **call.body)
    return queries.details(call.session, call.caller, lead)


pools.mount(
    api,
    ownership.LEADS,
    "leads",
    answer=schemas.LeadDetail,
    dump=queries.details,
    protect=ownership.protect,
    errors=STEP,
)
