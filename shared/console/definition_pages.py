"""The pages of a kind of definition: list, editor (draft, problems, trying, publishing), versions and what differs.

definition_pages.mount(pages, Kind(…)) gives a service all of them.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import Response, render_template

from chassis import directory
from chassis.api import Call
from chassis.errors import BadRequest, Forbidden, NotFound, StaleVersion
from chassis.i18n import gettext as _
from console import conditions, formats, forms, replies
from console.definition_facts import drawn, texts
from console.definitions import Allow, Draft, Drafts, Kind, Part, Problem, Stored
from console.differences import Change, Speech, differences
from console.drafts_kept import Kept
from console.fields import Choice, Field, words
from console.pages import Pages

DAYS = (30, 90, 365)
MAX_BODY = 1_000_000  # characters of a draft
_KEY = re.compile(r"[a-z0-9][a-z0-9_-]{0,59}")
_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@dataclass(frozen=True)
class Open:
    """A definition as its pages see it: what is in force, the draft, and the document that is being worked on."""

    stored: Stored
    draft: Draft | None

    @property
    def body(self) -> Mapping[str, Any]:
        return self.draft.body if self.draft else self.stored.body

    @property
    def title(self) -> Mapping[str, str]:
        given = self.draft.title if self.draft and self.draft.title else self.stored.title
        return dict(given) if isinstance(given, Mapping) else {"zh": str(given), "en": str(given)}

    @property
    def name(self) -> str:
        return words(self.title) or self.stored.key


def mount(pages: Pages, kind: Kind) -> None:
    """Add the pages of `kind`; its `url` begins with the address of `pages`."""
    routes = _Routes(kind, kind.drafts or Kept(kind.key))
    rule = kind.url.removeprefix(f"/{pages.service}")
    may_try = kind.may_simulate or kind.edit
    for method, path, view, allow, session in (
        ("GET", "", routes.every, kind.read, "read"),
        ("GET", "/new", routes.new, kind.edit, "read"),
        ("POST", "/new", routes.make, kind.edit, "write"),
        ("GET", "/<key>", routes.editor, kind.read, "read"),
        ("POST", "/<key>/draft", routes.save, kind.edit, "write"),
        ("POST", "/<key>/discard", routes.discard, kind.edit, "write"),
        ("POST", "/<key>/restore", routes.restore, kind.edit, "write"),
        ("POST", "/<key>/simulate", routes.simulate, may_try, "read"),
        ("GET", "/<key>/publish", routes.ask, kind.edit, "read"),
        ("POST", "/<key>/publish", routes.publish, kind.edit, "write"),
        ("GET", "/<key>/versions", routes.versions, kind.read, "read"),
        ("GET", "/<key>/definition.json", routes.download, kind.read, "read"),
        *([("POST", "/<key>/remove", routes.remove, kind.edit, "write")] if kind.remove else []),
    ):
        pages.route(method, rule + path, allow=allow, session=session)(_named(view, kind))


def _named(view: Any, kind: Kind) -> Any:
    """The view under a name of its kind's, since endpoints are named by functions."""

    def declared(call: Call, **values: str) -> Any:
        return view(call, **values)

    declared.__name__ = f"{re.sub(r'[^a-z0-9]+', '_', kind.key)}_{view.__name__}"
    declared.__doc__ = view.__doc__
    return declared


def _may(call: Call, allow: Allow) -> bool:
    """Whether a reader may go on to what `allow` guards; rights refuse by raising."""
    try:
        return allow(call)
    except Forbidden:
        return False


class _Routes:
    """The views of one kind."""

    def __init__(self, kind: Kind, drafts: Drafts):
        self.kind = kind
        self.drafts = drafts

    def every(self, call: Call) -> str:
        """All definitions of the kind, and drafts of new ones."""
        drafts = self.drafts.all(call)
        stored = {item.key: item for item in self.kind.listed(call)}
        rows = [Open(stored.get(key) or Stored(key=key), drafts.get(key)) for key in dict.fromkeys([*stored, *drafts])]
        return render_template(
            "console/definitions.html", kind=self.kind, rows=rows, edits=self._edits(call), call=call
        )

    def new(self, call: Call) -> Any:
        """The form for a new one: what it is called and what it begins from."""
        return forms.page(self._new_form(call))

    def make(self, call: Call) -> Any:
        """Save the draft of a new one and open it."""
        form = self._new_form(call)
        posted = forms.values(form, call.request.form)
        key, errors = str(posted["key"] or ""), {}
        if not _KEY.fullmatch(key) or key == "new":
            errors["key"] = [_("Lower-case letters, digits, - and _, at most 60.")]
        elif self.kind.find(call, key) or self.drafts.find(call, key):
            errors["key"] = [_("This name is taken.")]
        if not (posted["zh"] or posted["en"]):
            errors["zh"] = [_("Give it a title.")]
        if errors:
            return forms.page(forms.typed(form, call.request.form, errors))
        zh, en = posted["zh"] or posted["en"], posted["en"] or posted["zh"]
        body = self._beginnings(call).get(str(posted.get("like") or ""), ("", self.kind.blank or {}))[1]
        self.drafts.save(call, key, title={"zh": zh, "en": en}, body=body, version=0, based_on=0)
        return replies.go(f"{self.kind.url}/{key}", accepted=form.key)

    def editor(self, call: Call, key: str) -> str:
        """The definition with all its places, as fields and as JSON."""
        found = self._find(call, key)
        parts, speech = self._parts(call), self._speech(call, found.body, found.stored.body)
        edits = self._edits(call)
        return render_template(
            self.kind.template,
            kind=self.kind,
            open=found,
            edits=edits,
            tries=self.kind.simulate is not None and _may(call, self.kind.may_simulate or self.kind.edit),
            days=DAYS,
            facts=self._facts(found, parts, speech, edits) | self._state(call, found, parts, speech),
            versions=self.kind.versions(call, key)[:5] if found.stored.revision else [],
            called=_caller_of(call),
        )

    def save(self, call: Call, key: str) -> Any:
        """Keep what was typed; 409 with both versions when somebody else saved this draft in between."""
        found, sent = self._find(call, key), _sent(call)
        base = found.draft.based_on if found.draft else found.stored.revision
        parts = self._parts(call)
        try:
            draft = self.drafts.save(
                call, key, title=sent["title"], body=sent["body"], version=sent["version"], based_on=base
            )
        except StaleVersion:
            now = Open(found.stored, self.drafts.find(call, key))
            if now.draft and (now.draft.title, now.draft.body) == (sent["title"], sent["body"]):
                return _json_answer(self._state(call, now, parts, None))  # saved, though the answer was never heard
            return _json_answer(self._conflict(call, now, sent, parts), 409)
        return _json_answer(self._state(call, Open(found.stored, draft), parts, None))

    def discard(self, call: Call, key: str) -> Any:
        """Throw the draft away; what is in force stays."""
        found = self._find(call, key)
        self.drafts.drop(call, key)
        there = found.stored.revision > 0
        return replies.go(f"{self.kind.url}/{key}" if there else self.kind.url, _("The draft was discarded"))

    def remove(self, call: Call, key: str) -> Any:
        """Take the definition away with its draft."""
        found = self._find(call, key)
        if found.stored.revision and self.kind.remove:
            self.kind.remove(call, key)
        self.drafts.drop(call, key)
        return replies.go(self.kind.url, _("Removed"))

    def restore(self, call: Call, key: str) -> Any:
        """Make an earlier version the draft."""
        found = self._find(call, key)
        wanted = call.request.form.get("revision", "")
        body = next((item.body for item in self.kind.versions(call, key) if str(item.revision) == wanted), None)
        if body is None:
            raise NotFound()
        self.drafts.save(
            call, key, title=found.title, body=body, version=found.draft.version if found.draft else 0,
            based_on=found.stored.revision,
        )  # fmt: skip
        return replies.go(f"{self.kind.url}/{key}", _("Version %(n)s is now the draft", n=wanted))

    def simulate(self, call: Call, key: str) -> Any:
        """What the draft would have done with the records of the last days; nothing is stored."""
        found = self._find(call, key)
        problems = self._problems(call, found)
        if any(item.level == "error" for item in problems):
            return render_template("console/definition_tried.html", tried=None, problems=problems)
        asked = call.request.form.get("days", "")
        days = int(asked) if asked.isdigit() and int(asked) in DAYS else DAYS[0]
        assert self.kind.simulate is not None
        tried = self.kind.simulate(call, key, found.body, days)
        return render_template("console/definition_tried.html", tried=tried, problems=[], days=days)

    def ask(self, call: Call, key: str) -> Any:
        """What publishing would change, for the dialog that asks whether."""
        return self._ask(call, self._find(call, key))

    def publish(self, call: Call, key: str) -> Any:
        """Put the draft in force; refused when it is no longer the one that was looked at, or does not hold."""
        found = self._find(call, key)
        if found.draft is None or str(found.draft.version) != call.request.form.get("version"):
            return replies.refused(_("The draft was changed in the meantime; look at it again."))
        if any(item.level == "error" for item in self._problems(call, found)):
            return self._ask(call, found, status=422)
        revision = self.kind.publish(call, key, found.body, found.title)
        self.drafts.drop(call, key)
        return replies.go(f"{self.kind.url}/{key}", _("Version %(n)s is in force", n=revision))

    def versions(self, call: Call, key: str) -> str:
        """All published versions, and what differs between two of them or between one and the draft."""
        found, parts = self._find(call, key), self._parts(call)
        versions = list(self.kind.versions(call, key)) if found.stored.revision else []
        bodies = {str(item.revision): item.body for item in versions}
        if found.draft:
            bodies["draft"] = found.draft.body
        order = [*(["draft"] if found.draft else []), *(str(item.revision) for item in versions)]
        args = call.request.args
        after = args.get("to", "") if args.get("to") in bodies else (order[0] if order else "")
        following = order[order.index(after) + 1 :] if after else []
        before = args.get("from", "") if args.get("from") in bodies else (following[0] if following else "")
        changes: list[Change] = []
        if after:
            older, newer = bodies.get(before, {}), bodies[after]
            changes = differences(older, newer, parts, self._speech(call, older, newer))
        return render_template(
            "console/definition_versions.html", kind=self.kind, open=found, versions=versions, order=order, after=after,
            before=before, changes=changes, edits=self._edits(call), called=_caller_of(call),
        )  # fmt: skip

    def download(self, call: Call, key: str) -> Response:
        """The document as a file, to be kept or read in elsewhere."""
        found = self._find(call, key)
        answer = Response(
            json.dumps(dict(found.body), ensure_ascii=False, indent=2) + "\n", mimetype="application/json"
        )
        answer.headers["Content-Disposition"] = f'attachment; filename="{key}.json"'
        return answer

    # ---- parts of the views

    def _edits(self, call: Call) -> bool:
        return _may(call, self.kind.edit)

    def _find(self, call: Call, key: str) -> Open:
        stored, draft = self.kind.find(call, key), self.drafts.find(call, key)
        if stored is None and (draft is None or not self._edits(call)):
            raise NotFound()
        return Open(stored or Stored(key=key), draft if self._edits(call) else None)

    def _parts(self, call: Call) -> list[Part]:
        return list(self.kind.parts(call))

    def _speech(self, call: Call, *bodies: Any) -> Speech:
        ids = {found for body in bodies for found in _ids(body)}
        known = directory.snapshot(call.session)
        names = {id_: known.users[id_].name for id_ in ids if id_ in known.users}
        names |= {id_: known.departments[id_].name for id_ in ids if id_ in known.departments}
        names |= self.kind.names(call, ids)
        return Speech(names=names, objects=self.kind.objects(call), shapes=self.kind.shapes(call))

    def _problems(self, call: Call, found: Open) -> list[Problem]:
        return list(self.kind.problems(call, found.stored.key, found.body))

    def _state(self, call: Call, found: Open, parts: list[Part], speech: Speech | None) -> dict[str, Any]:
        """What the editor shows about the draft as it stands."""
        draft = found.draft
        changes: list[Change] = []
        if draft and found.stored.revision:
            speech = speech or self._speech(call, found.body, found.stored.body)
            changes = differences(found.stored.body, draft.body, parts, speech)
        return {
            "version": draft.version if draft else 0,
            "has_draft": draft is not None,
            "saved": formats.time(draft.saved_at) if draft else "",
            "saved_by": _caller_of(call)(draft.saved_by) if draft else "",
            "problems": [
                {"at": item.at, "text": words(item.text), "level": item.level} for item in self._problems(call, found)
            ],
            "changes": [_told(change) for change in changes],
            "based_on": draft.based_on if draft else found.stored.revision,
            "revision": found.stored.revision,
        }

    def _facts(self, found: Open, parts: list[Part], speech: Speech, edits: bool) -> dict[str, Any]:
        """What the editor in the browser works from."""
        return {
            "key": f"definition:{self.kind.key}:{found.stored.key}",
            "url": f"{self.kind.url}/{found.stored.key}",
            "edits": edits,
            "title": found.title,
            "body": found.body,
            "parts": [drawn(part) for part in parts],
            "shapes": {name: [drawn(part) for part in inner] for name, inner in speech.shapes.items()},
            "objects": {
                name: _every_record(conditions.builder(fields, names=speech.names, changes=self.kind.changes))
                for name, fields in speech.objects.items()
            },
            "names": dict(speech.names),
            "texts": texts(),
        }

    def _conflict(self, call: Call, now: Open, sent: dict[str, Any], parts: list[Part]) -> dict[str, Any]:
        """Both versions, and per place what differs, for the dialog that asks which stays."""
        theirs = {"title": now.title, "body": now.body}
        speech = self._speech(call, now.body, sent["body"])
        changes = differences(now.body, sent["body"], parts, speech)
        return {
            "theirs": theirs,
            "version": now.draft.version if now.draft else 0,
            "by": _caller_of(call)(now.draft.saved_by) if now.draft else "",
            "at": formats.time(now.draft.saved_at) if now.draft else "",
            "changes": [_told(change) for change in changes],
            "labels": {part.name: words(part.label) for part in parts},
        }

    def _ask(self, call: Call, found: Open, *, status: int = 200) -> Any:
        parts = self._parts(call)
        problems = self._problems(call, found)
        state = self._state(call, found, parts, None)
        return replies.dialog(
            "console/definition_publish.html", status=status, kind=self.kind, open=found, changes=state["changes"],
            problems=problems, broken=any(item.level == "error" for item in problems),
        )  # fmt: skip

    def _beginnings(self, call: Call) -> dict[str, tuple[Any, Mapping[str, Any]]]:
        """What a new one may begin from: the examples, and those that are there."""
        found = dict(self.kind.examples(call))
        return found | {f"like:{item.key}": (item.title or item.key, item.body) for item in self.kind.listed(call)}

    def _new_form(self, call: Call) -> forms.Form:
        if self.kind.blank is None:
            raise NotFound()
        offers = [Choice(value=name, label=label) for name, (label, _body) in self._beginnings(call).items()]
        fields = [
            Field(name="zh", label=_("Title (Chinese)"), max_length=80),
            Field(name="en", label=_("Title (English)"), max_length=80),
            Field(name="key", label=_("Short name"), required=True, max_length=60,
                  help=_("Lower-case letters, digits, - and _; it never changes.")),
        ]  # fmt: skip
        if offers:
            fields.append(Field(name="like", label=_("Begin with"), kind="choice", choices=offers))
        return forms.Form(
            key=f"definition:{self.kind.key}:new",
            title=_("New: %(noun)s", noun=words(self.kind.noun)),
            action=f"{self.kind.url}/new",
            cancel=self.kind.url,
            submit=_("Begin the draft"),
            fields=fields,
        )


def _every_record(facts: dict[str, Any]) -> dict[str, Any]:
    """In a definition a condition without parts holds for every record; nothing is being shown."""
    return facts | {"texts": facts["texts"] | {"nothing": _("No conditions yet: it holds for every record.")}}


def _sent(call: Call) -> dict[str, Any]:
    """The draft as the editor sends it. BadRequest for anything else."""
    text = call.request.form.get("document", "")
    try:
        document: Any = json.loads(text) if len(text) <= MAX_BODY else None
        title, body = document["title"], document["body"]
        version = int(call.request.form.get("version", "0"))
    except (ValueError, TypeError, KeyError):
        raise BadRequest() from None
    if not isinstance(title, dict) or not isinstance(body, dict):
        raise BadRequest()
    return {
        "title": {lang: str(title.get(lang) or "")[:200] for lang in ("zh", "en")},
        "body": body,
        "version": version,
    }


def _json_answer(document: dict[str, Any], status: int = 200) -> Response:
    return Response(json.dumps(document, ensure_ascii=False, default=str), status=status, mimetype="application/json")


def _ids(value: Any) -> set[str]:
    """Every id in a document, as a value or as a key."""
    if isinstance(value, str):
        return {value} if _ID.fullmatch(value) else set()
    if isinstance(value, Mapping):
        return {found for pair in value.items() for one in pair for found in _ids(one)}
    return {found for one in value for found in _ids(one)} if isinstance(value, list | tuple) else set()


def _caller_of(call: Call) -> Any:
    """Names of people by id; anything else stays as it is."""
    users = directory.snapshot(call.session).users
    return lambda id_: users[id_].name if id_ in users else ("" if id_ in ("", "system") else id_)


def _told(change: Change) -> dict[str, str]:
    return {"place": change.place, "how": change.how, "before": change.before, "after": change.after, "at": change.at}
