"""The control: commit, publish, apply, acknowledge; no log to read again, no cursor. The audit must see what it loses.

`python -m tests.faults.naive produce|consume FILE URL`. FILE is a SQLite database with the tables `log` and `seen`.
"""

import sqlite3
import sys
import time
import uuid
from collections.abc import Callable

from amqp import AMQPError, Message
from kombu import Connection
from kombu.exceptions import KombuError

QUEUE = "naive"
TABLES = """
CREATE TABLE IF NOT EXISTS log (id INTEGER PRIMARY KEY AUTOINCREMENT, event_id TEXT NOT NULL, subject TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS seen (id INTEGER PRIMARY KEY AUTOINCREMENT, event_id TEXT NOT NULL, subject TEXT NOT NULL);
"""


def produce(database: sqlite3.Connection, connection: Connection) -> None:
    """A business row, committed; then its event."""
    channel = connection.default_channel
    channel.queue_declare(QUEUE, durable=True, auto_delete=False)
    number = database.execute("SELECT count(*) FROM log").fetchone()[0]
    while True:
        number += 1
        event, subject = str(uuid.uuid4()), f"record/{number % 20}"
        with database:
            database.execute("INSERT INTO log (event_id, subject) VALUES (?, ?)", (event, subject))
        channel.basic_publish(Message(f"{event} {subject}", delivery_mode=2), exchange="", routing_key=QUEUE)
        time.sleep(0.002)


def consume(database: sqlite3.Connection, connection: Connection) -> None:
    """The effect, committed; then the acknowledgement."""
    channel = connection.default_channel
    channel.queue_declare(QUEUE, durable=True, auto_delete=False)
    channel.basic_qos(0, 50, False)

    def arrived(message: Message) -> None:
        event, subject = str(message.body).split()
        with database:
            database.execute("INSERT INTO seen (event_id, subject) VALUES (?, ?)", (event, subject))
        channel.basic_ack(message.delivery_tag)

    channel.basic_consume(QUEUE, no_ack=False, consumer_tag="", callback=arrived)
    while True:
        connection.drain_events(timeout=60)


def forever(work: Callable[[sqlite3.Connection, Connection], None], file: str, url: str) -> None:
    """Reconnects when the broker goes, as every tutorial does."""
    database = sqlite3.connect(file, timeout=15)
    database.execute("PRAGMA journal_mode=WAL")
    database.executescript(TABLES)
    while True:
        try:
            with Connection(url, connect_timeout=3) as connection:
                work(database, connection)
        except (OSError, KombuError, AMQPError):
            time.sleep(0.2)


if __name__ == "__main__":
    forever({"produce": produce, "consume": consume}[sys.argv[1]], sys.argv[2], sys.argv[3])
