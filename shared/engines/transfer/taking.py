"""One batch of rows through the use cases: each ends as created, updated, skipped or failed, and the ledger says why."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from marshmallow import ValidationError
from sqlalchemy import insert
from sqlalchemy.orm import Session

from chassis import changes
from chassis.caller import Caller
from chassis.db import is_transient
from chassis.errors import Forbidden, NotFound
from chassis.i18n import gettext as _
from chassis.problems import as_problem
from engines import access
from engines.transfer import bodies, keys, metrics
from engines.transfer.declaring import CREATED, FAILED, SKIPPED, UPDATED, Took, Transferable
from engines.transfer.errors import RowRefused
from engines.transfer.models import ImportRow
from engines.transfer.references import Resolver
from engines.transfer.rows import Given, Group, Layout, told


@dataclass
class Settled:
    """What became of one group of rows."""

    group: Group
    outcome: str = ""
    record_id: str | None = None
    version: int | None = None
    reason: dict[str, Any] | None = None
    before: dict[str, Any] | None = None


@dataclass
class Batch:
    """Some groups of one import on their way through, in one transaction."""

    session: Session
    caller: Caller
    kind: Transferable
    layout: Layout
    import_id: str
    settled: list[Settled] = field(default_factory=list)
    resolver: Resolver = field(init=False)

    def __post_init__(self) -> None:
        self.resolver = Resolver(self.session, self.caller, self.kind)
        self.plan = self.layout.plan
        self.own_kind = [name for name, item in self.kind.references.items() if item.kind.model is self.kind.model]
        self.may_create = access.has_right(self.session, self.caller, self.kind.name, "create")

    def take(self, groups: Sequence[Group]) -> Counter[str]:
        """Settle the groups, in order; returns how many rows ended how."""
        given = {id(group): self._texts(group) for group in groups}
        readable = [each for each in given.values() if each is not None and any(each.texts.values())]
        self.resolver.learn(self.layout.wanted(readable, groups, self.resolver))
        hits: dict[str, list[str]] = {}
        if self.plan.mode != "create":
            texts = [each.key for each in readable if each.key]
            hits = keys.found(self.session, self.caller, self.import_id, self.kind, self.plan.key, texts)
        new: list[tuple[Settled, Given, dict[str, Any]]] = []
        for group in groups:
            here = given[id(group)]
            if here is None:
                continue  # refused already
            settled = Settled(group)
            self.settled.append(settled)
            self._one(settled, here, hits, new)
        self._create_pending(new, hits)
        self.session.flush()
        counts: Counter[str] = Counter()
        for each in self.settled:
            counts[each.outcome] += len(each.group.rows)
        return counts

    def _texts(self, group: Group) -> Given | None:
        try:
            return self.layout.texts(group)
        except RowRefused as refused:
            settled = Settled(group)
            self._fail(settled, refused.code, refused.errors)
            self.settled.append(settled)
            return None

    def _one(
        self,
        settled: Settled,
        given: Given,
        hits: dict[str, list[str]],
        new: list[tuple[Settled, Given, dict[str, Any]]],
    ) -> None:
        if not any(cell.strip() for _number, cells in settled.group.rows for cell in cells):
            settled.outcome, settled.reason = SKIPPED, {"code": "empty"}
            return
        try:
            if new and any(given.texts.get(name) for name in self.own_kind):
                self._create_pending(new, hits)  # the row may name one that a row above makes
            self.layout.read(given, settled.group, self.resolver)
            found = self._record_of(given, hits, new)
            if found is not None:
                self._update(settled, given, found)
            else:
                if given.unknown:
                    raise RowRefused("invalid", {name: [text] for name, text in given.unknown.items()})
                body = given.body | self.layout.defaults(given, self.resolver)
                if not self.may_create:
                    raise Forbidden(_("Your role does not allow to create this."))
                access.check_edit(self.session, self.caller, self.kind.name, body)
                assert self.kind.taken is not None
                new.append((settled, given, self.kind.taken.load(body)))
        except Exception as error:
            self._refuse(settled, error)

    def _record_of(
        self, given: Given, hits: dict[str, list[str]], new: list[tuple[Settled, Given, dict[str, Any]]]
    ) -> str | None:
        """The record a row is about; None for a new one. Rows above that are to make it are made first."""
        if self.plan.mode == "create":
            return None
        if not given.key:
            if self.plan.mode == "upsert" and self.plan.key in ("id", "number"):
                return None
            raise RowRefused("no_key", {self.plan.key: [_("The row does not say which record it is about.")]})
        if any(waiting.key == given.key for _settled, waiting, _body in new):
            self._create_pending(new, hits)
        ids = keys.ids_of(hits, given.key)
        if len(ids) > 1:
            raise RowRefused("several", {self.plan.key: [_("%(n)s records have this key.", n=len(ids))]})
        if ids:
            return ids[0]
        if self.plan.mode == "update" or self.plan.key in ("id", "number"):
            raise RowRefused("unknown", {self.plan.key: [_("No record has this key, or you may not see it.")]})
        return None

    def _update(self, settled: Settled, given: Given, record_id: str) -> None:
        settled.record_id = record_id
        with self.session.begin_nested():
            record = access.get(self.session, self.caller, self.kind.model, record_id, lock=True)
            if (
                getattr(record, "pool", None) and record.owner_id is None
            ):  # it may keep back what "unchanged" would tell
                access.require(self.session, self.caller, record, "edit")
            changed, before = bodies.differences(self.session, self.layout, self.kind, record, given)
            external = {name: text for name, text in given.external.items() if record.external_ids.get(name) != text}
            if not changed and not external:
                settled.outcome, settled.version = SKIPPED, record.version
                settled.reason = {"code": "unchanged"}
                return
            access.require(self.session, self.caller, record, "edit")
            access.check_edit(self.session, self.caller, self.kind.name, changed)
            if self.kind.edit is None or self.kind.edited is None:
                raise Forbidden(_("Records of this kind are not changed by files."))
            loaded = self.kind.edited.load(changed, partial=True)
            version = record.version
            if external:
                before["external_ids"] = dict(record.external_ids)
                record.external_ids = record.external_ids | external
            changed_parts = self.kind.edit(self.session, self.caller, record, loaded) is True
            self.session.flush()
            is_changed = changed_parts or record.version != version
            settled.version, settled.before = record.version, before if is_changed else None
            settled.outcome = UPDATED if is_changed else SKIPPED
            settled.reason = None if is_changed else {"code": "unchanged"}

    def _create_pending(self, new: list[tuple[Settled, Given, dict[str, Any]]], hits: dict[str, list[str]]) -> None:
        """Make the new records of rows above."""
        waiting, new[:] = list(new), []
        if not waiting:
            return
        options = dict(self.plan.options) | {"import_id": self.import_id}
        if (
            self.kind.create_many is not None
            and len(waiting) > 1
            and not any(given.external for _s, given, _b in waiting)
        ):
            made: Sequence[Took | Exception] = self.kind.create_many(
                self.session, self.caller, [body for _settled, _given, body in waiting], options
            )
        else:
            made = [self._created(given, body, options) for _settled, given, body in waiting]
        for (settled, given, _body), took in zip(waiting, made, strict=True):
            if isinstance(took, Exception):
                self._refuse(settled, took)
                continue
            settled.outcome, settled.record_id, settled.version = took.outcome, took.record.id, took.record.version
            settled.reason = {"code": took.code} if took.code else None
            if self.plan.mode != "create" and given.key and took.outcome == CREATED:
                hits.setdefault(given.key, []).append(took.record.id)
                if not keys.is_direct(self.kind, self.plan.key):
                    keys.add(self.session, self.import_id, given.key, took.record.id)

    def _created(self, given: Given, body: dict[str, Any], options: Mapping[str, Any]) -> Took | Exception:
        assert self.kind.create is not None
        try:
            with self.session.begin_nested():
                took = self.kind.create(self.session, self.caller, body, options)
                if given.external and took.outcome == CREATED:
                    bodies.note_external(self.session, self.kind, self.caller, took.record, given.external)
                self.session.flush()
                return took
        except Exception as error:
            self._forget(error)
            return error

    def _forget(self, error: Exception) -> None:
        """What the refused row did is undone; what the database could not do right now is no refusal."""
        if is_transient(error):
            raise error
        changes.forget(self.session)
        self.session.expire_all()

    def _refuse(self, settled: Settled, error: Exception) -> None:
        if isinstance(error, RowRefused):
            self._fail(settled, error.code, error.errors)
            return
        self._forget(error)
        if isinstance(error, ValidationError):
            self._fail(settled, "invalid", dict(error.normalized_messages()))
            return
        problem = as_problem(error)
        if isinstance(error, self.kind.refused):
            settled.outcome = SKIPPED
            settled.reason = {"code": problem.code, "errors": {"": [str(problem)]}, "facts": dict(problem.facts)}
            return
        if isinstance(problem, NotFound):
            self._fail(settled, "unknown", {"": [_("No record has this key, or you may not see it.")]})
            return
        self._fail(settled, problem.code, problem.errors or {"": [str(problem)]})

    def _fail(self, settled: Settled, code: str, errors: Mapping[str, Any]) -> None:
        settled.outcome = FAILED
        settled.record_id = settled.version = settled.before = None
        settled.reason = {"code": code, "errors": told(self.layout.columns, errors)}

    def write_down(self) -> None:
        """The ledger of the batch, a row for each row of the file."""
        rows = []
        for each in self.settled:
            metrics.ROWS.labels(self.kind.name, each.outcome).inc(len(each.group.rows))
            for place, (line, _cells) in enumerate(each.group.rows):
                first = place == 0
                rows.append({
                    "import_id": self.import_id, "line": line, "outcome": each.outcome, "kind": self.kind.name,
                    "record_id": each.record_id if first else None, "version": each.version if first else None,
                    "reason": each.reason, "before": each.before if first else None, "undo": "", "kept_because": None,
                })  # fmt: skip
        if rows:
            self.session.connection().execute(insert(ImportRow), rows)
