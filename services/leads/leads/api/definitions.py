"""Routes of definitions: scoring models, assignment rules, duplicate policies, capture forms; each can be tried first."""

from collections.abc import Callable
from typing import Any

from marshmallow import ValidationError

from chassis.api import Api, Call
from chassis.errors import Invalid
from chassis.i18n import lazy as _
from engines.access import right
from leads import definitions, queries, schemas, simulation
from leads.errors import DefinitionWrong

api = Api("leads", tag="definitions")


def _mount(path: str, purpose: str, kind: str, noun: str) -> None:
    """The routes every purpose has: list, read, publish, versions."""

    def listed(call: Call) -> Any:
        return {"items": queries.definitions(call.session, purpose)}

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
    ("scoring-models", "scoring_model", "scoring_model", "scoring model"),
    ("assignment-rules", "assignment_rules", "assignment_rule", "rule set"),
    ("duplicate-policies", "duplicate_policy", "assignment_rule", "duplicate policy"),
    ("capture-forms", "capture_form", "capture_form", "capture form"),
):
    _mount(_path, _purpose, _kind, _noun)


@api.post(
    "/scoring-models/simulate", body=schemas.SimulateIn, answer=schemas.Simulated, allow=right("scoring_model", "simulate"),
    session="read", errors=[DefinitionWrong],
)  # fmt: skip
def simulate_scoring_model(call: Call) -> Any:
    """Score given or past records by a draft; over past ones with precision and recall per threshold."""
    return _simulate(call, simulation.scoring_model, "score")


@api.post(
    "/assignment-rules/simulate", body=schemas.SimulateIn, answer=schemas.Simulated,
    allow=right("assignment_rule", "simulate"), session="read", errors=[DefinitionWrong],
)  # fmt: skip
def simulate_assignment_rules(call: Call) -> Any:
    """Assign given or past records by a draft and show what would have changed."""
    return _simulate(call, simulation.assignment_rules, "assignment")


def _simulate(call: Call, run: Callable[..., dict[str, Any]], kind: str) -> dict[str, Any]:
    body = call.body
    if ("records" in body) == ("history" in body):
        raise Invalid(errors={"records": [_("Give either records or history.")]})
    if "records" in body:
        try:
            samples = simulation.given(body["records"])
        except (AttributeError, TypeError, ValidationError):
            raise Invalid(errors={"records": [_("A record is an object with a lead's fields.")]}) from None
    else:
        period = body["history"]
        samples = simulation.past(
            call.session, kind=kind, since=period["from"], until=period["to"], limit=body["limit"]
        )
    return run(call.session, definition=body["definition"], samples=samples)
