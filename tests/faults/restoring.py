"""A backup of one service while it works, and its return from it: what it did since is gone, its epoch is new."""

from dataclasses import dataclass

from tests.faults.ledger import now
from tests.faults.stage import Stage


@dataclass(frozen=True)
class Backup:
    """Where the set lies, and when it was begun."""

    service: str
    folder: str
    at: float


def back_up(stage: Stage, service: str) -> Backup:
    """`./crm backup` while the service is written to."""
    began = now()
    said = stage.family.run("backup", service, "--to", str(stage.scratch / "backups"))
    return Backup(service, said.split()[-1], began)


def restore(stage: Stage, backup: Backup) -> None:
    """End the service, `./crm restore` it, start it again; the promises it made since are void."""
    names = [child.name for child in stage.family.of(backup.service)]
    stage.driver.pause()
    stage.family.stop(*names)
    before = {event.event_id for event in stage.books.log(backup.service)}
    stage.family.run("restore", backup.service, "--from", backup.folder)
    stage.audit.cut_off |= before - {event.event_id for event in stage.books.log(backup.service)}
    stage.ledger.take_back(backup.service, since=backup.at)
    stage.driver.drop(stage.ledger.void)
    stage.family.start(*names)
    stage.driver.going.set()
