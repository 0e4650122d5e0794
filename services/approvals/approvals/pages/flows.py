"""Flows in the definition editor: nodes, branches and who is asked, as fields and rows; the graph is on its own page."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from sqlalchemy import select

from approvals import definitions, simulation, structure
from approvals.models import Definition, Instance
from approvals.pages.edge import kind_label, pages
from approvals.people import KINDS as WHO
from approvals.shipped import SHIPPED
from approvals.subjects import KINDS, kind_of
from chassis import clock, directory
from chassis.api import Call
from chassis.i18n import gettext as _
from chassis.i18n import lazy, pick
from console import fields
from console.definition_pages import mount
from console.definitions import Body, Kind, Part, Problem, Stored, Tried, Version
from console.fields import Choice, Field
from console.pages import signed_in
from engines import access
from engines.access import right

URL, PEOPLE = "/approvals/flows", "/approvals/lookup/people"
_TRIED_AT_ONCE = 500
_WHO = {
    "users": lazy("named people"), "role": lazy("everybody with a role"), "manager": lazy("manager of who asks"),
    "owner_manager": lazy("manager of the owner"), "department_head": lazy("head of the department"),
    "initiator_choice": lazy("whom the asker chooses"), "field": lazy("the person in a field"),
}  # fmt: skip
_NODES = {
    "approve": lazy("Approval"), "handle": lazy("Step to carry out"), "cc": lazy("Copy"),
    "service": lazy("Task of a service"), "condition": lazy("Condition"), "parallel": lazy("In parallel"),
}  # fmt: skip
_MODES = {
    "any": lazy("one of them is enough"), "all": lazy("all of them"), "percent": lazy("a share of them"),
    "sequential": lazy("one after the other"),
}  # fmt: skip
assert set(_WHO) == set(WHO)


def _choices(labels: Mapping[str, Any]) -> tuple[Choice, ...]:
    return tuple(Choice(value=key, label=label) for key, label in labels.items())


def _roles(call: Call) -> tuple[Choice, ...]:
    found = directory.snapshot(call.session).role_names
    return tuple(Choice(value=key, label=dict(name) or key) for key, name in sorted(found.items()))


def _about(call: Call) -> str:
    """The kind of subject of the flow whose pages these are."""
    key = (call.request.view_args or {}).get("key", "") if call.request else ""
    found = definitions.by_key(call.session, key)
    return found.subject_kind if found else "contract"


def _subject_fields(call: Call) -> list[Field]:
    return [field for field in fields.of_object(kind_of(_about(call)).type) if field.filterable]


def _node_parts(call: Call) -> dict[str, Sequence[Part]]:
    """A node of each type, and what a sequence of them is; branches hold sequences again."""
    person = [Choice(value=field.name, label=field.label) for field in _subject_fields(call) if field.kind == "person"]
    who = [
        Part(name="kind", label=_("Who"), kind="choice", choices=_choices(_WHO), required=True),
        Part(name="users", label=_("People"), kind="people", lookup=PEOPLE, only_if=("kind", ["users"])),
        Part(name="role", label=_("Role"), kind="choice", choices=_roles(call), only_if=("kind", ["role"])),
        Part(name="level", label=_("Levels up"), kind="integer", minimum=1, maximum=10,
             only_if=("kind", ["manager", "owner_manager"])),
        Part(name="field", label=_("Field"), kind="choice", choices=person, only_if=("kind", ["field"])),
    ]  # fmt: skip
    deadline = [
        Part(name="hours", label=_("Within"), kind="number", unit=_("hours"), minimum=1),
        Part(name="remind_before", label=_("Remind before"), kind="number", unit=_("hours")),
        Part(name="then", label=_("When it passes"), kind="choice", choices=_choices({
            "remind": _("remind again"), "escalate": _("the next person up decides"), "approve": _("counts as approved"),
            "reject": _("counts as rejected")})),
        Part(name="repeat_hours", label=_("Remind every"), kind="number", unit=_("hours")),
    ]  # fmt: skip
    asked = [
        Part(name="who", label=_("Who is asked"), kind="group", parts=who, required=True),
        Part(name="mode", label=_("Of several"), kind="choice", choices=_choices(_MODES)),
        Part(name="percent", label=_("Share"), kind="integer", unit="%", minimum=1, maximum=100, only_if=("mode", ["percent"])),
        Part(name="nobody", label=_("Nobody found"), kind="choice", choices=_choices({
            "skip": _("skip the step"), "to_admin": _("an administrator decides"), "reject": _("reject")})),
        Part(name="own", label=_("It is who asks"), kind="choice", choices=_choices({
            "manager": _("the manager decides instead"), "skip": _("leave them out"), "allow": _("they may decide")})),
        Part(name="same_person", label=_("Asked before already"), kind="choice", choices=_choices({
            "once": _("is not asked again"), "each": _("is asked each time")})),
        Part(name="on_reject", label=_("When rejected"), kind="choice", choices=_choices({
            "end": _("the request is over"), "initiator": _("goes back to who asked")})),
        Part(name="deadline", label=_("Deadline"), kind="group", parts=deadline),
    ]  # fmt: skip
    branch = [
        Part(name="name", label=_("Name"), kind="pair", required=True),
        Part(name="when", label=_("When"), kind="condition", about="subject",
             help=_("The last branch may go without: otherwise. Branches in parallel have none.")),
        _steps("nodes"),
        Part(name="id", label=_("Short name"), kind="key", required=True),
    ]  # fmt: skip
    people, every = ("type", ["approve", "handle"]), ("type", ["approve", "handle", "cc"])
    return {
        "node": [
            Part(name="type", label=_("Kind of step"), kind="choice", choices=_choices(_NODES), required=True),
            Part(name="name", label=_("Name"), kind="pair", required=True),
            replace(asked[0], only_if=every),
            *(part if part.only_if else replace(part, only_if=people) for part in asked[1:]),
            Part(name="fields", label=_("Fields to fill in"), kind="texts", only_if=("type", ["handle"])),
            Part(name="event", label=_("What is asked for"), kind="text", only_if=("type", ["service"])),
            Part(name="branches", label=_("Branches"), kind="rows", shape="branch", head="name", same="id",
                 add=_("Add a branch"), blank={"nodes": []}, only_if=("type", ["condition", "parallel"]),
                 help=_("Of a condition the first that holds is taken, in parallel all are")),
            Part(name="id", label=_("Short name"), kind="key", required=True),
        ],
        "branch": branch,
    }  # fmt: skip


def _steps(name: str) -> Part:
    return Part(
        name=name, label=_("Steps"), kind="rows", shape="node", head="name", same="id", add=_("Add a step"),
        blank={"type": "approve", "who": {"kind": "manager", "level": 1}, "mode": "any"},
    )  # fmt: skip


def _parts(call: Call) -> list[Part]:
    again = {"restart": _("starts from the first step"), "resume": _("goes on where it was returned")}
    kinds = tuple(Choice(value=name, label=kind_label(name)) for name in KINDS)
    return [
        Part(name="subject_kind", label=_("About"), kind="choice", choices=kinds, required=True),
        _steps("nodes"),
        Part(name="on_resubmit", label=_("A request submitted again"), kind="choice", choices=_choices(again)),
    ]


def _stored(flow: Definition, body: Mapping[str, Any] | None, running: int) -> Stored:
    return Stored(
        key=flow.key, title=flow.title, body={"subject_kind": flow.subject_kind, **(body or {})}, revision=flow.revision,
        active=flow.active, changed_at=flow.updated_at,
        note=_("%(n)s requests running", n=running) if running else "",
    )  # fmt: skip


def _listed(call: Call) -> Sequence[Stored]:
    flows = call.session.scalars(select(Definition).order_by(Definition.key)).all()
    running = call.session.scalars(select(Instance.definition_key).where(Instance.status == "running")).all()
    return [_stored(flow, None, running.count(flow.key)) for flow in flows]


def _find(call: Call, key: str) -> Stored | None:
    flow = definitions.by_key(call.session, key)
    if flow is None:
        return None
    body = definitions.version(call.session, flow.id, flow.revision).body if flow.revision else flow.draft
    return _stored(flow, body, 0)


def _versions(call: Call, key: str) -> Sequence[Version]:
    flow = definitions.by_key(call.session, key)
    return [
        Version(
            revision=row.revision, body={"subject_kind": row.subject_kind, **row.body}, at=row.published_at,
            by=row.published_by or "",
        )
        for row in (definitions.versions(call.session, flow) if flow else [])
    ]  # fmt: skip


def _problems(call: Call, key: str, body: Body) -> Sequence[Problem]:
    """What the check of a flow says, at the places of the document."""
    if not structure.is_key(body.get("subject_kind")):
        return [Problem(at="subject_kind", text=_("Choose what the flow is about"))]
    flow = Definition(key=key, subject_kind=body["subject_kind"])
    found = definitions.check(call.session, flow, _plain(body))
    return [
        Problem(at=re.sub(r"\[(\d+)\]", r".\1", each.at), text=each.read(), level="error" if each.level == "error" else "warning")
        for each in found
    ]  # fmt: skip


def _plain(body: Body) -> dict[str, Any]:
    """The flow itself; what a step had as another kind of step is left behind."""
    made = {name: value for name, value in body.items() if name != "subject_kind"}
    return made | {"nodes": _tidied(made["nodes"])} if isinstance(made.get("nodes"), list) else made


def _tidied(nodes: Sequence[Any]) -> list[Any]:
    made = []
    for node in nodes:
        if isinstance(node, Mapping) and node.get("type") in structure.MEMBERS:
            known = structure.MEMBERS[str(node["type"])]
            node = {name: value for name, value in node.items() if name in known and value is not None}
            if isinstance(node.get("branches"), list):
                node["branches"] = [
                    {**branch, "nodes": _tidied(branch["nodes"])}
                    if isinstance(branch, Mapping) and isinstance(branch.get("nodes"), list)
                    else branch
                    for branch in node["branches"]
                ]
        made.append(node)
    return made


def _publish(call: Call, key: str, body: Body, title: Mapping[str, str]) -> int:
    access.require_right(call.session, call.caller, "approval_definition", "publish")
    flow = definitions.draft(
        call.session,
        caller=call.caller,
        key=key,
        body=_plain(body),
        title=title,
        subject_kind=str(body["subject_kind"]),
    )
    return definitions.publish_draft(call.session, flow, caller=call.caller).revision


def _try(call: Call, key: str, body: Body, days: int) -> Tried:
    """Past requests of the flow by the draft: routes, who would have had how much, what would have gone another way."""
    kind = kind_of(str(body["subject_kind"]))
    samples = simulation.past(
        call.session, kind, key, since=clock.now() - timedelta(days=days), until=None, limit=_TRIED_AT_ONCE
    )
    found = simulation.simulate(call.session, body=_plain(body), kind=kind, key=key, samples=samples)
    ids = [each["instance_id"] for each in found["changes"]]
    seen = access.readable(call.session, call.caller, Instance).where(Instance.id.in_(ids))
    titles = {row.id: row.title for row in call.session.scalars(seen)}
    names = {node["id"]: pick(node["name"]) for node in _nodes(body.get("nodes"))}
    shown = [each for each in found["changes"] if each["instance_id"] in titles]
    routes = [
        (" → ".join(pick(name) for name in each["names"]) or "–", str(each["count"]), f"{each['usual_hours']:g}")
        for each in found["routes"]
    ]
    return Tried(
        figures=[
            (_("Requests tried"), found["tried"]),
            (_("Would go another way"), found["would_change"]),
            (_("A value is missing in"), len(found["missing_in"])),
        ],
        headings=[_("Request"), _("Went"), _("Would go")],
        rows=[
            (titles[each["instance_id"]], _route(each["before"], names), _route(each["after"], names)) for each in shown
        ],
        links=[f"/approvals/instances/{each['instance_id']}" for each in shown],
        tables=[
            (_("Routes"), [_("Steps"), _("Requests"), _("Hours, by experience")], routes),
            (
                _("Who would be asked how often"), [_("Person"), _("Tasks")],
                [(each["name"], str(each["tasks"])) for each in found["load"]],
            ),
        ],
    )  # fmt: skip


def _route(nodes: Sequence[str], names: Mapping[str, str]) -> str:
    return " → ".join(names.get(node, node) for node in nodes) or "–"


def _nodes(nodes: Any) -> list[Mapping[str, Any]]:
    """Every node of a document, those in branches included."""
    found = []
    for node in nodes or ():
        found.append(node)
        for branch in node.get("branches") or ():
            found += _nodes(branch.get("nodes"))
    return found


def _examples(call: Call) -> dict[str, Any]:
    return {key: (title, {"subject_kind": kind, **body}) for key, (kind, title, body) in SHIPPED.items()}


mount(
    pages,
    Kind(
        key="approvals.flow", title=lazy("Flows"), noun=lazy("flow"), url=URL,
        intro=lazy("Who decides what, in which order. What runs stays on its version; a new one holds for what starts later."),
        read=signed_in, edit=right("approval_definition", "edit"), may_simulate=right("approval_definition", "simulate"),
        parts=_parts, shapes=_node_parts, objects=lambda call: {"subject": _subject_fields(call)},
        listed=_listed, find=_find, versions=_versions, problems=_problems, publish=_publish, simulate=_try,
        blank={"subject_kind": "contract", "nodes": [], "on_resubmit": "restart"}, examples=_examples,
        others=[(lazy("Graphs"), "/approvals/definitions", "sitemap")],
    ),
)  # fmt: skip
