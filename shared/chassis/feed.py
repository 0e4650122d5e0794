"""Reading another service's event log over HTTP: the transport without a broker, and the repair with one."""

from collections.abc import Callable
from dataclasses import dataclass

import orjson
import urllib3

from chassis.settings import Settings, SettingsError, env_prefix
from chassis.subscriptions import Received, received


class FeedUnavailable(Exception):
    """The source's worker did not answer; try again later."""


@dataclass(frozen=True)
class Page:
    """One answer of a feed: events after the position asked for, and what the source says of its log.

    `epochs` is given to readers that did not name the present one: (epoch, last sequence shared with the one before).
    """

    events: list[Received]
    scanned_through: int
    head: int
    epoch: str
    epochs: list[tuple[str, int]]

    def shared_with(self, epoch: str) -> int | None:
        """The last sequence that this log has in common with `epoch`; None when it never heard of it."""
        names = [name for name, _ in self.epochs]
        if epoch not in names:
            return None
        return min((start for _, start in self.epochs[names.index(epoch) + 1 :]), default=self.head)


class FeedClient:
    """Pulls from one source; keeps its connection. `token` makes the Authorization header per request."""

    def __init__(self, url: str, *, token: Callable[[], str]):
        self._url = url.rstrip("/") + "/events"
        self._token = token
        self._pool = urllib3.PoolManager(maxsize=2, retries=False)

    def read(self, *, after: int, limit: int = 500, wait: float = 0.0, epoch: str = "") -> Page:
        """Events after `after`; holds on up to `wait` seconds until there is one, or the log is not in `epoch`.

        FeedUnavailable when it fails.
        """
        try:
            answer = self._pool.request(
                "GET",
                f"{self._url}?after={after}&limit={limit}&wait={wait:g}&epoch={epoch}",
                headers={"Authorization": f"Bearer {self._token()}"},
                timeout=urllib3.Timeout(connect=2.0, read=wait + 10.0),
            )
            if answer.status != 200:
                raise FeedUnavailable(f"{self._url}: {answer.status} {answer.data[:200]!r}")
            body = orjson.loads(answer.data)
            events = [received(item) for item in body["events"]]
            epochs = [(name, int(start)) for name, start in body["epochs"]]
        except (urllib3.exceptions.HTTPError, ValueError, KeyError) as error:
            raise FeedUnavailable(f"{self._url}: {error}") from error
        return Page(events, body["scanned_through"], body["head"], body["epoch"], epochs)


def locations(settings: Settings) -> dict[str, str]:
    """Feed address of each service this installation knows, from the setting FEEDS."""
    found = {}
    for item in filter(None, settings.feeds.split(",")):
        name, _, url = item.strip().partition("=")
        if not name or not url.startswith(("http://", "https://")):
            raise SettingsError(f"{env_prefix(settings.service)}_FEEDS: {item!r} is not <service>=<url>")
        found[name] = url
    return found
