"""The worker's loop that takes files in batch by batch, the cursor in each one's transaction: it may die anywhere."""

import logging
import time
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from itertools import chain, islice
from pathlib import Path
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from chassis import changes, clock, i18n
from chassis.causation import Cause, because
from chassis.db import Database, is_transient
from chassis.errors import Problem
from chassis.events import publish
from chassis.i18n import both
from chassis.problems import as_problem
from chassis.service import Runtime
from chassis.settings import Settings
from engines.conditions.context import company_zone
from engines.notifications import notify
from engines.transfer import columns, intake, keys, plans, reading, undoing
from engines.transfer.declaring import CREATED, of
from engines.transfer.models import Import
from engines.transfer.rows import Group, Layout
from engines.transfer.taking import Batch

log = logging.getLogger(__name__)
BATCH = 500
BATCH_SECONDS = 0.5  # on SQLite everybody else waits for the one who writes
FIRST = 20
IDLE_SECONDS = 0.5
KEEP_FILE_DAYS = 30


class _DryRun(Exception):
    """Carries nothing out of a transaction but that it is to be forgotten."""


def keep_taking(
    open_settings: Callable[[Runtime], Settings] = lambda runtime: runtime.settings,
) -> Callable[[Runtime], None]:
    """The worker's loop: imports one after the other, in the order they were started."""

    def loop(runtime: Runtime) -> None:
        seen = 0
        swept = 0.0
        settings = open_settings(runtime)
        while not runtime.stopping.is_set():
            if not step(runtime.database, settings, stopping=runtime.stopping.is_set):
                seen = runtime.nudged.wait(seen, IDLE_SECONDS)
            if time.monotonic() - swept > 3600:
                swept = time.monotonic()
                forget_files(runtime.database)

    return loop


def step(database: Database, settings: Settings, *, stopping: Callable[[], bool] = lambda: False) -> bool:
    """Work on the import that waits longest until it is through; False when none waits."""
    with database.reading() as session:
        wanted = select(Import.id, Import.status).where(
            Import.status.in_(("queued", "running", "undo_queued", "undoing"))
        )
        row = session.execute(wanted.order_by(Import.started_at, Import.id).limit(1)).first()
    if row is None:
        return False
    try:
        with because(Cause(origin=f"import {row.id}")):
            if row.status in ("undo_queued", "undoing"):
                undoing.run(database, row.id, stopping=stopping)
            else:
                run(database, settings, row.id, stopping=stopping)
    except Exception as error:
        if is_transient(error):
            raise
        log.warning("an import broke off", extra={"import_id": row.id}, exc_info=error)
        _end(database, row.id, "failed", problem=as_problem(error))
    return True


def run(
    database: Database, settings: Settings, import_id: str, *, stopping: Callable[[], bool] = lambda: False
) -> None:
    """Take a file in from where it stands; returns when it is through, or `stopping`."""
    with database.reading() as session:
        job = session.get_one(Import, import_id)
        caller = intake.caller_of(session, job.caller)
        plan, kind = plans.of_document(job.plan), of(database.service, job.kind)
        with i18n.speaking(caller.locale):
            used = plans.check(session, caller, kind, plan)
            known = columns.of(session, caller, kind)
        cursor, began, dry_run = job.cursor, job.total is not None, job.dry_run
    defaults = [column for name in plan.defaults if (column := columns.find(known, name)) is not None]
    layout = Layout(plan, used, defaults, plan.dialect.zone or company_zone())
    with intake.source(database, settings, import_id) as path:
        if not began:
            _begin(database, import_id, kind, plan, path)
        groups = layout.groups(reading.rows(path, plan.dialect, after=cursor))
        size = FIRST
        while not stopping():
            batch = list(islice(groups, size))
            if not batch:
                _end(database, import_id, "done")
                return
            started = time.monotonic()
            with because(Cause(actor=caller.id, origin=f"import {import_id}")), i18n.speaking(caller.locale):
                goes_on = _batch(database, import_id, kind, layout, batch, dry_run=dry_run)
            if not goes_on:
                _end(database, import_id, "stopped")
                return
            size = _next_size(len(batch), time.monotonic() - started)


def _begin(database: Database, import_id: str, kind: Any, plan: plans.Plan, path: Path) -> None:
    """Read the file through once, so that what cannot be read is known before anything is stored; collect the keys."""
    total = reading.count(path, plan.dialect)
    with database.transaction() as session:
        if plan.mode != "create":
            keys.collect(session, import_id, kind, plan.key)
        session.execute(update(Import).where(Import.id == import_id).values(total=total, status="running"))


def _next_size(size: int, seconds: float) -> int:
    """As many as fit the time a batch may take, at most BATCH."""
    fitting = int(size * BATCH_SECONDS / max(seconds, 0.001))
    return max(1, min(BATCH, fitting, size * 5))


def _batch(
    database: Database, import_id: str, kind: Any, layout: Layout, groups: list[Group], *, dry_run: bool
) -> bool:
    """Settle some groups in one transaction, cursor included; False when the import is to stop."""
    with database.transaction() as session:
        job = session.get_one(Import, import_id, with_for_update=True)
        if job.stop:
            return False
        batch = Batch(session, intake.caller_of(session, job.caller), kind, layout, import_id)
        counts = _tried(batch, groups) if dry_run else batch.take(groups)
        batch.write_down()
        values: dict[str, Any] = {name: getattr(Import, name) + count for name, count in counts.items()}
        values["rows"] = Import.rows + counts.total()
        values["cursor"] = groups[-1].rows[-1][0]
        values["version"] = Import.version + 1
        session.execute(update(Import).where(Import.id == import_id).values(values))
    return True


def _tried(batch: Batch, groups: list[Group]) -> Counter[str]:
    """What would become of the groups; nothing of it stays."""
    try:
        with batch.session.begin_nested():
            counts = batch.take(groups)
            raise _DryRun
    except _DryRun:
        changes.forget(batch.session)
        batch.session.expire_all()
        for each in batch.settled:
            each.record_id = each.record_id if each.outcome != CREATED else None
            each.before = None
        return counts


def _end(database: Database, import_id: str, status: str, *, problem: Problem | None = None) -> None:
    with database.transaction() as session:
        job = session.get_one(Import, import_id, with_for_update=True)
        job.status, job.finished_at, job.version = status, clock.now(), job.version + 1
        job.total = job.rows if status == "done" else job.total
        if problem is not None:
            job.problem = _said(problem)
        keys.forget(session, import_id)
        publish(session, intake.progressed(job))
        _tell(session, job)


def _said(problem: Problem) -> dict[str, str]:
    """A problem in both languages; its own words come in the one it was raised in."""
    parts = [str(text) for text in chain.from_iterable(_flat(each) for each in (problem.errors or {}).values())]
    return {language: " ".join([str(problem), *parts]) for language in ("zh", "en")}


def _flat(found: Any) -> list[Any]:
    if isinstance(found, dict):
        return [text for part in found.values() for text in _flat(part)]
    return list(found) if isinstance(found, list | tuple) else [found]


def _tell(session: Session, job: Import) -> None:
    if job.caller.get("kind") != "user":
        return
    title = both("The import of %(name)s has ended", name=job.file_name or job.kind)
    text = both(
        "%(rows)s rows: %(created)s created, %(updated)s updated, %(skipped)s skipped, %(failed)s failed.",
        rows=job.rows, created=job.created, updated=job.updated, skipped=job.skipped, failed=job.failed,
    )  # fmt: skip
    link = f"/{session.info['database'].service}/imports/{job.id}"
    notify(
        session, to=[job.caller["id"]], key="import_finished", title=title, text=text, link=link,
        subject=f"import/{job.id}",
    )  # fmt: skip


def forget_files(database: Database) -> None:
    """Files of imports that ended long ago are no longer kept."""
    with database.transaction() as session:
        old = select(Import).where(
            Import.created_at < clock.now() - timedelta(days=KEEP_FILE_DAYS),
            Import.status.not_in(("queued", "running", "undo_queued", "undoing")),
        )
        for job in session.scalars(old.limit(1000)):
            intake.remove_file(session, job)
