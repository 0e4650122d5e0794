"""Secrets at rest: AES-256-GCM under a key with an id, so that keys can be changed without losing what is stored."""

import base64
import hashlib
import os
import threading
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import Dialect, MetaData, Text, select, update
from sqlalchemy.orm import Session
from sqlalchemy.types import TypeDecorator

from chassis.keys import create_private, private_file
from chassis.settings import Settings

_VERSION = "v1"
_ring: dict[str, AESGCM] = {}
_primary = ""
_lock = threading.Lock()


class Undecipherable(Exception):
    """A stored secret whose key is gone, or that was altered or moved to another column."""


def unlock(settings: Settings) -> None:
    """Load the keys: `secret_key` (the first encrypts, further ones after commas only decrypt), else the service's file."""
    given = [part.strip() for part in settings.secret_key.split(",") if part.strip()] or [_file_key(settings)]
    use(*given)


def key_ids(settings: Settings) -> list[str]:
    """Ids of the keys this installation has for the service, without making one; each sealed value names its key's."""
    file = _key_path(settings)
    given = [part.strip() for part in settings.secret_key.split(",") if part.strip()]
    if not given and file.exists():
        given = [file.read_text().strip()]
    return [_key(secret)[1] for secret in given]


def use(*secrets: str) -> None:
    """Use these keys; the first encrypts. Each may be any text: the AES key is derived from it by SHA-256."""
    global _primary
    with _lock:
        named = []
        for secret in secrets:
            key, name = _key(secret)
            _ring[name] = AESGCM(key)
            named.append(name)
        _primary = named[0]


def seal(text: str, *, context: str = "") -> str:
    """`v1.<key id>.<nonce and ciphertext>`; the same `context` (table.column) is needed to unseal."""
    nonce = os.urandom(12)
    sealed = _ring[_primary].encrypt(nonce, text.encode(), context.encode())
    return f"{_VERSION}.{_primary}.{base64.urlsafe_b64encode(nonce + sealed).decode()}"


def unseal(stored: str, *, context: str = "") -> str:
    """Inverse of `seal`; Undecipherable when it cannot be."""
    version, _dot, rest = stored.partition(".")
    name, _dot, body = rest.partition(".")
    if version != _VERSION or name not in _ring:
        raise Undecipherable(f"{context}: no key {name}")
    try:
        raw = base64.urlsafe_b64decode(body)
        return _ring[name].decrypt(raw[:12], raw[12:], context.encode()).decode()
    except (InvalidTag, ValueError):
        raise Undecipherable(context) from None


class EncryptedText(TypeDecorator[str]):
    """A text column that is ciphertext in the database; `context` is "table.column"."""

    impl = Text
    cache_ok = True

    def __init__(self, context: str):
        super().__init__()
        self.context = context

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else seal(value, context=self.context)

    def process_result_value(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else unseal(value, context=self.context)


def reencrypt(session: Session, metadata: MetaData) -> int:
    """Encrypt every EncryptedText value under the first key anew, after a change of keys; returns how many."""
    changed = 0
    for table in metadata.sorted_tables:
        identity = list(table.primary_key)
        for column in table.c:
            if isinstance(column.type, EncryptedText):
                rows: list[Any] = list(session.execute(select(*identity, column).where(column.is_not(None))))
                for *key, value in rows:
                    match = [part == given for part, given in zip(identity, key, strict=True)]
                    session.execute(update(table).where(*match).values({column: value}))
                changed += len(rows)
    return changed


def _key(secret: str) -> tuple[bytes, str]:
    key = hashlib.sha256(b"crm vault\0" + secret.encode()).digest()
    return key, hashlib.sha256(key).hexdigest()[:8]


def _key_path(settings: Settings) -> Path:
    return private_file(settings, f"{settings.service}.vault")


def _file_key(settings: Settings) -> str:
    path = _key_path(settings)
    if not path.exists():
        create_private(path, base64.urlsafe_b64encode(os.urandom(32)))
    return path.read_text().strip()
