"""The page of one record: head with status and actions, fields, tabs, timeline, tasks, parts served by other services."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from flask import render_template

from console.fields import Choice, Field, Words


@dataclass(frozen=True, kw_only=True)
class Action:
    """A button of the head. POST with the page's `version`; `fields` or `confirm` open a dialog first.

    `method="get"` makes it a link; `dialog=True` loads `url` into the shell's dialog. The first few are buttons, those
    with `more=True` go into the menu behind them.
    """

    label: Words
    url: str
    icon: str = ""
    method: str = "post"
    primary: bool = False
    danger: bool = False
    more: bool = False
    dialog: bool = False
    confirm: Words = ""
    fields: Sequence[Field] = ()
    values: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Section:
    """A titled group of fields, read from the record by their names."""

    title: Words
    fields: Sequence[Field]
    edit: str = ""  # address of its form
    folded: bool = False


@dataclass(frozen=True, kw_only=True)
class Fact:
    """A key figure in the strip under the head; `kind` as of fields, or `explained` with `decision`."""

    label: Words
    value: Any
    kind: str = "text"
    colour: str = ""
    hint: Words = ""
    decision: Any = None


@dataclass(frozen=True, kw_only=True)
class Fragment:
    """A part served by another service, loaded when it comes into sight; the page stands without it."""

    title: Words
    url: str
    service: str = ""
    icon: str = ""


@dataclass(frozen=True, kw_only=True)
class Tab:
    """`url` is loaded when the tab is opened, `template` is rendered with the page; `count` stands beside the label."""

    key: str
    label: Words
    url: str = ""
    template: str = ""
    count: int | None = None


@dataclass(frozen=True, kw_only=True)
class Entry:
    """Something that happened: `changes` are (label, before, after), `decision` opens its explanation."""

    at: Any
    title: Words
    who: str = ""
    icon: str = "point"
    colour: str = "blue"
    text: str = ""
    changes: Sequence[tuple[Words, Any, Any]] = ()
    link: str = ""
    decision: Any = None


@dataclass(frozen=True, kw_only=True)
class Task:
    """Something to do; `done_url` takes the POST of its tick box."""

    id: str
    title: str
    due_at: Any = None
    assignee: str = ""
    done: bool = False
    late: bool = False
    done_url: str = ""
    link: str = ""


@dataclass(frozen=True, kw_only=True)
class Step:
    """One of the stages a record goes through, shown as a path; `state` is done, now or ahead."""

    label: Words
    state: str = "ahead"
    hint: Words = ""


@dataclass(frozen=True, kw_only=True)
class Detail:
    """What a record's page consists of; `record` is any mapping or object the fields are read from."""

    title: str
    record: Any
    kicker: Words = ""
    number: str = ""
    back: tuple[str, Words] | None = None
    status: Choice | None = None
    version: int | str = ""
    warning: Words = ""
    actions: Sequence[Action] = ()
    steps: Sequence[Step] = ()
    facts: Sequence[Fact] = ()
    sections: Sequence[Section] = ()
    tabs: Sequence[Tab] = ()
    timeline: Sequence[Entry] = ()
    timeline_title: Words = ""
    timeline_more: str = ""  # address of the entries before these
    composer: Any = None  # a forms.Form above the timeline: log an activity
    tasks: Sequence[Task] | None = None
    task_form: Any = None
    side: Sequence[Fragment] = ()
    kit: Any = None  # console.record_kit.shown: timeline, tasks, tags, files and followers


def page(detail: Detail, *, template: str = "console/detail.html", **extra: Any) -> str:
    """The page. A template of the service may extend console/detail.html: blocks facts, main, after_sections, side."""
    return render_template(template, detail=detail, **extra)


def entries(timeline: Sequence[Entry], more: str = "") -> str:
    """Further entries of a timeline: the answer to `timeline_more`."""
    return render_template("console/timeline_entries.html", timeline=timeline, more=more)


def explanation(decision: Mapping[str, Any]) -> str:
    """The explanation of a stored decision as a fragment, for the shell's dialog or a tab."""
    return render_template("console/explanation.html", decision=decision)
