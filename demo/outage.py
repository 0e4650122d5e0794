"""One service taken away at the moment that matters: the others answer meanwhile, and after its return the job goes on."""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from demo.narration import Broken, Narration
from demo.suite import Suite, until

SERVICES = ("leads", "sales", "service-desk", "approvals", "reporting", "gateway")
READS = {
    "leads": "/leads/api/v1/leads?limit=1",
    "sales": "/sales/api/v1/opportunities?limit=1",
    "service-desk": "/service-desk/api/v1/tickets?limit=1",
    "approvals": "/approvals/api/v1/tasks",
    "reporting": "/reporting/api/v1/metrics",
    "gateway": "/gateway/api/v1/notifications?limit=1",
}
READER = "chen.jianguo"  # may read something in every service
PATIENCE = 60.0  # seconds for a service to be back; the machine may be busy


class Outage:
    """Stops `service` around the one moment of the story that needs it; does nothing when no service is named."""

    def __init__(self, suite: Suite, narration: Narration, service: str | None):
        self.suite, self.narration, self.service = suite, narration, service

    @contextmanager
    def of(self, service: str) -> Iterator[bool]:
        """The block runs while `service` is away, if it is the one chosen; gives whether it is."""
        if service != self.service:
            yield False
            return
        self.suite.log_in(READER)  # log-in itself may be what goes away
        self._command("stop")
        self.narration.say(f"--- {service} is stopped: web and worker")
        try:
            away = self.suite.call("GET", f"/{service}/readyz")
            self.narration.check(away.status >= 500, f"{service} is away (the front door says {away.status})")
            yield True
            self._others_answer(service)
        finally:
            began = time.monotonic()
            self._command("start")
            back = until(lambda: self.suite.call("GET", f"/{service}/readyz").status == 200, seconds=PATIENCE)
            self.narration.say(f"--- {service} was started again, ready after {time.monotonic() - began:.1f} s")
        self.narration.need(back, f"{service} is back")

    def _others_answer(self, service: str) -> None:
        for other in SERVICES:
            if other != service:
                ready = self.suite.call("GET", f"/{other}/readyz").status
                read = self.suite.log_in(READER).get(READS[other]).status
                self.narration.check(
                    ready == read == 200, f"{other} is ready and reads while {service} is away ({ready}, {read})"
                )

    def _command(self, verb: str) -> None:
        port = str(urlsplit(self.suite.url).port or 80)
        command = [sys.executable, "-m", "chassis.cli", verb, str(self.service), "--port", port]
        done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=PATIENCE * 2)
        if done.returncode:
            raise Broken(f"{self.service} did not {verb}: {done.stderr.strip() or done.stdout.strip()}")
