"""Keys that sign tokens: published a day before they sign, and until the last token they signed has expired."""

import secrets
import threading
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

import orjson
from joserfc.jwk import OKPKey
from sqlalchemy import delete, func, select, text, update
from sqlalchemy.orm import Session

from chassis import clock, keys
from chassis.db import Database, is_sqlite
from chassis.events import publish
from chassis.jwks import SHARED_FILE
from chassis.settings import Settings
from integration_gateway.events import SigningKeyAdded
from integration_gateway.models import SigningKey

SIGNS_FOR = timedelta(days=30)
PUBLISHED_BEFORE = timedelta(days=1)
LONGEST_TOKEN = timedelta(hours=13)  # the longest life of any token, and an hour for clocks and caches
KEPT = 60.0  # seconds
_LOCK = 4250  # any number; one rotation at a time


def ensure(session: Session) -> None:
    """Make the first key, or publish the next one when the current one has a day left; drop what is over."""
    _lock(session)
    now = clock.now()
    session.execute(delete(SigningKey).where(SigningKey.published_until < now))
    last = session.scalar(select(func.max(SigningKey.signs_until)))
    if last is None or last <= now:
        _add(session, signs_from=now)
    elif last - now <= PUBLISHED_BEFORE:
        _add(session, signs_from=last)


def rotate(session: Session, *, compromised: bool = False) -> SigningKey:
    """Sign with a new key from now on. The old keys stay published until their tokens expire.

    With `compromised` they are withdrawn: services drop them when they next fetch the key set (within five minutes).
    """
    _lock(session)
    now = clock.now()
    if compromised:
        session.execute(delete(SigningKey))
    else:
        stopping = update(SigningKey).where(SigningKey.signs_until > now)
        session.execute(stopping.values(signs_until=now, published_until=now + LONGEST_TOKEN))
    return _add(session, signs_from=now)


def current(session: Session) -> OKPKey:
    """The private key to sign with now, made if there is none; needs a writing session."""
    key = _signing(session)
    if key is None:
        ensure(session)
        key = _signing(session)
    assert key is not None
    return _read(key.kid, key.private_pem)


def published(session: Session) -> dict[str, Any]:
    """The JWK set: every key whose tokens may be met, the next one included."""
    held = select(SigningKey).where(SigningKey.published_until > clock.now()).order_by(SigningKey.signs_from)
    return {"keys": [key.public_jwk for key in session.scalars(held)]}


def share(database: Database, settings: Settings) -> None:
    """Put the key set where services of the same machine look first (chassis.jwks), if it changed."""
    with database.reading() as session:
        document = orjson.dumps(published(session))
    path = settings.keys_path / SHARED_FILE
    if not path.exists() or path.read_bytes() != document:
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
        draft.write_bytes(document)
        draft.replace(path)


class OwnKeys:
    """Stands in for chassis.jwks.KeySet in the gateway itself: looks keys up where they are made."""

    def __init__(self, database: Database):
        self._database = database
        self._known: dict[str, OKPKey] = {}
        self._read_at = float("-inf")

    def find(self, kid: str) -> OKPKey | None:
        """The published key with this id. The table is read once a minute, and for any id not known: a key made a
        moment ago must hold at once, and one small look-up is all that a forged id costs."""
        if kid not in self._known or clock.monotonic() - self._read_at > KEPT:
            with self._database.reading() as session:
                self._known = {jwk["kid"]: OKPKey.import_key(jwk) for jwk in published(session)["keys"]}
            self._read_at = clock.monotonic()
        return self._known.get(kid)

    def keep_fresh(self, stop: threading.Event) -> None:
        """Nothing to fetch."""


def _signing(session: Session) -> SigningKey | None:
    """The key whose turn it is; after the clock was set back the earliest there is, which is published as well."""
    now = clock.now()
    unspent = select(SigningKey).where(SigningKey.signs_until > now).order_by(SigningKey.signs_from)
    found = list(session.scalars(unspent))
    begun = [key for key in found if key.signs_from <= now]
    return begun[-1] if begun else next(iter(found), None)


def _add(session: Session, *, signs_from: datetime) -> SigningKey:
    pair = keys.new_key()
    key = SigningKey(
        kid=pair.kid,
        public_jwk=keys.public_jwk(pair),
        private_pem=pair.as_pem(private=True).decode(),
        signs_from=signs_from,
        signs_until=signs_from + SIGNS_FOR,
        published_until=signs_from + SIGNS_FOR + LONGEST_TOKEN,
    )
    session.add(key)
    session.flush()
    publish(session, SigningKeyAdded(subject=f"signing_key/{pair.kid}", kid=pair.kid, signs_from=signs_from))
    return key


@lru_cache(maxsize=8)
def _read(kid: str, pem: str) -> OKPKey:
    key = keys.read_key(pem.encode())
    assert key.kid == kid
    return key


def _lock(session: Session) -> None:
    if not is_sqlite(session):
        session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
