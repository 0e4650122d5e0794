"""The pages of forms: every kind of record with its fields, the designer, what does not fit, versions."""

from collections.abc import Mapping, Sequence
from typing import Any

from chassis.api import Call
from chassis.errors import Invalid, NotFound
from chassis.i18n import gettext as _
from chassis.i18n import lazy, pick
from console import fields as console_fields
from console import form_parts, own_fields
from console.definition_pages import mount as mount_definitions
from console.definitions import Body, Kind, Problem, Stored, Tried, Version, problems_of
from console.fields import Choice, Field
from console.pages import Pages
from engines import record_kit
from engines.access import right
from engines.forms import fitting, in_force, own_kinds, publishing, templates
from engines.forms.definition import FormWrong

_EMPTY: Mapping[str, Any] = {"sections": []}


def mount(pages: Pages) -> None:
    """Add /record-forms to a service's pages."""
    service = pages.service
    mount_definitions(
        pages,
        Kind(
            key="form",
            title=lazy("Forms and objects"),
            noun=lazy("Form"),
            intro=lazy(
                "Add fields to any kind of record, or make kinds of records of your own. Nothing here needs code."
            ),
            url=f"/{service}/record-forms",
            read=right("form", "read"),
            edit=right("form", "edit"),
            parts=_parts,
            listed=_listed,
            find=_find,
            versions=_versions,
            problems=_problems,
            publish=_publish,
            simulate=_fits,
            objects=_objects,
            names=lambda call, ids: {},
            blank=templates.BLANK if service in own_kinds.services() else None,
            examples=lambda call: dict(templates.SHIPPED) if service in own_kinds.services() else {},
            template="console/form_designer.html",
        ),
    )


def _kinds(call: Call) -> list[record_kit.Kept]:
    """The kinds of records whose fields can be designed here."""
    built_in = [kept for kept in record_kit.kinds_of(call.service.name) if hasattr(kept.kind.model, "custom")]
    own = [kept for key in in_force.own_keys(call.session) if (kept := record_kit.find(call.session, key)) is not None]
    return [*built_in, *own]


def _listed(call: Call) -> list[Stored]:
    forms = {form.subject_kind: form for form in publishing.listed(call.session)}
    found = []
    for kept in _kinds(call):
        form = forms.get(kept.kind.kind)
        label = dict(in_force.of(call.session, kept.kind).kind.label)
        count = sum(len(section["fields"]) for section in form.body["sections"]) if form else 0
        found.append(
            Stored(
                key=kept.kind.kind, title=label or kept.kind.kind, body=form.body if form else _EMPTY,
                revision=form.revision if form else 0, active=form.active if form else True,
                changed_at=form.updated_at if form else None, note=_("%(n)s fields of your own", n=count),
            )
        )  # fmt: skip
    return found


def _find(call: Call, key: str) -> Stored | None:
    return next((each for each in _listed(call) if each.key == key), None)


def _versions(call: Call, key: str) -> Sequence[Version]:
    form = publishing.find(call.session, key)
    rows = publishing.versions(call.session, form) if form else ()
    return [Version(revision=row.revision, body=row.body, at=row.published_at, by=row.published_by) for row in rows]


def _problems(call: Call, key: str, body: Body) -> list[Problem]:
    try:
        _whole, then, now = publishing.checked(call.session, key, body)
    except FormWrong as wrong:
        return problems_of(wrong.errors)
    except NotFound:
        return [Problem(at="", text=_("A name needs 2 to 40 small letters, digits and _, and begins with a letter."))]
    except (Invalid, TypeError, KeyError) as wrong:
        return [Problem(at="", text=str(wrong))]
    found, _seen = fitting.misfits(call.session, now, then)
    where = {spec.key: place for spec in then.specs.values() if (place := _place(body, spec.key))}
    return [
        Problem(
            at=where.get(each.spec.key, ""),
            text=_(
                "%(n)s records do not fit: %(what)s (such as %(samples)s)", n=each.count, what=str(each.what),
                samples=", ".join(f"{number}: {value}" for number, value, _id in each.samples[:3]),
            ),
            level="error" if each.grave else "warning",
        )
        for each in found
    ]  # fmt: skip


def _place(body: Body, key: str) -> str:
    for at, section in enumerate(body.get("sections") or ()):
        for number, each in enumerate(section.get("fields") or ()):
            if each.get("key") == key:
                return f"sections.{at}.fields.{number}"
    return ""


def _publish(call: Call, key: str, body: Body, title: Mapping[str, str]) -> int:
    return publishing.publish_form(call.session, key, body, caller=call.caller, title=title).revision


def _fits(call: Call, key: str, body: Body, _days: int) -> Tried:
    """What existing records would not fit, with samples."""
    _whole, then, now = publishing.checked(call.session, key, body)
    found, seen = fitting.misfits(call.session, now, then)
    kept = record_kit.find(call.session, key)
    rows, links = [], []
    for each in found:
        for number, value, id_ in each.samples:
            rows.append([number, pick(dict(each.spec.label)), value, str(each.what)])
            links.append(kept.link(id_) if kept else "")
    return Tried(
        figures=[(_("Records looked at"), seen), (_("Values that would not fit"), sum(each.count for each in found))],
        headings=(_("Record"), _("Field"), _("Value"), _("Why")), rows=rows, links=links,
    )  # fmt: skip


def _parts(call: Call) -> Any:
    key = str((call.request.view_args or {}).get("key", ""))
    kept = record_kit.find(call.session, key)
    own = kept is None or key in in_force.own_keys(call.session)
    choices = [
        Choice(value=each.kind.kind, label=dict(in_force.of(call.session, each.kind).kind.label) or each.kind.kind)
        for each in _kinds(call)
    ]
    return form_parts.parts(own=own, objects=choices)


def _objects(call: Call) -> Mapping[str, Sequence[Field]]:
    """The fields conditions are about: those of the kind, built in and of its form in force."""
    key = str((call.request.view_args or {}).get("key", ""))
    kept = record_kit.find(call.session, key)
    if kept is None:
        return {form_parts.ABOUT: []}
    return {form_parts.ABOUT: [*console_fields.of_object(kept.kind), *own_fields.listed(call, kept.kind)]}
