"""nameko: an event dispatcher with a confirm per message, and an event handler that acks after the effect."""

import os
import queue
import sys

if sys.argv[1] == "receive":
    import eventlet

    eventlet.monkey_patch()
    os.environ["PSYCOPG_WAIT_FUNC"] = "wait_selector"  # waits in green threads' way

import psycopg
from nameko.containers import ServiceContainer
from nameko.events import SERVICE_POOL, event_handler
from nameko.standalone.events import event_dispatcher

from tests.bench.peers import courier

CONFIG = {"AMQP_URI": courier.AMQP, "max_workers": 6, "serializer": "json"}
SOURCE = f"{courier.NAMESPACE}_post"
FREE: queue.LifoQueue = queue.LifoQueue()  # connections, one for each message in hand


class Shop:
    name = f"{courier.NAMESPACE}_shop"

    @event_handler(SOURCE, "sent", handler_type=SERVICE_POOL, reliable_delivery=True, requeue_on_error=True)
    def arrived(self, data: dict) -> None:
        connection = FREE.get() if FREE.qsize() else psycopg.connect(courier.DATABASE, autocommit=True)
        connection.execute(courier.ARRIVE, (data["id"], data["label"]))
        FREE.put(connection)
        courier.handled(data["id"])


def send() -> None:
    def worker():
        connection, dispatch = psycopg.connect(courier.DATABASE, autocommit=True), event_dispatcher(CONFIG)
        return (
            lambda parcel: connection.execute(courier.BOOK, (parcel["id"], parcel["label"], parcel["receiver"])),
            lambda parcel: dispatch(SOURCE, "sent", parcel),
        )

    courier.sell(worker)


if __name__ == "__main__":
    if sys.argv[1] == "send":
        send()
    else:
        container = ServiceContainer(Shop, CONFIG)
        container.start()
        print("ready", flush=True)
        container.wait()
