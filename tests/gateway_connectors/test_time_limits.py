"""A partner who answers a byte now and then: the call ends all the same, and the next one is served."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest

from integration_gateway.connectors import http
from integration_gateway.connectors.contract import ConnectorError

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
PIECES = 60  # of a tenth of a second each: whoever is not cut gets a whole answer in the end


@contextmanager
def dripping(before: bytes, piece: bytes, after: bytes) -> Iterator[tuple[str, threading.Event]]:
    """A server that sends `before` at once, `piece` again and again, then `after`; says when it was hung up on."""
    hung_up, stop = threading.Event(), threading.Event()
    server = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        with suppress(OSError):
            while not stop.is_set():
                line, _ = server.accept()
                with line:
                    line.recv(65536)
                    try:
                        line.sendall(before)
                        for _piece in range(PIECES):
                            line.sendall(piece)
                            if stop.wait(0.1):
                                return
                        line.sendall(after)
                    except OSError:
                        hung_up.set()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.getsockname()[1]}/x", hung_up
    finally:
        stop.set()
        server.shutdown(socket.SHUT_RDWR)
        server.close()
        thread.join(10)


DRIPS = {
    "head": (HEAD, b"X-Slow: 1\r\n", b"Content-Length: 2\r\n\r\n{}"),
    "body": (HEAD + b"Content-Length: %d\r\n\r\n[" % (PIECES + 2), b" ", b"]"),
    "body without a length": (HEAD + b"Connection: close\r\n\r\n{}", b" ", b""),
}


@pytest.mark.parametrize("part", DRIPS)
@pytest.mark.parametrize("writes", [True, False])
def test_a_partner_who_drips_cannot_hold_the_worker(part: str, writes: bool) -> None:
    with dripping(*DRIPS[part]) as (url, hung_up):
        with pytest.raises(ConnectorError, match=r"no whole answer in 0\.4 s") as refused:
            http.call("POST", url, json={}, writes=writes, read_seconds=5, total_seconds=0.4)
        assert refused.value.code == "timeout"
        assert refused.value.uncertain is writes
        assert not refused.value.permanent
        assert hung_up.wait(10)


def test_an_answer_in_time_is_whole_and_its_limit_ends_with_it() -> None:
    with dripping(HEAD + b"Content-Length: 2\r\n\r\n{}", b"", b"") as (url, _hung_up):
        answer = http.call("GET", url, writes=False, total_seconds=0.4)
        assert answer.json() == {}


def test_an_answer_beyond_all_measure_is_refused_and_not_cut_short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "LARGEST_BODY", 10)
    with (
        dripping(HEAD + b"Content-Length: 20\r\n\r\n" + b"1" * 20, b"", b"") as (url, _hung_up),
        pytest.raises(ConnectorError) as refused,
    ):
        http.call("GET", url, writes=False)
    assert refused.value.code == "too_large"
