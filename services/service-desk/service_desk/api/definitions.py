"""Routes of queues, dispatch rules, SLA policies and calendars; policies and calendars can be tried first."""

from typing import Any

from chassis.api import Api, Call
from engines.access import require_right, right
from service_desk import definitions, schemas, simulation
from service_desk.errors import CalendarNeverOpen, DefinitionWrong

api = Api("service-desk", tag="definitions")


def _mount(path: str, purpose: str, kind: str, noun: str) -> None:
    """The routes every purpose has: list, read, publish, versions."""

    def listed(call: Call) -> Any:
        return {"items": definitions.listed(call.session, purpose)}

    def read(call: Call, key: str) -> Any:
        return definitions.find(call.session, purpose, key)

    def published(call: Call, key: str) -> Any:
        return definitions.publish_definition(
            call.session, caller=call.caller, purpose=purpose, key=key, body=call.body["definition"],
            title=call.body.get("title"), active=call.body["active"],
        )  # fmt: skip

    def versions(call: Call, key: str) -> Any:
        return {"items": definitions.versions(call.session, definitions.find(call.session, purpose, key))}

    reading, writing = right(kind, "read"), right(kind, "edit")
    for function, name, doc in (
        (listed, f"list_{purpose}s", f"All {noun}s."),
        (read, f"read_{purpose}", f"The {noun} as it is in force."),
        (published, f"publish_{purpose}", f"Put a new version of the {noun} in force."),
        (versions, f"list_{purpose}_versions", f"All published versions of the {noun}, newest first."),
    ):
        function.__name__, function.__doc__ = name, doc
    api.get(f"/{path}", answer=schemas.Definitions, allow=reading)(listed)
    api.get(f"/{path}/<key>", answer=schemas.DefinitionOut, allow=reading)(read)
    api.put(
        f"/{path}/<key>",
        body=schemas.DefinitionIn,
        answer=schemas.DefinitionOut,
        allow=writing,
        errors=[DefinitionWrong],
    )(published)
    api.get(f"/{path}/<key>/versions", answer=schemas.DefinitionVersions, allow=reading)(versions)


for _path, _purpose, _kind, _noun in (
    ("queues", "queue", "queue", "queue"),
    ("dispatch-rules", "dispatch_rules", "queue", "rule set"),
    ("sla-policies", "sla_policy", "sla_policy", "SLA policy"),
    ("calendars", "calendar", "calendar", "business calendar"),
):
    _mount(_path, _purpose, _kind, _noun)


@api.post(
    "/sla-policies/simulate", body=schemas.PolicySimulateIn, answer=schemas.SimulatedOut, session="read",
    allow=right("sla_policy", "read"), errors=[DefinitionWrong, CalendarNeverOpen],
)  # fmt: skip
def simulate_sla_policy(call: Call) -> Any:
    """Play one history through the clocks with due, used, paused and why; or a draft policy over past tickets."""
    body = call.body
    if "events" in body:
        return simulation.history(
            call.session, calendar=body["calendar"], targets=body.get("targets"), events=body["events"], at=body["at"]
        )
    require_right(call.session, call.caller, "sla_policy", "simulate")
    period = body["history"]
    return simulation.past(
        call.session, caller=call.caller, definition=body["definition"], since=period["from"], until=period["to"],
        limit=body["limit"],
    )  # fmt: skip


@api.post(
    "/calendars/evaluate", body=schemas.EvaluateIn, answer=schemas.EvaluateOut, session="read",
    allow=right("calendar", "read"), errors=[CalendarNeverOpen],
)  # fmt: skip
def evaluate_calendar(call: Call) -> Any:
    """Ask a calendar: add or subtract open time, time between, whether it is open, its segments, open days."""
    return simulation.evaluate(call.session, **call.body)
