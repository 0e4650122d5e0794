"""A backup of one service while it works, and its return from it: what it did since is gone, its epoch is new."""

import shutil
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from chassis import event_log
from tests.faults.ledger import now
from tests.faults.stage import Stage


@dataclass(frozen=True)
class Backup:
    """Where it lies, and when it was begun."""

    service: str
    place: str
    at: float


def back_up(stage: Stage, service: str) -> Backup:
    """A consistent copy of a service's database, taken while it is written to."""
    began, number = now(), len(list(stage.scratch.glob("backup-*")))
    mark = stage.scratch / f"backup-{number}"
    if stage.postgresql is not None:
        mark.touch()
        stage.postgresql.copy(_database(stage, service), f"backup_{number}")
        return Backup(service, f"backup_{number}", began)
    with closing(sqlite3.connect(_file(stage, service))) as source, closing(sqlite3.connect(mark)) as target:
        source.backup(target)
    return Backup(service, str(mark), began)


def restore(stage: Stage, backup: Backup) -> None:
    """End the service, put the backup in place, renew its epoch, start it again; the promises it broke are void."""
    names = [child.name for child in stage.family.of(backup.service)]
    stage.driver.pause()
    stage.family.stop(*names)
    before = {event.event_id for event in stage.books.log(backup.service)}
    if stage.postgresql is not None:
        database = _database(stage, backup.service)
        stage.postgresql.execute(f'DROP DATABASE "{database}" WITH (FORCE)')
        stage.postgresql.execute(f'ALTER DATABASE "{backup.place}" RENAME TO "{database}"')
    else:
        file = _file(stage, backup.service)
        for rest in ("-wal", "-shm"):
            Path(f"{file}{rest}").unlink(missing_ok=True)
        shutil.copyfile(backup.place, file)
    with stage.books.writing(backup.service) as connection:
        event_log.renew_epoch(connection)
    stage.audit.cut_off |= before - {event.event_id for event in stage.books.log(backup.service)}
    stage.ledger.take_back(backup.service, since=backup.at)
    stage.driver.drop(stage.ledger.void)
    stage.family.start(*names)
    stage.driver.going.set()


def _file(stage: Stage, service: str) -> Path:
    return stage.family.folder.path / f"{service}.db"


def _database(stage: Stage, service: str) -> str:
    return stage.family.urls[service].rpartition("/")[2]
