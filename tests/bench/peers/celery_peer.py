"""Celery: a task per event on a quorum queue, confirms, late acks, results off, prefork on both cores."""

import os
import sys

import psycopg
from celery import Celery
from celery.signals import worker_ready
from kombu import Queue

from tests.bench.peers import courier

QUEUE = f"{courier.NAMESPACE}.celery.shop"
app = Celery("bench", broker=courier.AMQP)
app.conf.update(
    task_queues=[
        Queue(
            QUEUE, exchange=f"{courier.NAMESPACE}.celery", routing_key=QUEUE, queue_arguments={"x-queue-type": "quorum"}
        )
    ],
    task_default_queue=QUEUE,
    task_default_exchange=f"{courier.NAMESPACE}.celery",
    task_default_routing_key=QUEUE,
    broker_transport_options={"confirm_publish": True},
    task_acks_late=True,
    task_ignore_result=True,
    worker_prefetch_multiplier=25,
    worker_detect_quorum_queues=True,
    worker_enable_remote_control=False,
    worker_send_task_events=False,
    worker_hijack_root_logger=False,
    worker_redirect_stdouts=False,
    broker_connection_retry_on_startup=True,
)
_connections: dict[int, psycopg.Connection] = {}


@app.task(name="bench.arrived")
def arrived(data: dict) -> None:
    if os.getpid() not in _connections:
        _connections[os.getpid()] = psycopg.connect(courier.DATABASE, autocommit=True)
    _connections[os.getpid()].execute(courier.ARRIVE, (data["id"], data["label"]))
    courier.handled(data["id"])


@worker_ready.connect
def _ready(**_values: object) -> None:
    print("ready", flush=True)


def send() -> None:
    def worker():
        connection = psycopg.connect(courier.DATABASE, autocommit=True)
        return (
            lambda parcel: connection.execute(courier.BOOK, (parcel["id"], parcel["label"], parcel["receiver"])),
            arrived.delay,
        )

    courier.sell(worker)


if __name__ == "__main__":
    if sys.argv[1] == "send":
        send()
    else:
        quiet = ["--without-gossip", "--without-mingle", "--without-heartbeat", "--loglevel", "error"]
        app.worker_main(["worker", "--pool", "prefork", "--concurrency", sys.argv[2], *quiet])
