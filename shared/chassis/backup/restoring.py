"""Putting a backup back: everything is checked first, the database is replaced in one step, its log begins a new epoch."""

import gzip
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import psycopg

from chassis import event_log, migration, revisions, vault
from chassis.backup import manifest
from chassis.backup.errors import BackupBroken, BackupFailed, StillInUse
from chassis.backup.making import version_of
from chassis.backup.manifest import Part
from chassis.backup.snapshots import POSTGRESQL, SQLITE, program, sqlite_path, without_password
from chassis.db import Database
from chassis.keys import create_private, private_file
from chassis.lease import Lease
from chassis.migration import package_folder
from chassis.revisions import plain
from chassis.service import Service
from chassis.settings import Settings
from chassis.suite import databases


@dataclass
class Plan:
    """One service and the set it is restored from; `warnings` are what an operator should read first."""

    service: Service
    settings: Settings
    folder: Path
    part: Part
    warnings: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Restored:
    """What a restore did: the new epoch begins after `sequence`, the last event the backup knew."""

    service: str
    folder: Path
    sequence: int
    epoch: str
    files: int
    migrated: bool


def plan(service: Service, settings: Settings, source: Path, *, with_keys: bool = False) -> Plan:
    """Find and check the newest backup of a service at `source`; BackupBroken when it is not whole or does not fit."""
    if not source.is_dir():
        raise BackupBroken(f"{source}: there is no such folder")
    folder = manifest.newest(source, service.name)
    part = manifest.read(folder).parts[service.name]
    manifest.check(folder, part)
    backend = SQLITE if settings.database.startswith("sqlite:") else POSTGRESQL
    if part.backend != backend:
        raise BackupBroken(f"{folder}: {service.name} was backed up from {part.backend} and runs on {backend} here")
    unknown = set(part.revisions) - revisions.known(package_folder(service))
    if unknown:
        raise BackupBroken(
            f"{folder}: {service.name} was of version {part.version} ({', '.join(sorted(unknown))}), which is newer than"
            f" this one ({version_of(service)}); install that version first"
        )
    if with_keys and not part.with_keys:
        raise BackupBroken(f"{folder}: it was made without --with-keys")
    missing = set(part.vault) - set(vault.key_ids(settings))
    warnings = []
    if missing and not with_keys:
        warnings.append(
            f"{service.name}: stored secrets (connectors, second factors) were encrypted with the keys"
            f" {', '.join(sorted(missing))}, which are not here; give the old {service.name} SECRET_KEY or key file"
        )
    return Plan(service, settings, folder, part, warnings)


def restore(found: Plan, *, with_keys: bool = False) -> Restored:
    """Replace the service's database and put its files back. StillInUse while its web process or worker runs.

    The database is either the old or the restored one with its new epoch, whenever this is interrupted.
    """
    with _nobody_else(found):
        files = _put_back(found, "files", found.settings.data_path)
        if with_keys:
            _put_back_keys(found)
        if found.part.backend == SQLITE:
            epoch = _replace_sqlite(found)
        else:
            epoch = _replace_postgresql(found)
        migrated = migration.upgrade(found.service, found.settings.database)
    return Restored(found.service.name, found.folder, found.part.sequence, epoch, files, migrated)


@contextmanager
def _nobody_else(found: Plan) -> Iterator[None]:
    """Hold the worker's lease, so that none starts meanwhile, after making sure that nobody is connected."""
    settings, name = found.settings, found.service.name
    if found.part.backend == SQLITE:
        sqlite_path(settings.database).parent.mkdir(parents=True, exist_ok=True)
    else:
        databases.create({name: plain(settings.database)})
    database = Database(settings.database, service=name)
    lease = Lease(database)
    try:
        if not lease.acquire():
            raise StillInUse(f"{name}: its worker runs; stop it first (./crm stop {name})")
        if found.part.backend == SQLITE:
            _refuse_users_of_file(name, sqlite_path(settings.database))
        else:
            _refuse_users_of_server(name, plain(settings.database))
        yield
    finally:
        lease.release()
        database.close()


def _refuse_users_of_file(name: str, path: Path) -> None:
    """Leaving WAL mode takes the file for oneself, and empties the log beside it."""
    if not path.exists():
        return
    try:
        with closing(sqlite3.connect(path, isolation_level=None, timeout=2)) as connection:
            connection.execute("PRAGMA journal_mode=DELETE")
    except sqlite3.OperationalError:
        raise StillInUse(f"{name}: {path} is in use; stop its web process first (./crm stop {name})") from None
    except sqlite3.DatabaseError:
        return  # damaged: the very reason to restore


def _refuse_users_of_server(name: str, url: str) -> None:
    """Only the connection that holds the lease may be there."""
    with psycopg.connect(url, autocommit=True) as connection:
        others = connection.execute(
            "SELECT count(*) FROM pg_stat_activity a WHERE datname = current_database() AND pid <> pg_backend_pid()"
            " AND backend_type = 'client backend'"
            " AND NOT EXISTS (SELECT 1 FROM pg_locks l WHERE l.pid = a.pid AND locktype = 'advisory' AND classid = 7261)"
        ).fetchone()
    if others and others[0]:
        raise StillInUse(
            f"{name}: {others[0]} connections use its database; stop its web process and whoever else reads it"
        )


def _replace_sqlite(found: Plan) -> str:
    """Prepare the file beside the live one, then take its place by one rename."""
    path = sqlite_path(found.settings.database)
    draft = path.with_name(f"{path.name}.restoring")
    try:
        manifest.copy(manifest.inside(found.folder, found.part.database), draft)
        draft.chmod(0o600)
        database = Database(f"sqlite:///{draft}", service=found.service.name)
        try:
            with database.connection(write=True) as connection:
                epoch = event_log.renew_epoch(connection)
        finally:
            database.close()
        with closing(sqlite3.connect(draft, isolation_level=None)) as connection:
            connection.execute("PRAGMA journal_mode=DELETE")
        manifest.sync(draft)
        for beside in ("-wal", "-shm"):  # of a database that was damaged or killed: never to be mixed with this one
            path.with_name(path.name + beside).unlink(missing_ok=True)
        draft.replace(path)
        manifest.sync(path.parent)
    except sqlite3.DatabaseError as problem:
        raise BackupBroken(f"{found.folder}: the copy of {found.service.name} is no database: {problem}") from None
    except OSError as problem:
        raise BackupFailed(f"{found.service.name}: could not be restored: {problem}") from None
    finally:
        for leftover in ("", "-wal", "-shm"):
            draft.with_name(draft.name + leftover).unlink(missing_ok=True)
    return epoch


_BEFORE = b"SET lock_timeout = '15s';\nSET client_min_messages = warning;\nDROP SCHEMA public CASCADE;\nCREATE SCHEMA public;\n"


def _replace_postgresql(found: Plan) -> str:
    """Drop, load and renew the epoch in one transaction of psql."""
    url, environment = without_password(plain(found.settings.database))
    command = [
        program("psql", f"{found.service.name} runs on PostgreSQL"), f"--dbname={url}", "--no-psqlrc", "--quiet",
        "--single-transaction", "--set=ON_ERROR_STOP=1", "--output=/dev/null", "--file=-",
    ]  # fmt: skip
    statements, epoch = event_log.renewal()
    with subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.PIPE, env=environment) as psql:
        assert psql.stdin is not None
        assert psql.stderr is not None
        with suppress(BrokenPipeError):  # psql has ended, and says why
            psql.stdin.write(_BEFORE)
            with gzip.open(manifest.inside(found.folder, found.part.database)) as script:
                shutil.copyfileobj(script, psql.stdin, 1 << 20)
            psql.stdin.write(statements.encode())
        with suppress(BrokenPipeError):
            psql.stdin.close()
        said = psql.stderr.read().decode(errors="replace").strip()
    if psql.returncode:
        raise BackupFailed(f"{found.service.name}: not restored, the database is as it was: {said or psql.returncode}")
    return epoch


def _put_back(found: Plan, kind: str, root: Path) -> int:
    """Copy the part's files of one kind under `root`; one that is there already with the same content stays."""
    head = f"{found.service.name}/{kind}/"
    done = 0
    for name, (_, digest) in found.part.files.items():
        if name.startswith(head):
            target = manifest.inside(root, name.removeprefix(head))
            if not target.is_file() or manifest.hash_of(target) != digest:
                manifest.copy(manifest.inside(found.folder, name), target)
                done += 1
    return done


def _put_back_keys(found: Plan) -> None:
    """Keys go where this service looks for its own, readable by us alone; one that differs is kept beside."""
    head = f"{found.service.name}/keys/"
    for name in found.part.files:
        if not name.startswith(head):
            continue
        content = manifest.inside(found.folder, name).read_bytes()
        plain_name = name.removeprefix(head)
        target = private_file(found.settings, plain_name)
        if target.exists():
            if target.read_bytes() == content:
                continue
            target.replace(target.with_name(f"{plain_name}.replaced"))
        create_private(target, content)
