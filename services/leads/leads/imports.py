"""Importing a file of leads, batch by batch: every row ends as created, updated, skipped or failed, with the reason."""

from collections import Counter
from collections.abc import Iterable
from itertools import islice
from typing import Any

from marshmallow import ValidationError
from sqlalchemy.orm import Session

from chassis import changes
from chassis.caller import Caller
from chassis.db import Database
from chassis.errors import Problem
from chassis.events import publish
from chassis.i18n import lazy as _
from leads import capture, definitions, metrics, sheets
from leads.errors import DuplicateRefused, UnreadableFile
from leads.events import ImportProgressed
from leads.models import Import, ImportRow
from leads.schemas import LeadIn

BATCH = 100
_ROW = LeadIn()
_OUTCOMES = {"created": "created", "linked": "created", "allowed": "created", "merged": "updated"}
Row = tuple[int, dict[str, Any] | None, list[str]]


def run(
    database: Database,
    *,
    caller: Caller,
    content: bytes,
    encoding: str,
    file_name: str = "",
    source: str = "import",
    policy: str | None = None,
    at_most: int,
) -> str:
    """Take in a file and return the import's id. UnreadableFile before anything is stored.

    Batches are transactions of their own, so a long file neither blocks other work nor is lost when it breaks off.
    """
    rows = list(islice(sheets.rows(sheets.decoded(content, encoding)), at_most + 1))
    if len(rows) > at_most:
        raise UnreadableFile(_("The file has more than %(n)s rows.", n=at_most))
    with database.transaction() as session:
        job = Import(file_name=file_name[:200], encoding=encoding, created_by=caller.id, owner_id=caller.id)
        job.department_id = caller.department_id
        session.add(job)
        _announce(session, job)
        job_id = job.id
    for start in range(0, len(rows), BATCH):
        with database.transaction() as session:
            _batch(session, job_id, rows[start : start + BATCH], caller=caller, source=source, policy=policy)
    with database.transaction() as session:
        job = session.get_one(Import, job_id)
        job.status = "done"
        _announce(session, job)
    return job_id


def _batch(
    session: Session, job_id: str, rows: Iterable[Row], *, caller: Caller, source: str, policy: str | None
) -> None:
    counts: Counter[str] = Counter()
    policy = policy or definitions.in_force(session).policy.for_source("import")
    for line, record, complaints in rows:
        outcome, lead_id, reason = _row(
            session, job_id, record, complaints, caller=caller, source=source, policy=policy
        )
        counts[outcome] += 1
        metrics.IMPORTED.labels(outcome).inc()
        session.add(ImportRow(import_id=job_id, line=line, outcome=outcome, lead_id=lead_id, reason=reason))
    job = session.get_one(Import, job_id)
    job.rows += counts.total()
    for outcome, count in counts.items():
        setattr(job, outcome, getattr(job, outcome) + count)
    _announce(session, job)


def _row(
    session: Session,
    job_id: str,
    record: dict[str, Any] | None,
    complaints: list[str],
    *,
    caller: Caller,
    source: str,
    policy: str | None,
) -> tuple[str, str | None, dict[str, Any]]:
    """(outcome, lead, reason) of one row; what it did is undone when it is refused."""
    if record is None:
        return "skipped", None, {"code": "empty"}
    if complaints:
        return "failed", None, {"code": "shape", "errors": {"_row": complaints}}
    try:
        values = _ROW.load({"source": source, **record})
        if "budget" in values:
            values["budget_minor"], values["budget_currency"] = values.pop("budget")
        with session.begin_nested():
            made = capture.capture(session, caller=caller, import_id=job_id, policy=policy, **values)
    except DuplicateRefused as problem:
        changes.forget(session)
        return "skipped", problem.facts["candidates"][0]["lead_id"], {"code": problem.code}
    except ValidationError as error:
        return "failed", None, {"code": "invalid", "errors": error.normalized_messages()}
    except Problem as problem:
        changes.forget(session)
        return "failed", None, {"code": problem.code, "errors": problem.errors or {"_row": [str(problem)]}}
    return _OUTCOMES[made.outcome], made.lead.id, {"outcome": made.outcome}


def _announce(session: Session, job: Import) -> None:
    session.flush()
    counts = {name: getattr(job, name) for name in ("rows", "created", "updated", "skipped", "failed")}
    publish(session, ImportProgressed(job, import_id=job.id, file_name=job.file_name, status=job.status, **counts))
