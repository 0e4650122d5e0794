"""A set of backups on disk: a folder with one folder per service and a manifest of every file's hash, written last."""

import hashlib
import os
import shutil
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Any

import orjson

from chassis import clock
from chassis.backup.errors import BackupBroken

FORMAT = 1
NAME = "manifest.json"
_BLOCK = 1 << 20


@dataclass(frozen=True, kw_only=True)
class Part:
    """One service in a set: where its log stood, and its files with size and SHA-256 (paths within the set)."""

    service: str
    version: str
    backend: str  # sqlite | postgresql
    revisions: list[str]
    epoch: str
    sequence: int
    cursors: dict[str, int]  # source → the furthest position any handler group had reached
    database: str
    files: dict[str, tuple[int, str]]
    vault: list[str]  # ids of the keys that its secrets are encrypted with
    with_keys: bool = False


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """What a set holds; `aligned` says that no service in it has seen an event which its source lacks in it."""

    made_at: datetime
    aligned: bool
    parts: dict[str, Part] = field(default_factory=dict)


def write(folder: Path, manifest: Manifest) -> None:
    """Write the manifest with a hash over itself, and make all of it last."""
    body = {
        "format": FORMAT,
        "made_at": clock.iso(manifest.made_at),
        "aligned": manifest.aligned,
        "services": {name: asdict(part) for name, part in sorted(manifest.parts.items())},
    }
    sealed = body | {"sha256": _own_hash(body)}
    with (folder / NAME).open("wb") as file:
        file.write(orjson.dumps(sealed, option=orjson.OPT_INDENT_2))
        file.flush()
        os.fsync(file.fileno())
    sync(folder)


def read(folder: Path) -> Manifest:
    """The manifest of a set; BackupBroken when it is missing, changed or of another format."""
    try:
        body = orjson.loads((folder / NAME).read_bytes())
        claimed = body.pop("sha256")
        if body["format"] != FORMAT:
            raise BackupBroken(f"{folder}: a backup of format {body['format']}, this version reads {FORMAT}")
        if claimed != _own_hash(body):
            raise BackupBroken(f"{folder}: its manifest was changed")
        parts = {
            name: Part(**(values | {"files": {path: tuple(facts) for path, facts in values["files"].items()}}))
            for name, values in body["services"].items()
        }
        return Manifest(made_at=clock.parse(body["made_at"]), aligned=body["aligned"], parts=parts)
    except FileNotFoundError:
        raise BackupBroken(f"{folder}: no backup, it has no {NAME}") from None
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as problem:
        raise BackupBroken(f"{folder}: its manifest can't be read ({type(problem).__name__})") from None


def check(folder: Path, part: Part) -> None:
    """BackupBroken unless every file of the part is there with the size and hash it had."""
    for path, (size, digest) in part.files.items():
        file = inside(folder, path)
        if not file.is_file() or file.stat().st_size != size:
            raise BackupBroken(f"{folder}: {path} is missing or cut off")
        if hash_of(file) != digest:
            raise BackupBroken(f"{folder}: {path} was changed or is damaged")


def inside(folder: Path, path: str) -> Path:
    """`path` within `folder`; BackupBroken when it leads out of it."""
    pure = PurePosixPath(path)
    if pure.is_absolute() or ".." in pure.parts:
        raise BackupBroken(f"{folder}: {path!r} is no path of a backup")
    return folder.joinpath(*pure.parts)


def newest(folder: Path, service: str) -> Path:
    """The set to restore `service` from: `folder` itself, or the newest complete set in it that holds the service."""
    found = sorted(
        (made, path) for path, manifest in sets(folder) if service in manifest.parts for made in [manifest.made_at]
    )
    if not found:
        if (folder / NAME).exists():
            read(folder)  # says what is wrong with it
        raise BackupBroken(f"{folder} holds no complete backup of {service}")
    return found[-1][1]


def sets(folder: Path) -> Iterator[tuple[Path, Manifest]]:
    """The complete sets at `folder` and up to two levels below; broken ones are passed over."""
    for pattern in (NAME, f"*/{NAME}", f"*/*/{NAME}"):
        for file in sorted(folder.glob(pattern)):
            if not any(part.startswith(".") for part in file.relative_to(folder).parts):
                try:
                    yield file.parent, read(file.parent)
                except BackupBroken:
                    continue


def hash_of(file: Path) -> str:
    """SHA-256 of a file."""
    digest = hashlib.sha256()
    with file.open("rb") as stream:
        while block := stream.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()


def copy(source: Path, target: Path) -> None:
    """Copy a file so that `target` is whole and on disk, or not there."""
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = target.with_name(f".{target.name}.{os.getpid()}.draft")
    try:
        shutil.copyfile(source, draft)
        shutil.copymode(source, draft)
        sync(draft)
        draft.replace(target)
    finally:
        draft.unlink(missing_ok=True)


def sync(path: Path) -> None:
    """Make a file or folder last through a loss of power."""
    opened = os.open(path, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def _own_hash(body: dict[str, Any]) -> str:
    return hashlib.sha256(orjson.dumps(body, option=orjson.OPT_SORT_KEYS)).hexdigest()
