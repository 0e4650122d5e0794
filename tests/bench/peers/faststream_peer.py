"""FastStream on uvloop: publisher confirms, a quorum queue, fifty messages in hand, asyncpg."""

import asyncio
import sys
import threading
import time

import asyncpg
import uvloop
from faststream.rabbit import Channel, QueueType, RabbitBroker, RabbitExchange, RabbitQueue

from tests.bench.peers import courier

EXCHANGE = RabbitExchange(f"{courier.NAMESPACE}.faststream", durable=True)
QUEUE = RabbitQueue(f"{courier.NAMESPACE}.faststream.shop", queue_type=QueueType.QUORUM, durable=True)
BOOK, ARRIVE = (
    statement.replace("%s", "$1", 1).replace("%s", "$2", 1).replace("%s", "$3", 1)
    for statement in (courier.BOOK, courier.ARRIVE)
)
AT_ONCE = courier.AT_ONCE
POOL = 4  # connections to the database; more gained nothing


async def receive() -> None:
    pool = await asyncpg.create_pool(courier.DATABASE, min_size=1, max_size=POOL)
    broker = RabbitBroker(courier.AMQP, logger=None)

    @broker.subscriber(QUEUE, EXCHANGE, channel=Channel(prefetch_count=50))
    async def arrived(message: dict) -> None:
        await pool.execute(ARRIVE, message["id"], message["label"])
        courier.handled(message["id"])

    await broker.start()
    print("ready", flush=True)
    await asyncio.Event().wait()


async def send() -> None:
    pool = await asyncpg.create_pool(courier.DATABASE, min_size=1, max_size=POOL)
    broker = RabbitBroker(courier.AMQP, logger=None)
    await broker.start()
    exchange = await broker.declare_exchange(EXCHANGE)
    queue = await broker.declare_queue(QUEUE)
    await queue.bind(exchange, routing_key=QUEUE.name)
    orders: asyncio.Queue = asyncio.Queue()
    loop = asyncio.get_running_loop()

    def read() -> None:
        for order in courier.orders():
            loop.call_soon_threadsafe(orders.put_nowait, order)

    threading.Thread(target=read, daemon=True).start()
    times: list[tuple[str, float]] = []

    async def one(book: bool = True) -> None:
        parcel = courier.parcel()
        if book:
            await pool.execute(BOOK, parcel["id"], parcel["label"], parcel["receiver"])
        times.append((parcel["id"], time.time()))
        await broker.publish(parcel, exchange=EXCHANGE, routing_key=QUEUE.name, persist=True)

    async def some(count: int, book: bool) -> None:
        for _ in range(count):
            await one(book)

    while order := await orders.get():
        times.clear()
        if pace := order.get("per_second"):
            began = loop.time()
            for place in range(order["count"]):
                await asyncio.sleep(max(0.0, began + place / pace - loop.time()))
                await one()
        else:
            await asyncio.gather(
                *(some((order["count"] + place) // AT_ONCE, order.get("book", True)) for place in range(AT_ONCE))
            )
        courier.answer(times=times if order.get("times") else None)


if __name__ == "__main__":
    uvloop.run(send() if sys.argv[1] == "send" else receive())
