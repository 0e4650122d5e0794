"""The log-in service's public keys: cached on disk, refreshed in the background, usable while it is down."""

import logging
import os
import threading
from pathlib import Path
from typing import Any

import orjson
import urllib3
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey

from chassis import clock, metrics
from chassis.settings import Settings

log = logging.getLogger(__name__)
REFRESH_SECONDS = 300
UNKNOWN_KEY_SECONDS = 30  # least time between two fetches caused by tokens with unknown key ids
SHARED_FILE = "gateway.jwks.json"  # where the log-in service puts its key set if the keys folder is shared


class KeySet:
    """Keys by id. `find` never waits for the network longer than one bounded fetch."""

    def __init__(self, settings: Settings):
        self.url = settings.jwks_url or f"{settings.public_url.rstrip('/')}/gateway/.well-known/jwks.json"
        self.cache = settings.data_path / "jwks" / f"{settings.service}.json"
        self.shared = settings.keys_path / SHARED_FILE
        self._keys: dict[str, OKPKey] = {}
        self._read_at: dict[Path, float] = {}
        self._tried_at = float("-inf")
        self._fetched_at = float("-inf")
        self._lock = threading.Lock()

    def find(self, kid: str) -> OKPKey | None:
        """The key with this id, looked for in memory, in the files, then at the log-in service (at most every 30 s)."""
        found = self._keys.get(kid)
        if found is None:
            self._read(self.shared)
            self._read(self.cache)
            found = self._keys.get(kid)
        if found is None:
            # One thread asks; the others do not wait behind it, their token is refused and may be sent again.
            if self._lock.acquire(blocking=False):
                try:
                    if clock.monotonic() - self._tried_at >= UNKNOWN_KEY_SECONDS:
                        self.fetch()
                finally:
                    self._lock.release()
            found = self._keys.get(kid)
        return found

    def fetch(self) -> bool:
        """Ask the log-in service; keeps what is known when it does not answer properly. Redirects are not followed."""
        self._tried_at = clock.monotonic()
        try:
            with urllib3.PoolManager(retries=False, timeout=urllib3.Timeout(connect=2, read=3)) as http:
                answer = http.request("GET", self.url, redirect=False, headers={"Accept": "application/json"})
            if answer.status != 200:
                raise ValueError(f"status {answer.status}")
            self.trust(orjson.loads(answer.data))
        except (urllib3.exceptions.HTTPError, ValueError, OSError) as error:
            metrics.JWKS_FETCHES.labels("failed").inc()
            log.warning("the log-in service's keys cannot be fetched: %s", type(error).__name__)
            return False
        metrics.JWKS_FETCHES.labels("ok").inc()
        self._fetched_at = clock.monotonic()
        self._store(answer.data)
        return True

    def trust(self, document: Any) -> None:
        """Replace the keys in memory by those of a JWKS document; ValueError when it has none for signing."""
        keys: dict[str, OKPKey] = {}
        for entry in document.get("keys", []) if isinstance(document, dict) else []:
            if entry.get("kty") == "OKP" and entry.get("crv") == "Ed25519" and entry.get("kid"):
                try:
                    keys[entry["kid"]] = OKPKey.import_key({name: entry[name] for name in ("kty", "crv", "x", "kid")})
                except (JoseError, KeyError, ValueError):
                    log.warning("a key of the log-in service is malformed")
        if not keys:
            raise ValueError("no keys")
        self._keys = keys

    def keep_fresh(self, stop: threading.Event) -> None:
        """Refresh every five minutes, sooner after a failure, until `stop` is set; runs on a thread of its own."""
        while not stop.is_set():
            fresh = self._fetch_unless_recent()
            stop.wait(REFRESH_SECONDS if fresh else UNKNOWN_KEY_SECONDS)

    def _fetch_unless_recent(self) -> bool:
        with self._lock:
            if clock.monotonic() - self._fetched_at < REFRESH_SECONDS:
                return True
            if clock.monotonic() - self._tried_at < UNKNOWN_KEY_SECONDS:
                return False
            return self.fetch()

    def _read(self, path: Path) -> None:
        try:
            changed = path.stat().st_mtime
            if self._read_at.get(path) == changed:
                return
            known = self._keys
            self.trust(orjson.loads(path.read_bytes()))
            self._keys = known | self._keys
            self._read_at[path] = changed
        except FileNotFoundError:
            return
        except (OSError, ValueError):
            log.warning("%s is unreadable", path.name)

    def _store(self, document: bytes) -> None:
        try:
            self.cache.parent.mkdir(parents=True, exist_ok=True)
            draft = self.cache.with_suffix(f".{os.getpid()}.{threading.get_ident()}")
            draft.write_bytes(document)
            draft.replace(self.cache)
        except OSError as error:
            log.warning("the key set cannot be kept: %s", error)
