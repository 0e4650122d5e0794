"""The page on which a record is shared: with whom it is, until when, and the form to share it further."""

from collections.abc import Iterable
from typing import Any

from flask import render_template

from chassis import directory
from chassis.api import Call
from chassis.errors import NotFound, Problem
from chassis.i18n import lazy as _
from chassis.i18n import pick
from console import details, forms, replies
from console.fields import Choice, Field
from console.pages import Pages, signed_in
from engines import access
from engines.access import shares, sharing
from engines.objects import ObjectType
from engines.sharing_api import ShareIn

LEVELS = (Choice(value="read", label=_("may read it")), Choice(value="edit", label=_("may read and change it")))


def action(kind: ObjectType, record: Any, service: str) -> details.Action:
    """The entry in the head of a record's page that leads here."""
    url = f"/{service}/sharing/{kind.kind}/{record.id}"
    return details.Action(label=_("Share"), url=url, icon="users", method="get", more=True)


def mount(pages: Pages, kinds: Iterable[ObjectType]) -> None:
    """Add the sharing pages of these kinds to a service's pages."""
    by_kind = {kind.kind: kind for kind in kinds}

    def found(call: Call, kind: str, id: str) -> tuple[ObjectType, Any]:
        if kind not in by_kind:
            raise NotFound()
        return by_kind[kind], access.get(call.session, call.caller, by_kind[kind].model, id)

    @pages.get("/sharing/<kind>/<id>", allow=signed_in, feature=f"{pages.service}.sharing")
    def shared(call: Call, kind: str, id: str) -> Any:
        """With whom a record is shared."""
        of, record = found(call, kind, id)
        return _page(call, of, record, _form(call, of, id))

    @pages.post("/sharing/<kind>/<id>", allow=signed_in, feature=f"{pages.service}.sharing")
    def share(call: Call, kind: str, id: str) -> Any:
        """Share it with one more."""
        of, record = found(call, kind, id)
        form = _form(call, of, id)
        posted = forms.values(form, call.request.form)
        chosen, _colon, name = (posted["grantee"] or "").partition(":")
        body = {
            "subject_kind": kind,
            "subject_id": id,
            "grantee_kind": chosen,
            "grantee_id": name,
            "level": posted["level"],
        }
        errors = ShareIn().validate({key: value for key, value in (body | {"until": posted["until"]}).items() if value})
        if not errors:
            given = ShareIn().load({key: value for key, value in (body | {"until": posted["until"]}).items() if value})
            del given["subject_kind"], given["subject_id"]
            try:
                sharing.share_record(call.session, caller=call.caller, kind=of, record=record, **given)
                return replies.go(form.action, _("Shared"), accepted=form.key)
            except Problem as refused:
                errors = dict(refused.errors or {"": [str(refused.title)]})
        for name in errors.keys() & {"grantee_id", "grantee_kind"}:
            errors["grantee"] = errors.pop(name)
        return _page(call, of, record, forms.typed(form, call.request.form, errors)), 422

    @pages.post("/sharing/<kind>/<id>/<share_id>/end", allow=signed_in, feature=f"{pages.service}.sharing")
    def unshare(call: Call, kind: str, id: str, share_id: str) -> Any:
        """Take a share back."""
        of, record = found(call, kind, id)
        sharing.unshare_record(call.session, caller=call.caller, kind=of, record=record, share_id=share_id)
        return replies.go(f"/{pages.service}/sharing/{kind}/{id}", _("No longer shared"))


def _page(call: Call, kind: ObjectType, record: Any, form: forms.Form) -> str:
    found = sharing.shown(call.session, shares.of_record(call.session, kind.kind, record.id))
    return render_template(
        "console/sharing.html",
        form=form,
        record=record,
        kind=kind.label or kind.kind,
        shares=found,
        levels={level.value: level.label for level in LEVELS},
        may_share=sharing.may_share(call.session, call.caller, kind, record),
        back=call.request.path,
    )


def _form(call: Call, kind: ObjectType, id: str) -> forms.Form:
    known = directory.snapshot(call.session)
    people = sorted((user for user in known.users.values() if user.active), key=lambda user: user.name)
    offered = [Choice(value=f"user:{user.id}", label=user.name) for user in people if user.id != call.caller.id]
    homes = sorted(known.departments.values(), key=lambda home: len(home.path))
    offered += [
        Choice(value=f"department:{home.id}", label=_("Department: %(name)s", name=home.name)) for home in homes
    ]
    roles = [(key, pick(name) or key) for key, name in known.role_names.items() if key != directory.EVERYONE]
    offered += [Choice(value=f"role:{key}", label=_("Role: %(name)s", name=name)) for key, name in sorted(roles)]
    return forms.Form(
        key=f"share:{kind.kind}:{id}",
        title=_("Share"),
        action=f"/{call.service.name}/sharing/{kind.kind}/{id}",
        submit=_("Share"),
        fields=[
            Field(name="grantee", label=_("With"), kind="choice", choices=tuple(offered), required=True),
            Field(name="level", label=_("What they may do"), kind="choice", choices=LEVELS, required=True),
            Field(name="until", label=_("Until"), kind="datetime", help=_("Empty: until you take it back")),
        ],
        values={"level": "read"},
    )
