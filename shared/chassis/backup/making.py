"""Making a set of backups: databases first, all at one moment; then the files that belong to their rows."""

import os
import shutil
import time
import tomllib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from chassis import clock, vault
from chassis.backup import manifest
from chassis.backup.errors import BackupFailed
from chassis.backup.manifest import Manifest, Part
from chassis.backup.snapshots import Snapshot, align, positions, take
from chassis.keys import private_file
from chassis.service import Service
from chassis.settings import Settings

Source = tuple[Service, Settings]
_LEFT_OVER = 86_400  # seconds after which an unfinished set belongs to nobody


def make(sources: Sequence[Source], to: Path, *, with_keys: bool = False, now: datetime | None = None) -> Path:
    """Write one set of `sources` into a new folder under `to` and return it; either the whole set, or nothing."""
    made_at = now or clock.now()
    try:
        to.mkdir(parents=True, exist_ok=True, mode=0o700)
        with _draft(to, made_at) as (draft, final), _snapshots(sources) as (snapshots, aligned):
            parts = {}
            for service, settings in sources:
                parts[service.name] = _part(snapshots[service.name], service, settings, draft, with_keys=with_keys)
            manifest.write(draft, Manifest(made_at=made_at, aligned=aligned, parts=parts))
            draft.replace(final)
            manifest.sync(to)
    except OSError as problem:
        raise BackupFailed(f"the backup could not be written: {problem}") from None
    return final


def prune(folder: Path, *, keep: int) -> list[Path]:
    """Remove the oldest sets directly under `folder` but the newest `keep`; returns what went."""
    found = sorted((made.made_at, path) for path, made in manifest.sets(folder) if path.parent == folder)
    gone = [path for _, path in found[: max(0, len(found) - max(1, keep))]]
    for path in gone:
        hidden = path.with_name(f".{path.name}.removed")
        path.replace(hidden)  # a set that is half gone must not look like one
        shutil.rmtree(hidden)
    return gone


def kept_files(service: Service, settings: Settings) -> Iterator[tuple[str, Path]]:
    """The service's files under DATA as (path below DATA, file), such as attachments."""
    for pattern in service.folders:
        root = settings.data_path / pattern.format(service=service.name)
        for file in sorted(root.rglob("*")):
            if file.is_file() and not file.name.startswith("."):
                yield file.relative_to(settings.data_path).as_posix(), file


def key_files(service: Service, settings: Settings) -> Iterator[tuple[str, Path]]:
    """The service's private key and the key of its secrets, as (name, file)."""
    for name in (f"{service.name}.pem", f"{service.name}.vault"):
        file = private_file(settings, name)
        if file.exists():
            yield name, file


def version_of(service: Service) -> str:
    """The version in the service's pyproject.toml; empty where it is not to be found."""
    from chassis.migration import package_folder

    package = package_folder(service)
    for file in (package.parent / "pyproject.toml", package / "pyproject.toml"):
        if file.exists():
            return str(tomllib.loads(file.read_text())["project"]["version"])
    return ""


def _part(snapshot: Snapshot, service: Service, settings: Settings, draft: Path, *, with_keys: bool) -> Part:
    folder = draft / service.name
    folder.mkdir()
    database = folder / snapshot.file_name
    snapshot.write(database)
    epoch = snapshot.rows("SELECT epoch FROM event_log_state")
    revisions = sorted(row[0] for row in snapshot.rows("SELECT version_num FROM alembic_version"))
    sequence, cursors = snapshot.head(), positions(snapshot)
    snapshot.close()
    files = {f"{service.name}/{snapshot.file_name}": database}
    for name, source in kept_files(service, settings):
        files[f"{service.name}/files/{name}"] = source
    if with_keys:
        for name, source in key_files(service, settings):
            files[f"{service.name}/keys/{name}"] = source
    return Part(
        service=service.name,
        version=version_of(service),
        backend=snapshot.backend,
        revisions=revisions,
        epoch=str(epoch[0][0]) if epoch else "",
        sequence=sequence,
        cursors=cursors,
        database=f"{service.name}/{snapshot.file_name}",
        files={path: _copied(source, draft / path) for path, source in files.items()},
        vault=vault.key_ids(settings),
        with_keys=with_keys,
    )


def _copied(source: Path, target: Path) -> tuple[int, str]:
    if source != target:
        manifest.copy(source, target)
    return target.stat().st_size, manifest.hash_of(target)


@contextmanager
def _draft(to: Path, made_at: datetime) -> Iterator[tuple[Path, Path]]:
    for old in to.glob(".*.partial"):
        if time.time() - old.stat().st_mtime > _LEFT_OVER:
            shutil.rmtree(old, ignore_errors=True)
    stamp = made_at.strftime("%Y-%m-%dT%H%M%SZ")
    draft = to / f".{stamp}.{os.getpid()}.partial"
    final = to / stamp
    if final.exists():
        raise BackupFailed(f"{final} exists already")
    draft.mkdir(mode=0o700)
    try:
        yield draft, final
    finally:
        shutil.rmtree(draft, ignore_errors=True)


@contextmanager
def _snapshots(sources: Sequence[Source]) -> Iterator[tuple[dict[str, Snapshot], bool]]:
    urls = {service.name: settings.database for service, settings in sources}
    held: dict[str, Snapshot] = {}
    try:
        for name, url in urls.items():
            held[name] = take(name, url)
        yield held, align(held, urls)
    finally:
        for snapshot in held.values():
            snapshot.close()
