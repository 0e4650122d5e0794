"""Pages of automation rules: the builder per kind of record on the definition editor, switching, and the run log."""

from collections.abc import Mapping, Sequence
from typing import Any

from flask import render_template

from chassis import directory, i18n
from chassis.api import Call
from chassis.i18n import gettext as _
from chassis.i18n import lazy
from console import explanations, fields, replies
from console.definition_pages import mount as mount_definition
from console.definitions import Body, Kind, Part, Problem, Stored, Tried, Version, problems_of
from console.fields import Choice, words
from console.pages import Pages
from engines import record_kit
from engines.access import right
from engines.objects import Label
from engines.rules import definitions, publishing, runs, simulation
from engines.rules.automated import Automated, Step
from engines.rules.errors import RuleWrong

Ready = Mapping[str, tuple[Label, Body]]
DEFAULTS: dict[str, Any] = {"place": 100, "stop": False, "hourly": 500}
READ, EDIT = right("automation_rule", "read"), right("automation_rule", "edit")


def mount(pages: Pages, kinds: Sequence[Automated], ready: Ready) -> None:
    """Add /automation to a service's pages; `ready` are rules to begin from, by key."""
    home = f"/{pages.service}/automation"
    for automated in kinds:
        mount_definition(pages, _kind(home, kinds, automated, ready))
    rules = _Runs(home, kinds)
    pages.get("/automation", allow=READ)(rules.first)
    pages.get("/automation/runs/<key>", allow=READ)(rules.log)
    pages.post("/automation/switch/<key>", allow=EDIT)(rules.switch)


def _kind(home: str, kinds: Sequence[Automated], automated: Automated, ready: Ready) -> Kind:
    url = f"{home}/{automated.name}"
    examples = {key: pair for key, pair in ready.items() if pair[1]["about"] == automated.name}
    return Kind(
        key=f"automation.{automated.name}", title=lazy("Automation rules"), noun=lazy("rule"), url=url, read=READ, edit=EDIT,
        may_simulate=right("automation_rule", "simulate"),
        intro=lazy("When something happens to a record, or a day comes, do this: at once, in order, and explained."),
        tabs=lambda call: _tabs(home, kinds, automated.name),
        parts=lambda call: _parts(call, automated),
        objects=lambda call: {automated.name: [each for each in fields.of_object(automated.kind) if each.filterable]},
        listed=lambda call: [_stored(row) for row in definitions.listed(call.session) if row.subject_kind == automated.name],
        find=lambda call, key: _found(call, automated, key),
        versions=_versions,
        problems=_problems,
        publish=_publish,
        changes=True, links=lambda key: [(_("Runs"), f"{home}/runs/{key}", "history")],
        simulate=lambda call, key, body, days: _try(call, automated, body, days),
        blank={"about": automated.name, "trigger": {"on": "event"}, "when": {"all": []}, "actions": [], **DEFAULTS},
        examples=lambda call: {key: (dict(label), {**DEFAULTS, **body}) for key, (label, body) in examples.items()},
    )  # fmt: skip


def _tabs(home: str, kinds: Sequence[Automated], here: str) -> list[tuple[Any, str, bool]]:
    return [(dict(each.kind.label), f"{home}/{each.name}", each.name == here) for each in kinds]


def _stored(row: Any) -> Stored:
    return Stored(
        key=row.key, title=row.title or "", body=row.body, revision=row.revision, active=row.active,
        changed_at=row.updated_at,
    )  # fmt: skip


def _found(call: Call, automated: Automated, key: str) -> Stored | None:
    row = definitions.row(call.session, key)
    return _stored(row) if row is not None and row.subject_kind == automated.name else None


def _versions(call: Call, key: str) -> Sequence[Version]:
    found = definitions.versions(call.session, definitions.find(call.session, key))
    return [
        Version(revision=row.revision, body=row.body, at=row.published_at, by=row.published_by or "") for row in found
    ]


def _problems(call: Call, key: str, body: Body) -> Sequence[Problem]:
    try:
        definitions.checked(call.session, body)
    except RuleWrong as wrong:
        return problems_of(wrong.errors)
    return []


def _publish(call: Call, key: str, body: Body, title: Mapping[str, str]) -> int:
    return publishing.publish_rule(call.session, caller=call.caller, key=key, body=body, title=title).revision


# ---- the builder


def _choices(labels: Mapping[str, Any]) -> tuple[Choice, ...]:
    return tuple(
        Choice(value=key, label=dict(label) if isinstance(label, Mapping) else label) for key, label in labels.items()
    )


def _parts(call: Call, automated: Automated) -> list[Part]:
    kind = automated.kind
    labels = {item.name: dict(item.label) or item.name for item in kind.fields}
    dates = {item.name: labels[item.name] for item in kind.fields if item.kind in ("date", "datetime")}
    trigger = [
        Part(name="on", label=_("It begins when"), kind="choice", required=True, choices=_choices({
            "event": _("something happens"), "change": _("a field changes"), "date": _("a day comes"),
            "schedule": _("the time has come, again and again"),
        })),
        Part(name="events", label=_("What happens"), kind="choices", choices=_choices(automated.events),
             only_if=("on", ["event"])),
        Part(name="fields", label=_("One of these fields"), kind="choices", choices=_choices(labels), only_if=("on", ["change"])),
        Part(name="field", label=_("Day or time"), kind="choice", choices=_choices(dates), only_if=("on", ["date"])),
        Part(name="days", label=_("Days after it"), kind="integer", unit=_("days"), help=_("Negative: before it"),
             only_if=("on", ["date"])),
        Part(name="yearly", label=_("Each year, as birthdays"), kind="boolean", only_if=("on", ["date"])),
        Part(name="every", label=_("Every"), kind="choice", only_if=("on", ["schedule"]),
             choices=_choices({"day": _("day"), "week": _("week"), "month": _("month")})),
        Part(name="weekday", label=_("Day of the week"), kind="integer", minimum=1, maximum=7,
             help=_("1 is Monday, 7 is Sunday"), only_if=("every", ["week"])),
        Part(name="day", label=_("Day of the month"), kind="integer", minimum=1, maximum=28, only_if=("every", ["month"])),
        Part(name="at", label=_("At"), kind="time", only_if=("on", ["date", "schedule"])),
    ]  # fmt: skip
    return [
        Part(name="trigger", label=_("Trigger"), kind="group", parts=trigger),
        Part(name="when", label=_("Only if"), kind="condition", about=automated.name),
        Part(name="actions", label=_("What it does"), kind="rows", by="do", head="do", add=_("Add an action"), required=True,
             choices=_choices(_actions(automated)), variants=_variants(call, automated), blank={"do": "notify", "to": ["owner"]}),
        Part(name="place", label=_("Order"), kind="integer", minimum=0, help=_("Rules of the same change run from the lowest")),
        Part(name="stop", label=_("No further rules after it acted"), kind="boolean"),
        Part(name="hourly", label=_("At most an hour"), kind="integer", minimum=1,
             help=_("Beyond it the rule rests until the next hour, and who published it is told")),
    ]  # fmt: skip


def _actions(automated: Automated) -> dict[str, Any]:
    common: dict[str, Any] = {
        "notify": _("Notify"), "task": _("Make a task"), "update": _("Change fields"), "tag": _("Set tags"),
        "mail": _("Send a mail"), "webhook": _("Call a webhook"),
    }  # fmt: skip
    if automated.assign is not None:
        common["assign"] = _("Give it to a person")
    return common | {f"step:{name}": dict(step.label) for name, step in automated.steps.items()}


def _variants(call: Call, automated: Automated) -> dict[str, list[Part]]:
    people = _people(call)
    customer = (Choice(value="customer", label=_("The customer")),)
    to = Part(name="to", label=_("Whom"), kind="choices", choices=people, required=True)
    title = Part(
        name="title", label=_("Title"), kind="pair", required=True, help=_("{field} is filled in, such as {name}")
    )
    text = Part(name="text", label=_("Text"), kind="pair")
    editable = {name: dict(item.label) or name for name, item in automated.editable().items()}
    made: dict[str, list[Part]] = {
        "notify": [to, title, text],
        "task": [to, title, text, Part(name="days", label=_("Due after"), kind="integer", unit=_("days"), minimum=0)],
        "update": [
            Part(name="values", label=_("Fields"), kind="map", choices=_choices(editable), parts=[Part(name="", kind="text")])
        ],
        "tag": [Part(name="add", label=_("Add"), kind="texts"), Part(name="remove", label=_("Remove"), kind="texts")],
        "mail": [
            Part(name="to", label=_("Whom"), kind="choices", choices=(*customer, *people), required=True), title,
            Part(name="text", label=_("Text"), kind="pair", required=True),
        ],
        "webhook": [Part(name="webhook", label=_("Webhook"), required=True, help=_("Its name among the connections"))],
        "assign": [to],
    }  # fmt: skip
    return made | {f"step:{name}": _step_parts(step) for name, step in automated.steps.items()}


def _step_parts(step: Step) -> list[Part]:
    if not step.values:
        return []
    inner = [
        Part(
            name=name, label=dict(label), required=name in step.required,
            kind="choice" if name in step.choices else "text", choices=_choices(step.choices.get(name, {})),
        )
        for name, label in step.values.items()
    ]  # fmt: skip
    return [Part(name="values", label=_("With"), kind="group", parts=inner)]


def _people(call: Call) -> tuple[Choice, ...]:
    known = directory.snapshot(call.session)
    named = {
        "owner": _("The owner"), "manager": _("The owner's manager"), "creator": _("Who entered it"),
        "followers": _("Its followers"), "collaborators": _("Its collaborators"),
    }  # fmt: skip
    roles = {f"role:{key}": dict(name) or key for key, name in sorted(known.role_names.items())}
    users = sorted((user.name, user.id) for user in known.users.values() if user.active)
    return (*_choices(named), *_choices(roles), *(Choice(value=f"user:{id_}", label=name) for name, id_ in users))


# ---- trying


def _try(call: Call, automated: Automated, body: Body, days: int) -> Tried:
    found = simulation.simulate(call.session, caller=call.caller, body=body, days=days)
    names = directory.names(call.session, [*found["load"], *(each["owner_id"] for each in found["items"])])
    actions = _actions(automated)
    load = [
        (names.get(person, person), ", ".join(f"{words(actions[do])}: {n}" for do, n in counts.items()))
        for person, counts in found["load"].items()
    ]
    notes = (
        [_("Records are looked at as they were then.")]
        if body.get("trigger", {}).get("on") in definitions.ON_LOG
        else []
    )
    if found["unusable"]:
        notes.append(_("Not usable are occasions about records that are gone or out of your sight."))
    if found["cut"]:
        notes.append(_("There was more than is looked at; the newest counts."))
    return Tried(
        figures=[
            (_("Occasions"), found["occasions"]),
            (_("Would act"), found["acts"]),
            (_("Not usable"), found["unusable"]),
        ],
        headings=[words(dict(automated.kind.label)), _("Owner"), _("When")],
        rows=[(each["label"], names.get(each["owner_id"] or "", "–"), each["at"]) for each in found["items"][:50]],
        links=[record_kit.link(call.session, automated.name, each["id"]) for each in found["items"][:50]],
        tables=[(_("What would come to whom"), [_("Who"), _("What")], load)] if load else [],
        note=" ".join(str(note) for note in notes),
    )


class _Runs:
    """The pages beside the builder."""

    def __init__(self, home: str, kinds: Sequence[Automated]):
        self.home, self.kinds = home, {each.name: each for each in kinds}

    def first(self, call: Call) -> Any:
        """The rules of the first kind."""
        return replies.go(f"{self.home}/{next(iter(self.kinds))}")

    def log(self, call: Call, key: str) -> Any:
        """What a rule did and why, newest first; with ?all=1 also where its condition did not hold."""
        rule = definitions.find(call.session, key)
        args = call.request.args
        found = runs.page(
            call.session, call.caller, key=key, before=args.get("before", "")[:36], all_occasions=args.get("all") == "1"
        )
        kind = self.kinds[rule.subject_kind]
        return render_template(
            "console/automation_runs.html", rule=rule, home=self.home, name=words(rule.title) or rule.key,
            all_occasions=args.get("all") == "1", more=found[-1].id if len(found) == 50 else "",
            rows=[self._row(call, kind, each) for each in found],
        )  # fmt: skip

    def switch(self, call: Call, key: str) -> Any:
        """Switch a rule on or off."""
        rule = definitions.find(call.session, key)
        publishing.switch(call.session, rule, caller=call.caller, active=call.request.form.get("active") == "1")
        return replies.go(f"{self.home}/runs/{key}", _("It is on") if rule.active else _("It is off"))

    def _row(self, call: Call, kind: Automated, decision: Any) -> Mapping[str, Any]:
        record_id = decision.subject.partition("/")[2]
        record = call.session.get(kind.kind.model, record_id)
        return {
            "at": decision.at, "result": decision.outcome["result"], "said": _RESULTS[decision.outcome["result"]],
            "label": kind.label(record) if record is not None else record_id,
            "link": record_kit.link(call.session, kind.name, record_id),
            "steps": [step.read(i18n.current()) for step in decision.steps],
            "why": explanations.shown(decision, {item.column: dict(item.label) for item in kind.kind.fields}),
        }  # fmt: skip


_RESULTS = {
    "done": (lazy("Done"), "green"),
    "not_met": (lazy("Condition did not hold"), "grey"),
    "failed": (lazy("Could not act"), "red"),
    "loop": (lazy("Stopped: a loop"), "orange"),
    "bound": (lazy("Stopped: too often"), "orange"),
}
