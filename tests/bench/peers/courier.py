"""What every contestant's sender and receiver do in PostgreSQL, and what they tell the bench."""

import json
import os
import queue
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from typing import Any

DATABASE = os.environ.get("BENCH_DATABASE", "")  # postgresql://…
AMQP = os.environ.get("BENCH_AMQP", "")
NAMESPACE = os.environ.get("BENCH_NAMESPACE", "bench")  # first word of every queue and exchange
LABEL = "x" * 700  # an event of about a kilobyte
BOOK = (
    "INSERT INTO parcels (id, label, receiver, version, external_ids, tags, custom, created_at, updated_at)"
    " VALUES (%s, %s, %s, 1, '{}', '[]', '{}', now(), now())"
)
ARRIVE = (
    "INSERT INTO arrivals (id, label, times) VALUES (%s, %s, 1)"
    " ON CONFLICT (id) DO UPDATE SET times = arrivals.times + 1, label = excluded.label"
)


def parcel() -> dict[str, str]:
    """A new parcel, which is the event's data too."""
    return {"id": str(uuid.uuid4()), "label": LABEL, "receiver": "somebody"}


def orders() -> Iterator[dict[str, Any]]:
    """What the bench asks for, a JSON line each, after it was told that we are ready."""
    print("ready", flush=True)
    for line in sys.stdin:
        yield json.loads(line)


def answer(**values: object) -> None:
    """Tell the bench that an order is done."""
    print(json.dumps(values), flush=True)


def paced(count: int, per_second: float) -> Iterator[int]:
    """Numbers up to `count`, `per_second` of them a second; 0: as fast as they are taken."""
    began = time.perf_counter()
    for place in range(count):
        if per_second and (left := began + place / per_second - time.perf_counter()) > 0:
            time.sleep(left)
        yield place


AT_ONCE = 4  # requests worked on together


def sell(worker: Callable[[], tuple[Callable[[dict[str, str]], object], Callable[[dict[str, str]], object]]]) -> None:
    """The sender's process: threads that book, commit and send what is ordered, and say when each was committed.

    `worker` is called in each thread and gives it its own way to book and to send.
    """
    orders_of: list[queue.SimpleQueue] = [queue.SimpleQueue() for _ in range(AT_ONCE)]
    done: queue.SimpleQueue = queue.SimpleQueue()

    def work(orders: queue.SimpleQueue) -> None:
        book, send = worker()
        while True:
            order, times = orders.get(), []
            for _ in paced(order["count"], order.get("per_second", 0)):
                made = parcel()
                if order.get("book", True):
                    book(made)
                times.append((made["id"], time.time()))
                send(made)
            done.put(times)

    for each in orders_of:
        threading.Thread(target=work, args=(each,), daemon=True).start()
    for order in orders():
        threads = 1 if order.get("per_second") else AT_ONCE
        for place, each in enumerate(orders_of[:threads]):
            each.put(order | {"count": (order["count"] + place) // threads})
        times = [time for _ in range(threads) for time in done.get()]
        answer(times=times if order.get("times") else None)


def handled(parcel_id: str) -> None:
    """Called right after the commit of the effect; writes when that was, where the bench wants to know."""
    if "BENCH_TIMES" in os.environ:
        with open(os.environ["BENCH_TIMES"], "a") as file:
            file.write(f"{parcel_id} {time.time()}\n")
