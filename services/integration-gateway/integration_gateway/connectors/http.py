"""The one way connectors speak HTTP: time limits, no redirects, no blind retries, errors sorted by what they mean."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

import orjson
import urllib3

from integration_gateway.connectors.contract import ConnectorError

CONNECT_SECONDS = 5.0
READ_SECONDS = 15.0
LARGEST_BODY = 32 * 1024 * 1024

_pool = urllib3.PoolManager(num_pools=20, maxsize=8, retries=False)


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
) -> Answer:
    """One request. `writes` says whether it changes something there: then a lost answer leaves the outcome uncertain.

    Raises ConnectorError. Query strings carry secrets with several partners and never appear in messages.
    """
    target = f"{url}?{urlencode(query)}" if query else url
    body = orjson.dumps(json) if json is not None else None
    sent = {"Accept": "application/json"} | ({"Content-Type": "application/json"} if body else {}) | dict(headers or {})
    place = urlsplit(url).netloc + urlsplit(url).path
    timeout = urllib3.Timeout(connect=CONNECT_SECONDS, read=read_seconds)
    try:
        response = _pool.request(
            method, target, body=body, headers=sent, timeout=timeout, redirect=False, preload_content=False
        )
        try:
            content = response.read(LARGEST_BODY)
        finally:
            response.release_conn()
    except (urllib3.exceptions.NewConnectionError, urllib3.exceptions.ConnectTimeoutError):
        raise ConnectorError(f"{place}: no connection", code="unreachable") from None
    except (urllib3.exceptions.LocationValueError, UnicodeError):
        raise ConnectorError(f"{place}: no valid address", code="bad_address", permanent=True) from None
    except urllib3.exceptions.ReadTimeoutError:
        raise ConnectorError(f"{place}: no answer in {read_seconds:g} s", code="timeout", uncertain=writes) from None
    except urllib3.exceptions.HTTPError as error:
        text = f"{place}: connection lost ({type(error).__name__})"
        raise ConnectorError(text, code="connection_lost", uncertain=writes) from None
    if 200 <= response.status < 300:
        return Answer(response.status, {k.lower(): v for k, v in response.headers.items()}, content, writes)
    raise _refusal(place, response.status, response.headers.get("Retry-After"), content, writes)


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
