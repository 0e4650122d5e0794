"""Where contents lie: a folder of the service, or a bucket of S3-compatible storage, by the ATTACHMENTS setting."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

from chassis.errors import NotFound
from chassis.settings import Settings, SettingsError
from engines.attachments.s3 import Bucket

CHUNK = 64 * 1024


class Store(Protocol):
    """What a place for contents can do. Keys are made by us; contents are never changed, only put and removed."""

    def put(self, key: str, path: Path, *, sha256: str, size: int) -> None:
        """Keep the content of a file; it is there for good when this returns."""

    def read(self, key: str) -> Iterator[bytes]:
        """The content in pieces; NotFound when it is not there. What can fail has been tried when this returns."""

    def remove(self, key: str) -> None:
        """Remove a content; one that is not there is as good as removed."""


class Folder:
    """Contents as files below a folder."""

    def __init__(self, root: Path):
        self.root = root

    def put(self, key: str, path: Path, *, sha256: str, size: int) -> None:
        target = self.root / key
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=target.parent, prefix=".new-", delete=False) as new:
            try:
                with path.open("rb") as source:
                    shutil.copyfileobj(source, new, CHUNK)
                new.flush()
                os.fsync(new.fileno())
                Path(new.name).replace(target)
            except BaseException:
                Path(new.name).unlink(missing_ok=True)
                raise
        _sync_folder(target.parent)

    def read(self, key: str) -> Iterator[bytes]:
        try:
            file = (self.root / key).open("rb")
        except FileNotFoundError:
            raise NotFound() from None

        def pieces() -> Iterator[bytes]:
            with file:
                while piece := file.read(CHUNK):
                    yield piece

        return pieces()

    def remove(self, key: str) -> None:
        (self.root / key).unlink(missing_ok=True)


def of(settings: Settings) -> Store:
    """The store the settings name; SettingsError where they don't make sense."""
    place = settings.attachments
    if not place:
        return Folder(settings.data_path / "attachments" / settings.service)
    parts = urlsplit(place)
    if parts.scheme == "s3" and parts.netloc:
        if not (settings.s3_endpoint and settings.s3_key_id and settings.s3_secret):
            raise SettingsError("ATTACHMENTS names a bucket: S3_ENDPOINT, S3_KEY_ID and S3_SECRET are needed too")
        prefix = "/".join(part for part in (parts.path.strip("/"), settings.service) if part)
        return Bucket(
            settings.s3_endpoint, parts.netloc, prefix=prefix, region=settings.s3_region, key_id=settings.s3_key_id,
            secret=settings.s3_secret, virtual_host=settings.s3_virtual_host,
        )  # fmt: skip
    if parts.scheme:
        raise SettingsError(f"ATTACHMENTS={place!r} is neither a folder nor s3://bucket")
    return Folder(Path(place).absolute() / settings.service)


def _sync_folder(folder: Path) -> None:
    """The rename survives a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
