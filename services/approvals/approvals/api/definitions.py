"""Flows: /approvals/api/v1/definitions; drafts are checked, tried and published here."""

from typing import Any

from sqlalchemy import select

from approvals import definitions, schemas, simulation, structure
from approvals.api.allowed import anybody
from approvals.errors import DefinitionWrong
from approvals.models import Definition
from approvals.subjects import kind_of
from chassis.api import Api, Call
from chassis.errors import Invalid
from chassis.i18n import gettext as _
from engines import access
from engines.access import right

api = Api("approvals", tag="Definitions")
EDIT = right("approval_definition", "edit")
TRY = right("approval_definition", "simulate")


@api.get("/definitions", answer=schemas.Definitions, allow=anybody)
def list_definitions(call: Call) -> Any:
    """All flows."""
    return {"items": list(call.session.scalars(select(Definition).order_by(Definition.key)))}


@api.get("/definitions/<key>", answer=schemas.DefinitionFull, allow=anybody)
def read_definition(call: Call, key: str) -> Any:
    """A flow as it is in force, and its draft."""
    return _full(call, definitions.find(call.session, key))


@api.put(
    "/definitions/<key>", body=schemas.DraftIn, answer=schemas.DefinitionFull, allow=EDIT, errors=[DefinitionWrong]
)
def draft_definition(call: Call, key: str) -> Any:
    """Save the draft of a flow; a new key makes a new flow. Nothing runs on it before it is published."""
    made = definitions.draft(
        call.session, caller=call.caller, key=key, body=call.body["definition"], title=call.body.get("title"),
        subject_kind=call.body.get("subject_kind", ""),
    )  # fmt: skip
    return _full(call, made)


@api.post("/definitions/<key>/check", body=schemas.CheckIn, answer=schemas.Checked, allow=EDIT, session="read")
def check_definition(call: Call, key: str) -> Any:
    """What is wrong with the draft (or the given definition), with a case that shows it."""
    flow = definitions.find(call.session, key)
    found = definitions.check(call.session, flow, _body(call, flow))
    return {
        "publishable": not any(finding.level == "error" for finding in found),
        "findings": [finding.document() for finding in found],
    }


@api.post(
    "/definitions/<key>/publish", body=schemas.Nothing, answer=schemas.DefinitionFull,
    allow=right("approval_definition", "publish"), errors=[DefinitionWrong],
)  # fmt: skip
def publish_definition(call: Call, key: str) -> Any:
    """Put the draft in force for what starts from now on; what runs stays on its version."""
    flow = definitions.find(call.session, key, lock=True)
    return _full(call, definitions.publish_draft(call.session, flow, caller=call.caller))


@api.get("/definitions/<key>/versions", answer=schemas.Versions, allow=anybody)
def list_versions(call: Call, key: str) -> Any:
    """All published versions, newest first."""
    return {"items": definitions.versions(call.session, definitions.find(call.session, key))}


@api.post(
    "/definitions/<key>/preview", body=schemas.PreviewIn, answer=schemas.PreviewOut, allow=anybody, session="read",
    errors=[DefinitionWrong],
)  # fmt: skip
def preview_definition(call: Call, key: str) -> Any:
    """The route one request would take now, the people and why; in somebody else's name for those who may simulate."""
    flow = definitions.find(call.session, key)
    initiator = call.body["requested_by"] or call.caller.id
    if call.body["definition"] is not None or initiator != call.caller.id:
        TRY(call)
    return simulation.preview(
        call.session, body=_runnable(_body(call, flow, drafts=False)), kind=kind_of(flow.subject_kind), key=flow.key,
        snapshot=call.body["snapshot"], initiator=initiator,
    )  # fmt: skip


@api.post(
    "/definitions/<key>/simulate", body=schemas.SimulateIn, answer=schemas.SimulateOut, allow=TRY, session="read",
    errors=[DefinitionWrong],
)  # fmt: skip
def simulate_definition(call: Call, key: str) -> Any:
    """Routes, load per person and changes of the draft (or the given definition) over past or given requests."""
    if ("records" in call.body) == ("history" in call.body):
        raise Invalid(errors={"records": [_("Give either records or history.")]})
    flow = definitions.find(call.session, key)
    kind = kind_of(flow.subject_kind)
    if "records" in call.body:
        samples = simulation.given(kind, call.body["records"], initiator=call.caller.id)
    else:
        period = call.body["history"]
        samples = simulation.past(
            call.session, kind, flow.key, since=period["from"], until=period["to"],
            limit=min(call.body["limit"], call.settings.simulation_subjects),  # type: ignore[attr-defined]
        )  # fmt: skip
    return simulation.simulate(
        call.session, body=_runnable(_body(call, flow)), kind=kind, key=flow.key, samples=samples
    )


def _body(call: Call, flow: Definition, *, drafts: bool = True) -> Any:
    """The definition given, else the draft, else the one in force."""
    if call.body["definition"] is not None:
        return call.body["definition"]
    if (drafts or not flow.revision) and flow.draft is not None:
        return flow.draft
    return definitions.version(call.session, flow.id, flow.revision).body


def _runnable(body: Any) -> Any:
    errors = structure.check(body)
    if errors:
        raise DefinitionWrong(errors=errors)
    return body


def _may_edit(call: Call) -> bool:
    """A draft is its editors' business until it is published."""
    return access.has_right(call.session, call.caller, "approval_definition", "edit")


def _full(call: Call, flow: Definition) -> dict[str, Any]:
    names = schemas.DefinitionOut().fields
    body = definitions.version(call.session, flow.id, flow.revision).body if flow.revision else None
    return {name: getattr(flow, name) for name in names} | {
        "definition": body,
        "draft": flow.draft if _may_edit(call) else None,
    }
