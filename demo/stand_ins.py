"""The stand-ins for WeCom and K3Cloud that `./crm up` starts beside the demo data; a suite in use has none."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from demo.suite import Suite

PLACES = {"wecom": 91, "kingdee": 92}  # ports counted from the front door's


@dataclass(frozen=True)
class StandIn:
    """One of them; its own address is called as people call it who use that system."""

    suite: Suite
    url: str

    def do(self, verb: str, **given: object) -> Any:
        """Something a person does there: press a button, book a receipt. None when it refuses."""
        answer = self.suite.call("POST", f"/_fake/{verb}", body=given, at=self.url)
        return answer.body if answer.ok else None

    def book(self, name: str) -> Any:
        """A part of what it holds."""
        return self.suite.call("GET", f"/_fake/{name}", at=self.url).body


@dataclass(frozen=True)
class StandIns:
    """None for one that does not answer, or that the suite does not send to."""

    wecom: StandIn | None
    kingdee: StandIn | None

    @classmethod
    def beside(cls, suite: Suite) -> "StandIns":
        parts = urlsplit(suite.url)
        connected = {
            item["kind"]: item["settings"].get("url", "")
            for item in suite.log_in("lin.jing").read("/gateway/api/v1/connectors")["items"]
            if item["enabled"]
        }
        found: dict[str, StandIn | None] = {}
        for name, place in PLACES.items():
            url = f"http://{parts.hostname}:{(parts.port or 80) + place}"
            there = connected.get(name, "").endswith(f":{(parts.port or 80) + place}")
            answers = there and suite.call("GET", "/_fake/faults", at=url).status == 200
            found[name] = StandIn(suite, url) if answers else None
        return cls(**found)
