"""Opportunities: /sales/api/v1/opportunities."""

from typing import Any

from chassis.api import Api, Call
from engines import access, listing
from engines.access import right
from sales import moving, opportunities, queries
from sales.api import writing
from sales.errors import GateClosed, OpportunityClosed, UnknownStage
from sales.models import Account, Opportunity, Pipeline
from sales.objects import OPPORTUNITY
from sales.schemas import customers, deals

api = Api("sales", tag="Opportunities")
PAGE = listing.paged(OPPORTUNITY)
MOVE = right("opportunity", "move")
REFUSALS = [GateClosed, OpportunityClosed, UnknownStage]


@api.get(
    "/opportunities", answer=deals.OpportunityOut, allow=right("opportunity", "read"), page=PAGE, query=listing.QUERY
)
def list_opportunities(call: Call) -> Any:
    """The opportunities the caller may read."""
    return listing.rows(call, OPPORTUNITY)


@api.post(
    "/opportunities", body=deals.OpportunityIn, answer=deals.OpportunityOut, status=201,
    allow=right("opportunity", "create"), errors=REFUSALS,
)  # fmt: skip
def create_opportunity(call: Call) -> Any:
    """Enter a possible deal."""
    writing.check_references(call.session, call.caller, call.body)
    writing.referred(call.session, call.caller, Account, call.body["account_id"], field="account_id")
    if call.body.get("owner_id") not in (None, call.caller.id):
        access.require_right(call.session, call.caller, "opportunity", "assign")
    return opportunities.create(call.session, caller=call.caller, **call.body)


@api.get("/opportunities/forecast", answer=deals.Forecast, allow=right("opportunity", "read"))
def forecast(call: Call) -> Any:
    """Open and won deals by forecast category, weighted by probability, in the base currency."""
    return queries.forecast(call.session, caller=call.caller)


@api.get("/opportunities/<id>", answer=deals.OpportunityOut, allow=right("opportunity", "read"))
def read_opportunity(call: Call, id: str) -> Any:
    """One opportunity."""
    return access.get(call.session, call.caller, Opportunity, id)


@api.patch(
    "/opportunities/<id>", body=deals.OpportunityEdit(partial=True), answer=deals.OpportunityOut,
    allow=right("opportunity", "edit"),
)  # fmt: skip
def edit_opportunity(call: Call, id: str) -> Any:
    """Change an opportunity without moving it."""
    writing.check_references(call.session, call.caller, call.body)
    return opportunities.edit(call.session, writing.locked(call.session, call.caller, Opportunity, id), **call.body)


@api.post("/opportunities/<id>/move", body=deals.MoveIn, answer=deals.OpportunityOut, allow=MOVE, errors=REFUSALS)
def move_opportunity(call: Call, id: str) -> Any:
    """Move to another stage, if its gate is open; a refusal names all that is missing."""
    writing.check_references(call.session, call.caller, call.body)
    record, pipeline = moving.locked(call.session, call.caller, id)
    call.match(record.version)
    stage = call.body.pop("stage")
    return opportunities.move(call.session, record, caller=call.caller, pipeline=pipeline, to_stage=stage, **call.body)


@api.post("/opportunities/<id>/win", body=deals.WinIn, answer=deals.OpportunityOut, allow=MOVE, errors=REFUSALS)
def win_opportunity(call: Call, id: str) -> Any:
    """Move to the won stage of its pipeline."""
    writing.check_references(call.session, call.caller, call.body)
    record, pipeline = moving.locked(call.session, call.caller, id)
    call.match(record.version)
    return opportunities.close(call.session, record, caller=call.caller, pipeline=pipeline, category="won", **call.body)


@api.post("/opportunities/<id>/lose", body=deals.LoseIn, answer=deals.OpportunityOut, allow=MOVE, errors=REFUSALS)
def lose_opportunity(call: Call, id: str) -> Any:
    """Move to the lost stage of its pipeline, with the reason."""
    writing.check_references(call.session, call.caller, call.body)
    record, pipeline = moving.locked(call.session, call.caller, id)
    call.match(record.version)
    return opportunities.close(
        call.session, record, caller=call.caller, pipeline=pipeline, category="lost", **call.body
    )


@api.get("/opportunities/<id>/transitions", answer=deals.Transitions, allow=right("opportunity", "read"))
def opportunity_transitions(call: Call, id: str) -> Any:
    """Every other stage, whether it is open, and what is missing."""
    record = access.get(call.session, call.caller, Opportunity, id)
    pipeline = call.session.get_one(Pipeline, record.pipeline_id)
    return {"items": opportunities.transitions(call.session, record, pipeline=pipeline)}


@api.get("/opportunities/<id>/history", answer=deals.History, allow=right("opportunity", "read"))
def opportunity_history(call: Call, id: str) -> Any:
    """The moves of an opportunity, oldest first, with the time spent in each stage."""
    access.get(call.session, call.caller, Opportunity, id)
    return {"items": queries.stage_history(call.session, id)}


@api.post(
    "/opportunities/<id>/documents", body=deals.DocumentIn, answer=deals.OpportunityOut, status=201,
    allow=right("opportunity", "edit"),
)  # fmt: skip
def add_document(call: Call, id: str) -> Any:
    """File a document that a gate may ask for."""
    writing.check_references(call.session, call.caller, call.body)
    record = writing.locked(call.session, call.caller, Opportunity, id)
    return opportunities.edit(call.session, record, documents=[*(record.documents or []), call.body])


@api.post(
    "/opportunities/<id>/assign",
    body=customers.OwnerIn,
    answer=deals.OpportunityOut,
    allow=right("opportunity", "assign"),
)
def assign_opportunity(call: Call, id: str) -> Any:
    """Give an opportunity another owner."""
    writing.check_references(call.session, call.caller, call.body)
    record = writing.locked(call.session, call.caller, Opportunity, id)
    return opportunities.assign(call.session, record, owner_id=call.body["owner_id"], caller=call.caller)


@api.post(
    "/opportunities/bulk",
    body=writing.bulk_body(deals.OpportunityEdit),
    answer=writing.BulkOut,
    allow=right("opportunity", "bulk"),
)
def edit_opportunities(call: Call) -> Any:
    """Change up to 1,000 opportunities alike; each is reported."""
    writing.check_references(call.session, call.caller, call.body)
    access.check_edit(call.session, call.caller, "opportunity", call.body["edit"])

    def edit(id_: str) -> None:
        opportunities.edit(
            call.session, writing.locked(call.session, call.caller, Opportunity, id_), **call.body["edit"]
        )

    return writing.bulk(call.session, call.body["ids"], edit)
