"""What a rule does to a record. Each action runs as the system, through the same use cases as by hand."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy.orm import Session

from chassis import clock, directory
from chassis.caller import SYSTEM
from chassis.events import publish
from chassis.i18n import lazy as _
from chassis.ids import uuid7
from engines import record_kit, tags, timeline
from engines.notifications import notify
from engines.rules import definitions, facts, people
from engines.rules.automated import Automated
from engines.rules.errors import CannotAct
from engines.rules.events import MailRequested, WebhookRequested

Spec = Mapping[str, Any]


@dataclass(frozen=True)
class Acting:
    """One rule acting on one record; `place` is the number of the action."""

    session: Session
    automated: Automated
    rule: definitions.Rule
    record: Any
    place: int = 0

    @property
    def subject(self) -> str:
        return f"{self.automated.name}/{self.record.id}"

    def people(self, spec: Spec) -> list[str]:
        found = people.meant(self.session, self.record, spec["to"])
        if not found:
            raise CannotAct(_("Nobody is meant by: %(who)s", who=", ".join(spec["to"])))
        return found

    def say(self, texts: Mapping[str, str] | None) -> dict[str, str]:
        return facts.filled(texts, facts.of(self.session, self.automated, self.record))


def act(acting: Acting, spec: Spec) -> dict[str, Any]:
    """Carry out one action; returns what was done, as the run log keeps it. A Problem where it cannot be."""
    return {"do": spec["do"]} | _ACTIONS[spec["do"].partition(":")[0]](acting, spec)


def _update(acting: Acting, spec: Spec) -> dict[str, Any]:
    values = definitions.written(acting.automated, spec["values"])
    acting.automated.edit(acting.session, acting.record, values)
    return {"values": {name: definitions.plain(value) for name, value in values.items()}}


def _task(acting: Acting, spec: Spec) -> dict[str, Any]:
    due_at = clock.now() + timedelta(days=spec["days"]) if spec.get("days") is not None else None
    note = acting.say(spec.get("text"))
    told = acting.people(spec)
    users = directory.snapshot(acting.session).users
    for person in told:
        timeline.create_task(
            acting.session, subject_kind=acting.automated.name, subject_id=acting.record.id, assignee_id=person,
            title=acting.say(spec["title"]), due_at=due_at, key=f"rule:{acting.rule.key}"[:60],
            note=note["zh" if users[person].locale.startswith("zh") else "en"] or None,
            link=record_kit.link(acting.session, acting.automated.name, acting.record.id),
        )  # fmt: skip
    return {"to": told, "due_at": clock.iso(due_at) if due_at else None}


def _notify(acting: Acting, spec: Spec) -> dict[str, Any]:
    told = acting.people(spec)
    notify(
        acting.session, to=told, key="automation", title=acting.say(spec["title"]), text=acting.say(spec.get("text")),
        link=record_kit.link(acting.session, acting.automated.name, acting.record.id), subject=acting.subject,
    )  # fmt: skip
    return {"to": told}


def _assign(acting: Acting, spec: Spec) -> dict[str, Any]:
    assert acting.automated.assign is not None, "checked when the rule was saved"
    owner = acting.people(spec)[0]
    acting.automated.assign(acting.session, acting.record, owner_id=owner, caller=SYSTEM)
    return {"to": [owner]}


def _tag(acting: Acting, spec: Spec) -> dict[str, Any]:
    gone = set(spec.get("remove") or ())
    wanted = [name for name in [*(acting.record.tags or ()), *(spec.get("add") or ())] if name not in gone]
    return {"tags": tags.put(acting.session, acting.record, caller=SYSTEM, names=wanted)}


def _mail(acting: Acting, spec: Spec) -> dict[str, Any]:
    found = people.addresses(acting.session, acting.automated, acting.record, spec["to"])
    if not found:
        raise CannotAct(_("There is no e-mail address for: %(who)s", who=", ".join(spec["to"])))
    subject, text = acting.say(spec["title"]), acting.say(spec["text"])
    for address in found:
        language = _language(acting.session, address)
        fact = MailRequested(
            subject=acting.subject, message_id=uuid7(), to=address, text=text[language] or " ",
            title=" ".join(subject[language].split()) or acting.automated.label(acting.record),
        )  # fmt: skip
        publish(acting.session, fact)
    return {"mails": len(found)}


def _language(session: Session, address: str) -> str:
    """A colleague reads their own language; customers the company's first, Chinese."""
    known = next((user for user in directory.snapshot(session).users.values() if user.email == address), None)
    return "en" if known is not None and not known.locale.startswith("zh") else "zh"


def _webhook(acting: Acting, spec: Spec) -> dict[str, Any]:
    request_id = uuid7()
    publish(
        acting.session,
        WebhookRequested(
            subject=acting.subject, request_id=request_id, webhook=spec["webhook"], rule=acting.rule.key,
            about=acting.subject, values=facts.values(acting.automated, acting.record),
        ),
    )  # fmt: skip
    return {"webhook": spec["webhook"], "request_id": request_id}


def _step(acting: Acting, spec: Spec) -> dict[str, Any]:
    step = acting.automated.step(spec["do"])
    assert step is not None, "checked when the rule was saved"
    data = facts.of(acting.session, acting.automated, acting.record)
    values = {
        name: facts.filled(value, data) if isinstance(value, Mapping) else value if name in step.choices
        else facts.filled({"zh": str(value)}, data)["zh"]
        for name, value in (spec.get("values") or {}).items()
        if value not in (None, "")
    }  # fmt: skip
    step.run(acting.session, acting.record, SYSTEM, values)
    return {"label": dict(step.label), "values": values}


_ACTIONS: dict[str, Callable[[Acting, Spec], dict[str, Any]]] = {
    "update": _update, "task": _task, "notify": _notify, "assign": _assign, "tag": _tag, "mail": _mail,
    "webhook": _webhook, "step": _step,
}  # fmt: skip
