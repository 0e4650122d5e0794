"""The partner's stand-in (K3Cloud) from the side that makes it misbehave."""

import json
from typing import Any

import urllib3


class Partner:
    """Control of one stand-in by its `/_fake/` addresses."""

    def __init__(self, url: str):
        self._url = url
        self._http = urllib3.PoolManager(retries=False, timeout=urllib3.Timeout(10.0))

    def misbehave(self, do: str, *, on: str = "DynamicFormService", times: int = 10_000, **how: Any) -> None:
        """Answer the next `times` calls to addresses with `on` in this way (tests/fakes/listening.py)."""
        self._post("faults", {"on": on, "do": do, "times": times, **how})

    def behave(self) -> None:
        """No fault any more."""
        self._post("well", {})

    def expire_sessions(self) -> None:
        self._post("expire_sessions", {})

    def _post(self, name: str, body: dict[str, Any]) -> None:
        headers = {"Content-Type": "application/json"}
        answer = self._http.request(
            "POST", f"{self._url}/_fake/{name}", body=json.dumps(body).encode(), headers=headers
        )
        if answer.status >= 400:
            raise RuntimeError(f"the stand-in refuses {name}: {answer.status}")
