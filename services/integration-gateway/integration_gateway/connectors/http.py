"""The one way connectors speak HTTP: time limits, no redirects, no blind retries, errors sorted by what they mean."""

import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode, urlsplit

import orjson
import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from integration_gateway.connectors.contract import ConnectorError

CONNECT_SECONDS = 5.0
READ_SECONDS = 15.0  # between two pieces of the answer
TOTAL_SECONDS = 60.0  # from the first byte sent to the last one read, however the pieces come
LARGEST_BODY = 32 * 1024 * 1024


@dataclass
class _Limit:
    """The end of one call: a partner who sends a byte now and then would otherwise hold its worker for ever."""

    line: socket.socket | None = None
    is_over: bool = False
    is_done: bool = False
    lock: threading.Lock = field(default_factory=threading.Lock)

    def cut(self) -> None:
        """Shut the connection down; whoever waits for it is told so at once."""
        with self.lock:
            if self.is_done:
                return
            self.is_over = True
            if self.line is not None:
                with suppress(OSError):
                    self.line.shutdown(socket.SHUT_RDWR)

    def end(self) -> None:
        """From here on the connection may serve another call."""
        with self.lock:
            self.is_done = True


_running = threading.local()  # `limit` of the call that this thread is making


class _Limited(HTTPConnection):
    """A connection that knows the call it serves."""

    def request(self, *args: Any, **kwargs: Any) -> None:
        super().request(*args, **kwargs)
        limit: _Limit = _running.limit
        limit.line = self.sock  # the connection forgets it when the partner is going to close it
        if limit.is_over:  # already, while connecting and sending
            self.close()
            raise urllib3.exceptions.ProtocolError("cut")


class _LimitedSecurely(_Limited, HTTPSConnection):
    """The same over TLS."""


class _Plain(HTTPConnectionPool):
    ConnectionCls = _Limited


class _Secure(HTTPSConnectionPool):
    ConnectionCls = _LimitedSecurely


_pool = urllib3.PoolManager(num_pools=20, maxsize=8, retries=False)
_pool.pool_classes_by_scheme = {"http": _Plain, "https": _Secure}


@contextmanager
def _within(seconds: float) -> Iterator[_Limit]:
    limit = _running.limit = _Limit()
    watch = threading.Timer(seconds, limit.cut)
    watch.daemon = True
    watch.start()
    try:
        yield limit
    finally:
        limit.end()
        watch.cancel()


@dataclass(frozen=True)
class Answer:
    """A 2xx answer."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    writes: bool

    def json(self) -> Any:
        """The body as JSON; ConnectorError when it is none, which happens when a proxy answers instead of the partner."""
        try:
            return orjson.loads(self.body)
        except orjson.JSONDecodeError:
            start = self.body[:80].decode("utf-8", "replace")
            raise ConnectorError(f"the answer is no JSON: {start!r}", code="not_json", uncertain=self.writes) from None


def call(
    method: str,
    url: str,
    *,
    query: Mapping[str, Any] | None = None,
    json: Any = None,
    headers: Mapping[str, str] | None = None,
    writes: bool,
    read_seconds: float = READ_SECONDS,
    total_seconds: float = TOTAL_SECONDS,
) -> Answer:
    """One request. `writes` says whether it changes something there: then a lost answer leaves the outcome uncertain.

    The partner may be silent for `read_seconds`, and everything together takes `total_seconds` at most.
    Raises ConnectorError. Query strings carry secrets with several partners and never appear in messages.
    """
    target = f"{url}?{urlencode(query)}" if query else url
    body = orjson.dumps(json) if json is not None else None
    sent = {"Accept": "application/json"} | ({"Content-Type": "application/json"} if body else {}) | dict(headers or {})
    place = urlsplit(url).netloc + urlsplit(url).path
    timeout = urllib3.Timeout(connect=CONNECT_SECONDS, read=read_seconds)
    with _within(total_seconds) as limit:
        try:
            status, received, content = _exchange(method, target, body, sent, timeout, limit)
        except (urllib3.exceptions.HTTPError, OSError, UnicodeError) as error:
            if limit.is_over:
                text = f"{place}: no whole answer in {total_seconds:g} s"
                raise ConnectorError(text, code="timeout", uncertain=writes) from None
            raise _unanswered(place, error, read_seconds, writes) from None
    if len(content) > LARGEST_BODY:
        text = f"{place}: the answer is larger than {LARGEST_BODY >> 20} MiB"
        raise ConnectorError(text, code="too_large", permanent=True, uncertain=writes)
    if 200 <= status < 300:
        return Answer(status, {k.lower(): v for k, v in received.items()}, content, writes)
    raise _refusal(place, status, received.get("Retry-After"), content, writes)


def _exchange(
    method: str, target: str, body: bytes | None, sent: Mapping[str, str], timeout: urllib3.Timeout, limit: _Limit
) -> tuple[int, Mapping[str, str], bytes]:
    """Send and read to the end; an answer that was cut is an error, though its bytes may look whole."""
    response = _pool.request(
        method, target, body=body, headers=sent, timeout=timeout, redirect=False, preload_content=False
    )
    try:
        content = response.read(LARGEST_BODY + 1)
    except BaseException:
        response.close()
        raise
    limit.end()
    if limit.is_over or len(content) > LARGEST_BODY:
        response.close()
    if limit.is_over:
        raise urllib3.exceptions.ProtocolError("cut")
    response.release_conn()
    return response.status, response.headers, content


def _unanswered(place: str, error: Exception, read_seconds: float, writes: bool) -> ConnectorError:
    if isinstance(error, urllib3.exceptions.NewConnectionError | urllib3.exceptions.ConnectTimeoutError):
        return ConnectorError(f"{place}: no connection", code="unreachable")
    if isinstance(error, urllib3.exceptions.LocationValueError | UnicodeError):
        return ConnectorError(f"{place}: no valid address", code="bad_address", permanent=True)
    if isinstance(error, urllib3.exceptions.ReadTimeoutError):
        return ConnectorError(f"{place}: no answer in {read_seconds:g} s", code="timeout", uncertain=writes)
    text = f"{place}: connection lost ({type(error).__name__})"
    return ConnectorError(text, code="connection_lost", uncertain=writes)


def _refusal(place: str, status: int, retry_after: str | None, body: bytes, writes: bool) -> ConnectorError:
    text = f"{place}: HTTP {status} {body[:200].decode('utf-8', 'replace')}".strip()
    code = f"http_{status}"
    if status in {408, 425, 429, 503}:
        wait = float(retry_after) if retry_after and retry_after.isdigit() else None
        unclear = writes and status in {408, 503}  # a proxy says so too when its upstream took the order and was slow
        return ConnectorError(text, code=code, retry_after=wait, uncertain=unclear)
    if status >= 500:
        return ConnectorError(text, code=code, uncertain=writes)
    return ConnectorError(text, code=code, permanent=True)
