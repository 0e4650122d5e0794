"""WeCom's server API over plain HTTP: the access token is shared, refreshed once under a lock, a call retried once."""

import threading
from typing import Any

from chassis import clock
from integration_gateway.connectors import http
from integration_gateway.connectors.contract import ConnectorError
from integration_gateway.connectors.wecom import errcodes

OFFICIAL = "https://qyapi.weixin.qq.com"
RENEW_BEFORE = 300.0  # seconds of life left under which a token is not used any more


class WeCom:
    """One app of one company. Thread-safe; keep it, it holds the token."""

    def __init__(self, *, url: str, corp_id: str, secret: str, agent_id: int, read_seconds: float = http.READ_SECONDS):
        self.url = (url or OFFICIAL).rstrip("/")
        self.corp_id = corp_id
        self.agent_id = agent_id
        self._secret = secret
        self._read_seconds = read_seconds
        self._lock = threading.Lock()
        self._token = ""
        self._expires = 0.0

    def get(self, path: str, **query: Any) -> dict[str, Any]:
        """A read: `path` such as `department/list`."""
        return self._call("GET", path, query=query, json=None, writes=False)

    def post(self, path: str, body: dict[str, Any], *, writes: bool = True) -> dict[str, Any]:
        """A call with a body."""
        return self._call("POST", path, query={}, json=body, writes=writes)

    def token(self) -> str:
        """A valid access token; fetched at most once however many threads ask."""
        with self._lock:
            if not self._token or clock.monotonic() > self._expires - RENEW_BEFORE:
                self._fetch()
            return self._token

    def _renew(self, refused: str) -> str:
        """Replace `refused`, unless another thread already did."""
        with self._lock:
            if self._token == refused:
                self._fetch()
            return self._token

    def _fetch(self) -> None:
        query = {"corpid": self.corp_id, "corpsecret": self._secret}
        answer = http.call("GET", f"{self.url}/cgi-bin/gettoken", query=query, writes=False).json()
        if code := int(answer.get("errcode", 0)):
            raise errcodes.failure("gettoken", code, str(answer.get("errmsg", "")))
        self._token = answer["access_token"]
        self._expires = clock.monotonic() + float(answer.get("expires_in", 7200))

    def _call(self, method: str, path: str, *, query: dict[str, Any], json: Any, writes: bool) -> dict[str, Any]:
        token = self.token()
        for attempt in (1, 2):
            answer = http.call(
                method,
                f"{self.url}/cgi-bin/{path}",
                query={"access_token": token} | query,
                json=json,
                writes=writes,
                read_seconds=self._read_seconds,
            ).json()
            if not isinstance(answer, dict):
                raise ConnectorError(f"{path}: unexpected answer", code="bad_answer", uncertain=writes)
            code = int(answer.get("errcode", 0))
            if code == 0:
                return answer
            if code not in errcodes.TOKEN or attempt == 2:
                raise errcodes.failure(path, code, str(answer.get("errmsg", "")))
            token = self._renew(token)
        raise AssertionError("unreachable")
