"""Putting a form in force: checked against what is there, versioned, its unique values claimed, its formulas worked out."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from chassis import clock
from chassis.caller import Caller
from chassis.errors import NotFound, StaleVersion
from chassis.events import publish
from chassis.i18n import lazy as _
from chassis.timers import Timers, arm
from engines import objects, record_kit
from engines.forms import fitting, in_force, own_kinds, uniqueness
from engines.forms.definition import Compiled, FormWrong, compiled, is_object_key, loaded, places
from engines.forms.events import FormPublished
from engines.forms.filling import recalculated
from engines.forms.models import Form, FormVersion
from engines.objects import ObjectType

RENEWED_AT_ONCE = 500
_FIXED = ("decimals", "currency", "result", "object")  # options that say how a value is stored
due = Timers()


def find(session: Session, kind: str) -> Form | None:
    """The form of a kind of record as published."""
    return session.scalars(select(Form).where(Form.subject_kind == kind)).first()


def listed(session: Session) -> Sequence[Form]:
    """Every form by its kind."""
    return session.scalars(select(Form).where(Form.revision > 0).order_by(Form.own, Form.subject_kind)).all()


def versions(session: Session, form: Form) -> Sequence[FormVersion]:
    """All published versions, newest first."""
    wanted = select(FormVersion).where(FormVersion.form_id == form.id)
    return session.scalars(wanted.order_by(FormVersion.revision.desc())).all()


def kind_for(session: Session, key: str, body: Mapping[str, Any]) -> ObjectType:
    """The kind of record a form is for: a built-in one, or the company's own; NotFound."""
    found = record_kit.find(session, key)
    host = own_kinds.host_of(session)
    if found is None and body.get("object") and host is not None and is_object_key(key):
        found = own_kinds.kept(host, key)
    if found is None or not hasattr(found.kind.model, "custom"):
        raise NotFound()
    return objects.every_by_kind(found.kind) or found.kind


def checked(session: Session, key: str, body: Mapping[str, Any]) -> tuple[dict[str, Any], Compiled, Compiled]:
    """The body with its defaults, the form it makes, and the one in force; FormWrong names every place."""
    whole = loaded(body)
    kind = kind_for(session, key, whole)
    own = key in in_force.own_keys(session) or record_kit.find(session, key) is None
    if own != bool(whole.get("object")):
        raise FormWrong(errors={"object": [_("Only a kind of record of your own has this part.")]})

    def look(name: str) -> ObjectType | None:
        return kind if name == key else in_force.kinds(session, name)

    made = compiled(whole, kind, kinds=look)
    now = in_force.of(session, kind)
    errors = _unlike(now, made, places(whole))
    if errors:
        raise FormWrong(errors=errors)
    return whole, made, now


def _unlike(now: Compiled, then: Compiled, where: Mapping[str, str]) -> dict[str, Any]:
    """Fields that would store their values in another way than those there are."""
    errors: dict[str, Any] = {}
    for key, spec in then.specs.items():
        before = now.specs.get(key)
        if before is None:
            continue
        if before.kind is not spec.kind:
            errors[f"{where[key]}.kind"] = [_("The kind of a published field stays; add a new field instead.")]
        elif not spec.kind.computed:
            changed = [name for name in _FIXED if before.options.get(name) != spec.options.get(name)]
            errors |= {
                f"{where[key]}.options.{name}": [_("This stays as it was published; add a new field instead.")]
                for name in changed
            }
    return errors


def publish_form(
    session: Session, key: str, body: Mapping[str, Any], *, caller: Caller, title: Mapping[str, str] | None = None,
    version: int | None = None, active: bool = True,
) -> Form:  # fmt: skip
    """Put a new version in force; FormWrong when it does not hold or existing records would break what is unique."""
    whole, made, now = checked(session, key, body)
    twins = _newly_unique(now, made)
    for misfit in fitting.misfits(session, now, made)[0] if twins else ():
        if misfit.grave:
            place = places(whole)[misfit.spec.key]
            raise FormWrong(
                errors={f"{place}.unique": [_("%(n)s records share a value with another one.", n=misfit.count)]}
            )
    found = session.scalars(select(Form).where(Form.subject_kind == key).with_for_update()).first()
    if found is None:
        found = Form(subject_kind=key, revision=0, created_by=caller.id)
        session.add(found)
    elif version is not None and version != found.version:
        raise StaleVersion()
    found.title = dict(title or found.title or {})
    found.body, found.own, found.active = whole, bool(whole.get("object")), active
    found.revision += 1
    session.flush()
    session.add(FormVersion(form_id=found.id, revision=found.revision, body=whole, published_by=caller.id))
    _settle_unique(session, now, made)
    publish(session, _published(found, made))
    in_force.forget(session)
    if made.order:
        arm(session, kind="form_renewal", key=key, due_at=clock.now(), payload={"kind": key, "after": ""})
    return found


def _published(form: Form, made: Compiled) -> FormPublished:
    fields = [{"name": each.name, "kind": each.kind.name, "label": dict(each.label)} for each in made.specs.values()]
    return FormPublished(
        form, kind=form.subject_kind, revision=form.revision, own=form.own, active=form.active,
        label=dict(made.kind.label), rights=list(made.kind.rights), fields_=fields,
    )  # fmt: skip


def _newly_unique(now: Compiled, then: Compiled) -> list[str]:
    return [key for key, spec in then.specs.items() if spec.unique and not (key in now.specs and now.specs[key].unique)]


def _settle_unique(session: Session, now: Compiled, then: Compiled) -> None:
    """Claim the values of fields that are unique from now on, and let go of those of fields that are not any more."""
    kind = then.kind.kind
    for key in _newly_unique(now, then):
        values = ((id_, custom[key]) for id_, _number, custom in fitting.rows(session, then.kind) if key in custom)
        uniqueness.claim_all(session, kind, then.specs[key], values)
    for key, spec in now.specs.items():
        if spec.unique and not (key in then.specs and then.specs[key].unique):
            uniqueness.drop(session, kind, key)


@due("form_renewal")
def renew(session: Session, timer: Any) -> None:
    """Work out the formulas of the next records of a kind; what follows from other fields is no change of its own."""
    kind = in_force.kinds(session, timer.payload["kind"])
    if kind is None:
        return
    form, model = in_force.of(session, kind), kind.model
    wanted = select(model).where(model.id > timer.payload["after"]).order_by(model.id).limit(RENEWED_AT_ONCE)
    records = session.scalars(wanted).all()
    for record in records:
        found = recalculated(session, form, record)
        if found != (record.custom or {}):
            statement = model.__table__.update().where(model.__table__.c.id == record.id)
            session.execute(statement.values(custom=found))
    if len(records) == RENEWED_AT_ONCE:
        payload = {"kind": kind.kind, "after": records[-1].id}
        arm(session, kind="form_renewal", key=kind.kind, due_at=clock.now(), payload=payload)
