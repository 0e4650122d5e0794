"""What the workers count, gathered while they run: a killed process takes its counters along, so they are read often."""

import threading
from collections import defaultdict
from collections.abc import Callable

import urllib3
from prometheus_client.parser import text_string_to_metric_families

EVERY = 0.7  # seconds
REDELIVERED, PULLED = "crm_events_duplicate_total", "crm_events_pulled_total"


class Meter:
    """Sums of counters over all workers; `ports` gives the internal ports to ask."""

    def __init__(self, ports: Callable[[], list[int]]):
        self._ports = ports
        self._http = urllib3.PoolManager(maxsize=4, retries=False, timeout=urllib3.Timeout(2.0))
        self._last: dict[tuple[int, str, str], float] = {}
        self.sums: dict[str, float] = defaultdict(float)
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name="meter", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._ending.set()
        self._thread.join(5)

    def look(self) -> None:
        """One round over all workers."""
        for port in self._ports():
            try:
                answer = self._http.request("GET", f"http://127.0.0.1:{port}/metrics")
            except urllib3.exceptions.HTTPError:
                continue
            if answer.status == 200:
                self._take(port, answer.data.decode())

    def _run(self) -> None:
        while not self._ending.wait(EVERY):
            self.look()

    def _take(self, port: int, text: str) -> None:
        wanted = "\n".join(line for line in text.splitlines() if REDELIVERED[:-6] in line or PULLED[:-6] in line)
        for family in text_string_to_metric_families(wanted + "\n"):
            for sample in family.samples:
                if sample.name not in (REDELIVERED, PULLED):
                    continue
                place = (port, sample.name, str(sorted(sample.labels.items())))
                before = self._last.get(place, 0.0)
                self.sums[sample.name] += sample.value - before if sample.value >= before else sample.value
                self._last[place] = sample.value
