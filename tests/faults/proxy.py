"""A TCP proxy that misbehaves on demand: between services and broker, services and database, service and service."""

import asyncio
import contextlib
import threading
from collections.abc import Coroutine
from typing import Any

HOST = "127.0.0.1"
SLOW_DELAY, SLOW_BYTES = 0.05, 200_000  # seconds a chunk waits; bytes a second


class Proxy:
    """Listens on `port` for `upstream`. `mode` is what happens to bytes now; `heal()` ends what a fault has broken."""

    def __init__(self, port: int, upstream: int):
        self.port, self.upstream = port, upstream
        self.mode = "pass"
        self.rewrite = lambda data: data  # of what clients send
        self._links: set[_Link] = set()
        self._server: asyncio.Server | None = None
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name=f"proxy {port}", daemon=True)

    @property
    def runs(self) -> bool:
        return self._thread.is_alive()

    def start(self) -> "Proxy":
        self._thread.start()
        self._do(self._listen())
        return self

    def cut(self) -> None:
        """Break every connection and refuse new ones."""
        self.mode = "cut"
        self._do(self._unlisten())
        self._do(self._break(lambda _: True))

    def drop_connections(self) -> None:
        """Break every connection once; new ones are fine."""
        self._do(self._break(lambda _: True))

    def slow(self) -> None:
        """Every chunk waits, and only so many bytes a second pass."""
        self.mode = "slow"

    def half_open(self) -> None:
        """Connections there are stay open and swallow all bytes; new ones work."""
        for link in list(self._links):
            link.dead = True

    def black_hole(self) -> None:
        """All connections, new ones too, stay open and swallow all bytes."""
        self.mode = "black hole"
        self.half_open()

    def heal(self) -> None:
        """As it should be; what was swallowed on is broken now, as the other end would say."""
        self.mode = "pass"
        self.rewrite = lambda data: data
        self._do(self._listen())
        self._do(self._break(lambda link: link.dead))

    def stop(self) -> None:
        self._do(self._unlisten())
        self._do(self._break(lambda _: True))
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)
        self._loop.close()

    def _do(self, work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(10)

    async def _listen(self) -> None:
        if self._server is None:
            self._server = await asyncio.start_server(self._accept, HOST, self.port)

    async def _unlisten(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None

    async def _break(self, which: Any) -> None:
        for link in [link for link in self._links if which(link)]:
            link.abort()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        link = _Link(self, writer, dead=self.mode == "black hole")
        self._links.add(link)
        try:
            back, forth = await asyncio.open_connection(HOST, self.upstream)
            link.writers.append(forth)
            await asyncio.gather(link.pump(reader, forth, asked=True), link.pump(back, writer, asked=False))
        except OSError:
            pass
        finally:
            link.abort()
            self._links.discard(link)


class _Link:
    """One connection with its two ends."""

    def __init__(self, proxy: Proxy, writer: asyncio.StreamWriter, *, dead: bool):
        self.proxy, self.writers, self.dead = proxy, [writer], dead

    async def pump(self, source: asyncio.StreamReader, target: asyncio.StreamWriter, *, asked: bool) -> None:
        with contextlib.suppress(OSError):
            while data := await source.read(65536):
                if self.dead:
                    continue
                if self.proxy.mode == "slow":
                    await asyncio.sleep(SLOW_DELAY + len(data) / SLOW_BYTES)
                target.write(self.proxy.rewrite(data) if asked else data)
                await target.drain()
        if not self.dead:
            target.close()

    def abort(self) -> None:
        for writer in self.writers:
            writer.transport.abort()
