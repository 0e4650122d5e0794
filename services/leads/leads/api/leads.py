"""Routes of leads and the steps they can take."""

from typing import Any

from chassis.api import Api, Call
from engines import access, listing
from engines.access import right
from engines.ownership import require_person
from engines.ownership.errors import UnknownPerson
from leads import bulk, capture, conversion, merging, progress, queries, schemas, settings
from leads.errors import (
    ChooseCandidate,
    DuplicateRefused,
    MergedAway,
    MergeRefused,
    NothingToUndo,
    NotReachable,
    WrongStatus,
)
from leads.models import Lead

api = Api("leads", tag="leads")
STEP = [WrongStatus, MergedAway]


def _for_step(call: Call, lead_id: str) -> Lead:
    return queries.lead(call.session, call.caller, lead_id, "edit")


@api.post(
    "/leads", body=schemas.LeadIn, answer=schemas.CapturedOut, status=201, allow=right("lead", "create"),
    errors=[DuplicateRefused, NotReachable, UnknownPerson],
)  # fmt: skip
def create_lead(call: Call) -> Any:
    """Capture a lead: normalise, look for duplicates, score, assign, open the follow-up."""
    values = schemas.columns(call.body)
    policy = values.pop("duplicate_policy", None)
    if values.get("owner_id") and values["owner_id"] != call.caller.id:
        access.require_right(call.session, call.caller, "lead", "assign")
        require_person(call.session, values["owner_id"])
    made = capture.capture(call.session, caller=call.caller, policy=policy, **values)
    return queries.captured(call.session, call.caller, made)


@api.get("/leads", answer=schemas.LeadOut, page=queries.LEADS, query=listing.QUERY, allow=right("lead", "read"))
def list_leads(call: Call) -> Any:
    """The leads the caller may see."""
    return queries.leads(call)


@api.get("/leads/<id>", answer=schemas.LeadDetail, allow=right("lead", "read"))
def read_lead(call: Call, id: str) -> Any:
    """One lead with the explanations of its score and owner."""
    return queries.details(call.session, call.caller, queries.lead(call.session, call.caller, id))


@api.patch(
    "/leads/<id>",
    body=schemas.LeadEdit,
    answer=schemas.LeadDetail,
    allow=right("lead", "edit"),
    errors=[NotReachable, *STEP],
)
def edit_lead(call: Call, id: str) -> Any:
    """Change fields of a lead."""
    lead = progress.edit(call.session, _for_step(call, id), caller=call.caller, **schemas.columns(call.body))
    return queries.details(call.session, call.caller, lead)


@api.post("/leads/bulk", body=schemas.BulkIn, answer=schemas.BulkOut, allow=right("lead", "bulk"))
def change_leads(call: Call) -> Any:
    """Do one thing to up to 1,000 leads; each row says how it went."""
    return bulk.run(call.session, caller=call.caller, **call.body)


@api.post("/leads/<id>/qualify", answer=schemas.LeadDetail, allow=right("lead", "edit"), errors=STEP)
def qualify_lead(call: Call, id: str) -> Any:
    """Find the lead worth an opportunity."""
    return queries.details(call.session, call.caller, progress.qualify(call.session, _for_step(call, id)))


@api.post("/leads/<id>/nurture", answer=schemas.LeadDetail, allow=right("lead", "edit"), errors=STEP)
def nurture_lead(call: Call, id: str) -> Any:
    """Keep the lead warm until it is ripe."""
    return queries.details(call.session, call.caller, progress.nurture(call.session, _for_step(call, id)))


@api.post("/leads/<id>/resume", answer=schemas.LeadDetail, allow=right("lead", "edit"), errors=STEP)
def resume_lead(call: Call, id: str) -> Any:
    """Take a nurtured lead up again."""
    return queries.details(call.session, call.caller, progress.resume(call.session, _for_step(call, id)))


@api.post(
    "/leads/<id>/disqualify",
    body=schemas.DisqualifyIn,
    answer=schemas.LeadDetail,
    allow=right("lead", "edit"),
    errors=STEP,
)
def disqualify_lead(call: Call, id: str) -> Any:
    """Give the lead up, with the reason."""
    lead = progress.disqualify(call.session, _for_step(call, id), caller=call.caller, **call.body)
    return queries.details(call.session, call.caller, lead)


@api.post("/leads/<id>/reopen", answer=schemas.LeadDetail, allow=right("lead", "edit"), errors=STEP)
def reopen_lead(call: Call, id: str) -> Any:
    """Take up again a lead that was given up."""
    return queries.details(call.session, call.caller, progress.reopen(call.session, _for_step(call, id)))


@api.post(
    "/leads/<id>/convert",
    body=schemas.ConvertIn,
    answer=schemas.LeadDetail,
    status=202,
    allow=right("lead", "convert"),
    errors=[ChooseCandidate, *STEP],
)
def convert_lead(call: Call, id: str) -> Any:
    """Ask sales to make account, contact and opportunity of the lead; the answer comes by event."""
    lead = conversion.request(
        call.session, _for_step(call, id), caller=call.caller, wait_seconds=settings.of(call.settings).conversion_wait_seconds,
        **conversion.asked(call.body),
    )  # fmt: skip
    return queries.details(call.session, call.caller, lead)


@api.post(
    "/leads/<id>/activities",
    body=schemas.LeadActivityIn,
    answer=schemas.LeadActivityOut,
    status=201,
    allow=right("lead", "edit"),
    errors=STEP,
)
def log_lead_activity(call: Call, id: str) -> Any:
    """Log a call, visit, mail, meeting or note; the first one answers the first response."""
    return progress.log(call.session, _for_step(call, id), caller=call.caller, **call.body)


@api.get("/leads/<id>/activities", answer=schemas.Activities, allow=right("lead", "read"))
def list_lead_activities(call: Call, id: str) -> Any:
    """What happened with the lead, newest first."""
    return queries.activities(call.session, queries.lead(call.session, call.caller, id))


@api.post(
    "/leads/<id>/behaviours",
    body=schemas.BehavioursIn,
    answer=schemas.LeadDetail,
    allow=right("lead", "edit"),
    errors=[MergedAway],
)
def record_behaviours(call: Call, id: str) -> Any:
    """Add what the lead did and score it anew."""
    lead = progress.record_behaviours(call.session, _for_step(call, id), done=call.body["behaviours"])
    return queries.details(call.session, call.caller, lead)


@api.get("/leads/<id>/decisions", answer=schemas.Decisions, allow=right("lead", "read"))
def list_decisions(call: Call, id: str) -> Any:
    """Every automatic decision on the lead: rule, version, inputs, steps, outcome."""
    return queries.decisions(call.session, queries.lead(call.session, call.caller, id))


@api.post(
    "/leads/<id>/merge",
    body=schemas.MergeIn,
    answer=schemas.MergeOut,
    status=201,
    allow=right("lead", "merge"),
    errors=[MergeRefused, MergedAway],
)
def merge_leads(call: Call, id: str) -> Any:
    """Merge another lead into this one; nothing is lost, and it can be undone."""
    return merging.merge(call.session, _for_step(call, id), _for_step(call, call.body["lead_id"]), caller=call.caller)


@api.get("/leads/<id>/merges", answer=schemas.Merges, allow=right("lead", "read"))
def list_merges(call: Call, id: str) -> Any:
    """Merges into this lead, newest first."""
    lead = queries.lead(call.session, call.caller, id)
    return {"items": merging.merges_of(call.session, lead.id)}


@api.post(
    "/merges/<id>/undo", answer=schemas.MergeOut, allow=right("lead", "merge"), errors=[MergeRefused, NothingToUndo]
)
def undo_merge(call: Call, id: str) -> Any:
    """Take a merge apart again."""
    _for_step(call, merging.find(call.session, id).survivor_id)
    return merging.undo(call.session, id)


@api.post(
    "/duplicates/check", body=schemas.CheckIn, answer=schemas.CheckOut, allow=right("lead", "read"), session="read"
)
def check_duplicates(call: Call) -> Any:
    """Look for leads like these details; nothing is stored."""
    record, found = capture.preview(call.session, schemas.columns(call.body))
    return {"record": record, "duplicates": queries.candidates(call.session, call.caller, found)}
