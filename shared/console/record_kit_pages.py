"""The addresses behind the record kit on pages, the same in every service; also a plain page for kinds without their own."""

from collections.abc import Mapping
from typing import Any

from flask import Response, render_template, request
from marshmallow import Schema, ValidationError

from chassis import directory
from chassis.api import Call
from chassis.errors import Invalid, NotFound
from chassis.i18n import gettext as _
from chassis.i18n import pick
from console import details, fields, form_pages, forms, own_pages, record_kit, replies
from console.fields import Field
from console.pages import Pages, signed_in
from engines import access, comments, followers, history, money, tags, timeline
from engines import record_kit as kit
from engines.attachments import keeping, serving
from engines.attachments.models import Attachment
from engines.comments import Comment
from engines.timeline import Activity, Task
from engines.timeline_api.activities import ActivityEdit
from engines.timeline_api.tasks import TaskEdit

FOUND_AT_ONCE = 12


def pages(service: str) -> Pages:
    """The blueprint of a service."""
    made = Pages(service, name="record_kit", module="console", template_folder=None)
    _mount_reading(made)
    own_pages.mount_fields(made)
    form_pages.mount(made)
    _mount_comments(made)
    _mount_following(made)
    _mount_activities(made)
    _mount_tasks(made)
    _mount_files(made)
    _mount_tags(made)
    return made


def _mount_reading(pages: Pages) -> None:
    @pages.get("/records/<kind>/<id>", allow=signed_in, feature=f"{pages.service}.records")
    def record_page(call: Call, kind: str, id: str) -> Any:
        """A record whose kind has no page of its own: its fields and its kit."""
        kept, record = _record(call, kind, id)
        return details.page(_plain(call, kept, record))

    @pages.get("/fragments/records/<kind>/<id>/timeline", allow=signed_in)
    def timeline_part(call: Call, kind: str, id: str) -> Any:
        """The timeline from a cursor on, or filtered anew from the top."""
        kept, _found = _record(call, kind, id)
        asked = frozenset(request.args.get("kinds", "").split(",")) & frozenset(history.KINDS)
        cursor = request.args.get("cursor", "")
        lines, more = record_kit.more_lines(call, kept, id, cursor=cursor, kinds=asked or frozenset(history.KINDS))
        return render_template("console/kit/lines.html", lines=lines, more=more, bare=bool(cursor))

    @pages.get("/records/lookup/people", allow=signed_in, feature=f"{pages.service}.records")
    def people(call: Call) -> Any:
        """Colleagues to choose from: by name or e-mail."""
        wanted = request.args.get("q", "").strip().casefold()
        known = directory.snapshot(call.session)
        found = [
            person
            for person in known.users.values()
            if person.active and (wanted in person.name.casefold() or person.email.casefold().startswith(wanted))
        ]
        return {"items": [_choice(person, known) for person in sorted(found, key=_by_name)[:FOUND_AT_ONCE]]}


def _by_name(person: directory.Person) -> tuple[str, str]:
    return person.name, person.id


def _choice(person: directory.Person, known: directory.Snapshot) -> dict[str, Any]:
    """A colleague for a search box; `several` where others bear the same name."""
    department = known.departments.get(person.department_id or "")
    namesakes = sum(other.active and other.name == person.name for other in known.users.values())
    return {
        "value": person.id, "label": person.name, "hint": department.name if department else person.email,
        "email": person.email, "several": namesakes > 1,
    }  # fmt: skip


def _mount_comments(pages: Pages) -> None:
    @pages.post("/records/<kind>/<id>/comments", allow=signed_in, feature=f"{pages.service}.comments")
    def comment(call: Call, kind: str, id: str) -> Any:
        """Take in a comment, and say who was not told."""
        kept, _found = _record(call, kind, id)
        made = comments.add(call.session, caller=call.caller, subject_kind=kind, subject_id=id, text=_text())
        accepted = f"comment:/{pages.service}/records/{kind}/{id}"
        return replies.go(kept.link(id), _posted(call, made), accepted=accepted)

    @pages.get("/records/comments/<id>/edit", allow=signed_in, feature=f"{pages.service}.comments")
    def comment_editor(call: Call, id: str) -> Any:
        """The form of a comment of one's own."""
        return forms.dialog(_comment_editor(_comment(call, id), pages.service))

    @pages.post("/records/comments/<id>/edit", allow=signed_in, feature=f"{pages.service}.comments")
    def edit_comment(call: Call, id: str) -> Any:
        """Change a comment of one's own."""
        found = _comment(call, id)
        form = _comment_editor(found, pages.service)
        try:
            comments.edit(call.session, found, caller=call.caller, text=_text())
        except Invalid as problem:
            return forms.dialog(forms.typed(form, request.form, problem.errors or {}))
        link = kit.link(call.session, found.subject_kind, found.subject_id)
        return replies.go(link, _posted(call, found), accepted=form.key)

    @pages.post("/records/comments/<id>/remove", allow=signed_in, feature=f"{pages.service}.comments")
    def remove_comment(call: Call, id: str) -> Any:
        """Take a comment away."""
        comments.remove(call.session, _comment(call, id), caller=call.caller)
        return replies.done(_("Removed"), refresh="page")


def _mount_following(pages: Pages) -> None:
    @pages.post("/records/<kind>/<id>/follow", allow=signed_in, feature=f"{pages.service}.followers")
    def follow(call: Call, kind: str, id: str) -> Any:
        """Follow a record, or leave it."""
        kept, _found = _record(call, kind, id)
        if request.form.get("leave"):
            followers.unfollow(call.session, kind, id, call.caller.id)
            return replies.go(kept.link(id), _("You no longer follow this"))
        followers.follow(call.session, kind, id, call.caller.id)
        return replies.go(kept.link(id), _("You will hear of changes"))


def _mount_activities(pages: Pages) -> None:
    @pages.post("/records/<kind>/<id>/activities", allow=signed_in, feature=f"{pages.service}.activities")
    def log_activity(call: Call, kind: str, id: str) -> Any:
        """Take in the composer."""
        kept, record = _record(call, kind, id, "write")
        form = record_kit.activity_form(f"/{pages.service}/records/{kind}/{id}", pages.service)
        posted = forms.values(form, request.form)
        next_step, next_at = posted.pop("next_step") or "", posted.pop("next_at")
        body = _loaded(ActivityEdit(), _given(posted)) | _loaded(
            TaskEdit(only=("due_at",)), _given({"due_at": next_at})
        )
        if not body.get("text", "").strip():
            raise Invalid(errors={"text": [_("Write what happened")]})
        activity = timeline.log_activity(
            call.session, caller=call.caller, subject_kind=kind, subject_id=id, next_step=next_step,
            next_at=body.pop("due_at", None), **body,
        )  # fmt: skip
        if kept.after_activity is not None:
            kept.after_activity(call.session, call.caller, record, activity)
        return replies.go(kept.link(id), _("Logged"), accepted=form.key)

    @pages.get("/records/activities/<id>/edit", allow=signed_in, feature=f"{pages.service}.activities")
    def activity_editor(call: Call, id: str) -> Any:
        """The form of an activity of one's own."""
        return forms.dialog(_activity_editor(_activity(call, id), pages.service))

    @pages.post("/records/activities/<id>/edit", allow=signed_in, feature=f"{pages.service}.activities")
    def edit_activity(call: Call, id: str) -> Any:
        """Correct an activity of one's own."""
        found = _activity(call, id)
        form = _activity_editor(found, pages.service)
        try:
            posted = forms.values(form, request.form)
            body = _loaded(ActivityEdit(), _given(posted, kept=("duration_minutes",)))
            timeline.edit_activity(call.session, found, caller=call.caller, **body)
        except Invalid as problem:
            return forms.dialog(forms.typed(form, request.form, problem.errors or {}))
        return replies.go(kit.link(call.session, found.subject_kind, found.subject_id), _("Saved"), accepted=form.key)

    @pages.post("/records/activities/<id>/remove", allow=signed_in, feature=f"{pages.service}.activities")
    def remove_activity(call: Call, id: str) -> Any:
        """Take an activity away."""
        timeline.remove_activity(call.session, _activity(call, id), caller=call.caller)
        return replies.done(_("Removed"), refresh="page")


def _mount_tasks(pages: Pages) -> None:
    @pages.post("/records/<kind>/<id>/tasks", allow=signed_in, feature=f"{pages.service}.tasks")
    def add_task(call: Call, kind: str, id: str) -> Any:
        """Plan a task."""
        kept, _found = _record(call, kind, id, "write")
        form = record_kit.task_form(f"/{pages.service}/records/{kind}/{id}", call)
        body = _loaded(TaskEdit(), _given(forms.values(form, request.form)))
        if not body.get("title"):
            raise Invalid(errors={"title": [_("Say what is to be done")]})
        assignee = body.pop("assignee_id", None) or call.caller.id
        timeline.assign_task(
            call.session, caller=call.caller, assignee_id=assignee, subject_kind=kind, subject_id=id,
            link=kept.link(id), **body,
        )  # fmt: skip
        return replies.go(kept.link(id), _("Task added"), accepted=form.key)

    @pages.post("/records/tasks/<id>/done", allow=signed_in, feature=f"{pages.service}.tasks")
    def task_done(call: Call, id: str) -> Any:
        """Tick a task: its assignee may, and whoever may write to the record."""
        timeline.complete_task(call.session, _task(call, id), by=call.caller.id)
        return replies.done(_("Done"), refresh="page")

    @pages.get("/records/tasks/<id>/edit", allow=signed_in, feature=f"{pages.service}.tasks")
    def task_editor(call: Call, id: str) -> Any:
        """The form of an open task."""
        return forms.dialog(_task_editor(call, _task(call, id), pages.service))

    @pages.post("/records/tasks/<id>/edit", allow=signed_in, feature=f"{pages.service}.tasks")
    def edit_task(call: Call, id: str) -> Any:
        """Change or take back an open task."""
        task = _task(call, id)
        form = _task_editor(call, task, pages.service)
        link = task.link or kit.link(call.session, task.subject_kind, task.subject_id)
        try:
            posted = forms.values(form, request.form)
            if posted.pop("cancelled"):
                timeline.cancel_task(call.session, task, by=call.caller.id)
                return replies.go(link, _("Task cancelled"), accepted=form.key)
            body = _loaded(TaskEdit(), _given(posted, kept=("due_at", "remind_at", "note")))
            timeline.edit_task(call.session, task, caller=call.caller, **body)
        except Invalid as problem:
            return forms.dialog(forms.typed(form, request.form, problem.errors or {}))
        return replies.go(link, _("Saved"), accepted=form.key)


def _mount_files(pages: Pages) -> None:
    @pages.post("/records/<kind>/<id>/attachments", allow=signed_in, session="none", feature=f"{pages.service}.files")
    def upload(call: Call, kind: str, id: str) -> Any:
        """Attach the files chosen, one after the other; the first that is refused ends it."""
        sent = [file for file in request.files.getlist("file") if file.filename]
        if not sent:
            return replies.refused(_("Choose a file."), status=422)
        for file in sent:
            serving.take_in(call, kind, id, file)
        with call.database.reading() as session:
            link = kit.of(session, kind).link(id)
        return replies.go(link, _("File attached"))

    @pages.get("/records/attachments/<id>", allow=signed_in, session="none", feature=f"{pages.service}.files")
    def download(call: Call, id: str) -> Response:
        """A file's content; pictures may be shown in the page."""
        return serving.content(call, id, inline=request.args.get("inline") == "1")

    @pages.post("/records/attachments/<id>/remove", allow=signed_in, feature=f"{pages.service}.files")
    def remove_file(call: Call, id: str) -> Any:
        """Take a file off its record."""
        found = kit.part(call.session, call.caller, Attachment, id, "write")
        keeping.remove(call.session, found, caller=call.caller)
        return replies.done(_("Removed"), refresh="page")


def _mount_tags(pages: Pages) -> None:
    @pages.post("/records/<kind>/<id>/tags", allow=signed_in, feature=f"{pages.service}.tags")
    def tag_record(call: Call, kind: str, id: str) -> Any:
        """Set a record's tags."""
        kept = kit.of(call.session, kind)
        record = kept.record(call.session, call.caller, id, "write", lock=True)
        wanted = forms.values(forms.Form(key="", title="", action="", fields=[TAGS_FIELD]), request.form)["tags"]
        access.check_edit(call.session, call.caller, kind, {"tags": wanted})
        tags.put(call.session, record, caller=call.caller, names=wanted or ())
        return replies.go(kept.link(id), _("Tags saved"))

    @pages.get("/tags", allow=signed_in)
    def tag_list(call: Call) -> Any:
        """The tags of each kind, to rename, colour, archive, merge and remove."""
        manageable = [item for item in kit.kinds_of(pages.service) if tags.may_manage(call.session, call.caller, item)]
        chosen = next((item for item in manageable if item.kind.kind == request.args.get("kind")), None)
        chosen = chosen or (manageable[0] if manageable else None)
        if chosen is None:
            raise NotFound()
        return render_template(
            "console/kit/tags.html", kinds=manageable, chosen=chosen, colours=tags.COLOURS, service=pages.service,
            tags=tags.listed(call.session, chosen.kind.kind, archived=True),
        )  # fmt: skip

    @pages.post("/tags/<kind>", allow=signed_in)
    def add_tag(call: Call, kind: str) -> Any:
        """Add a tag to the list of a kind."""
        tags.require_manager(call.session, call.caller, kit.of(call.session, kind))
        tags.define(
            call.session, kind=kind, name=request.form.get("name", ""), colour=request.form.get("colour", ""),
            by=call.caller.id,
        )  # fmt: skip
        return replies.go(f"/{pages.service}/tags?kind={kind}", _("Tag added"))

    @pages.post("/tags/<kind>/<id>", allow=signed_in)
    def change_tag(call: Call, kind: str, id: str) -> Any:
        """Rename, colour, archive or remove a tag."""
        tags.require_manager(call.session, call.caller, kit.of(call.session, kind))
        tag = tags.get(call.session, kind, id)
        if request.form.get("do") == "remove":
            tags.remove(call.session, tag)
        else:
            tags.change(
                call.session, tag, name=request.form.get("name") or None, colour=request.form.get("colour", ""),
                archived=request.form.get("do") == "archive",
            )  # fmt: skip
        return replies.go(f"/{pages.service}/tags?kind={kind}", _("Saved; records follow in a moment"))


TAGS_FIELD = Field(name="tags", label="", kind="texts")


def _record(call: Call, kind: str, record_id: str, action: str = "read") -> tuple[kit.Kept, Any]:
    if kit.find(call.session, kind) is None:
        raise NotFound()
    kept = kit.of(call.session, kind)
    return kept, kept.record(call.session, call.caller, record_id, action)


def _activity(call: Call, id_: str) -> Activity:
    return kit.part(call.session, call.caller, Activity, id_, "write")


def _comment(call: Call, id_: str) -> Comment:
    return kit.part(call.session, call.caller, Comment, id_)


def _task(call: Call, id_: str) -> Task:
    task = call.session.get(Task, id_, with_for_update=True)
    if task is None:
        raise NotFound()
    if task.assignee_id != call.caller.id:
        _record(call, task.subject_kind, task.subject_id, "write")
    return task


def _text() -> str:
    text = request.form.get("text", "").strip()
    if not text or len(text) > 20_000:
        raise Invalid(errors={"text": [_("Write 1 to %(n)s characters.", n=20_000)]})
    return text


def _posted(call: Call, comment: Comment) -> str:
    if not comment.unseen:
        return _("Posted")
    names = directory.names(call.session, comment.unseen)
    told = ", ".join(names.get(person, person) for person in comment.unseen)
    return _("Posted. Not told, because they may not see this record: %(names)s", names=told)


def _given(posted: Mapping[str, Any], *, kept: tuple[str, ...] = ()) -> dict[str, Any]:
    """What was typed, as the API's schemas take it; empty ones left out but for those that may be emptied."""
    given = {name: value for name, value in posted.items() if value not in (None, "") or name in kept}
    if "participants" in given:
        given["participants"] = [{"name": name} for name in given["participants"]]
    return given


def _loaded(schema: Schema, given: Mapping[str, Any]) -> dict[str, Any]:
    try:
        return dict(schema.load(given))
    except ValidationError as error:
        raise Invalid(errors=dict(error.normalized_messages())) from None


def _comment_editor(comment: Comment, service: str) -> forms.Form:
    return forms.Form(
        key=f"comment:{comment.id}", title=_("Edit the comment"), action=f"/{service}/records/comments/{comment.id}/edit",
        fields=record_kit.comment_fields(), values={"text": comment.text},
    )  # fmt: skip


def _activity_editor(activity: Activity, service: str) -> forms.Form:
    names = [item["name"] for item in activity.participants or ()]
    values = {name: getattr(activity, name) for name in ("kind", "at", "duration_minutes", "text")}
    return forms.Form(
        key=f"activity:{activity.id}", title=_("Edit the activity"),
        action=f"/{service}/records/activities/{activity.id}/edit",
        fields=record_kit.activity_fields(service, next_step=False), values=values | {"participants": names},
    )  # fmt: skip


def _task_editor(call: Call, task: Task, service: str) -> forms.Form:
    people = directory.names(call.session, [task.assignee_id])
    values = {name: getattr(task, name) for name in ("due_at", "remind_at", "note")}
    assignee = {"id": task.assignee_id, "name": people.get(task.assignee_id or "", "")} if task.assignee_id else None
    return forms.Form(
        key=f"task:{task.id}", title=_("Edit the task"), action=f"/{service}/records/tasks/{task.id}/edit",
        fields=[*record_kit.task_fields(service), Field(name="cancelled", label=_("No longer needed"), kind="boolean")],
        values=values | {"title": pick(task.title), "assignee_id": assignee},
    )  # fmt: skip


def _plain(call: Call, kept: kit.Kept, record: Any) -> details.Detail:
    """The page of a kind without one of its own."""
    seen = access.visible(call.session, call.caller, kept.kind).by_name
    # ids of other records tell a person nothing
    names = [
        name for name, item in kept.kind.by_name.items()
        if name in seen and item.kind != "id" and name not in ("tags", "number")
    ]  # fmt: skip
    people = directory.names(
        call.session,
        [getattr(record, item.column) for item in kept.kind.fields if item.kind == "person" and item.name in seen],
    )
    values = {name: _value(kept.kind.by_name[name], record, people) for name in names}
    label = pick(dict(kept.kind.label))
    title = kit.title(record) if {"name", "title"} & seen.keys() else ""
    return details.Detail(
        title=title or record.number or label,
        number=record.number or "",
        kicker=label,
        record=values,
        version=record.version,
        sections=[details.Section(title=label, fields=fields.of_object(kept.kind, *names))],
        kit=record_kit.shown(call, kept.kind, record),
    )


def _value(item: Any, record: Any, people: Mapping[str, str]) -> Any:
    value = getattr(record, item.column, None)
    if item.json_key is not None:
        value = (value or {}).get(item.json_key)
    if item.kind == "person":
        return people.get(value or "", "")
    if item.kind == "money" and isinstance(value, int):
        currency = getattr(record, item.currency_column, None) if item.currency_column else item.currency
        return money.outside(value, currency or money.base_currency())
    return value
