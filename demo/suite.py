"""The suite as the demo sees it: people who log in and call the API, and a wait for what comes by event."""

import json
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import urllib3

from demo.narration import Broken

PEOPLE: dict[str, Any] = json.loads((Path(__file__).parent / "people.json").read_text())
BY_ID = {person["id"]: person for person in PEOPLE["people"]}
BY_KEY = {person["key"]: person for person in PEOPLE["people"]}
AWAY = (502, 503, 504, 599)
_BROWSER = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36"
WAIT = 30.0  # seconds for something to come by event; normally it takes well under one


@dataclass(frozen=True)
class Answer:
    """Status and decoded body of one call."""

    status: int
    body: Any

    @property
    def ok(self) -> bool:
        return self.status < 400

    def __getitem__(self, name: str) -> Any:
        return self.body[name]


class Person:
    """Someone logged in; calls carry the token."""

    def __init__(self, suite: "Suite", key: str, token: str):
        self.suite, self.key, self.token = suite, key, token
        self.id: str = BY_KEY[key]["id"]
        self.name: str = BY_KEY[key]["name"]["zh"]

    def get(self, path: str, **query: object) -> Answer:
        return self.suite.call("GET", path, query=query, token=self.token)

    def post(self, path: str, body: object = None, *, content: bytes | None = None, **query: object) -> Answer:
        """Done once, however often it has to be sent: every try carries the same Idempotency-Key."""
        key = uuid.uuid4().hex
        return persist(
            lambda: self.suite.call(
                "POST", path, body=body, content=content, query=query, token=self.token, idempotency_key=key
            )
        )

    def patch(self, path: str, body: object) -> Answer:
        return persist(lambda: self.suite.call("PATCH", path, body=body, token=self.token))

    def put(self, path: str, body: object) -> Answer:
        return persist(lambda: self.suite.call("PUT", path, body=body, token=self.token))

    def done(self, path: str, body: object = None, **query: object) -> Answer:
        """A call that must succeed for the story to go on; Broken with the problem's words otherwise."""
        answer = self.post(path, body, content=None, **query)
        if not answer.ok:
            raise Broken(f"POST {path}: {answer.status} {json.dumps(answer.body, ensure_ascii=False)[:600]}")
        return answer

    def read(self, path: str, **query: object) -> Answer:
        """Like `done` for GET."""
        answer = persist(lambda: self.get(path, **query))
        if not answer.ok:
            raise Broken(f"GET {path}: {answer.status} {json.dumps(answer.body, ensure_ascii=False)[:600]}")
        return answer


class Suite:
    """A running suite behind its front door."""

    def __init__(self, url: str):
        self.url = url.rstrip("/")
        self._pool = urllib3.PoolManager(maxsize=8, retries=urllib3.Retry(0), timeout=urllib3.Timeout(60.0))
        self._people: dict[str, Person] = {}

    def call(
        self,
        method: str,
        path: str,
        *,
        body: object = None,
        content: bytes | None = None,
        form: dict[str, str] | None = None,
        query: dict[str, object] | None = None,
        token: str = "",
        idempotency_key: str = "",
        at: str = "",
    ) -> Answer:
        """One request to the suite, or to the address `at`; 599 when nobody answers at all. `form` is a browser's."""
        headers = {"Accept-Language": "zh-CN", "User-Agent": _BROWSER}  # a quote opened by a program does not count
        if content is not None:
            headers["Content-Type"] = "text/csv"
        elif form is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
            content = urlencode(form).encode()
        elif body is not None:
            headers["Content-Type"] = "application/json"
            content = json.dumps(body).encode()
        if idempotency_key:
            headers["Idempotency-Key"] = idempotency_key
        if token:
            headers["Authorization"] = f"Bearer {token}"
        fields = {name: str(value) for name, value in (query or {}).items()}
        address = f"{at or self.url}{path}" + (f"?{urlencode(fields)}" if fields else "")
        try:
            answer = self._pool.request(method, address, body=content, headers=headers)
        except urllib3.exceptions.HTTPError as error:
            return Answer(599, {"title": str(error)})
        kind = answer.headers.get("Content-Type", "")
        return Answer(answer.status, json.loads(answer.data) if "json" in kind and answer.data else answer.data)

    def page(self, path: str, form: dict[str, str] | None = None) -> tuple[int, str]:
        """Status and HTML of a public page, opened or its form sent."""
        answer = persist(lambda: self.call("GET" if form is None else "POST", path, form=form))
        return answer.status, answer.body.decode() if isinstance(answer.body, bytes) else str(answer.body)

    def log_in(self, key: str) -> Person:
        """The demo person called `key`, logged in once."""
        if key not in self._people:
            who = {"email": BY_KEY[key]["email"], "password": PEOPLE["password"]}
            answer = persist(lambda: self.call("POST", "/gateway/api/v1/sessions", body=who))
            if answer.status != 201:
                raise Broken(f"{key} cannot log in: {answer.status} {answer.body}; is the demo data there?")
            self._people[key] = Person(self, key, answer["access_token"])
        return self._people[key]

    def by_id(self, user_id: str) -> Person:
        return self.log_in(BY_ID[user_id]["key"])


def persist(send: Callable[[], Answer]) -> Answer:
    """The answer; while a process is being started again nobody answers, and a patient client asks once more."""
    deadline = time.monotonic() + WAIT
    while True:
        answer = send()
        if answer.status not in AWAY or time.monotonic() > deadline:
            return answer
        time.sleep(0.3)


def eq(**wanted: object) -> str:
    """A list's `filter`: these fields have these values."""
    return json.dumps({"all": [{"field": name, "op": "eq", "value": value} for name, value in wanted.items()]})


def until(look: Callable[[], Any], *, seconds: float = WAIT) -> Any:
    """The first truthy value of `look`, None after `seconds`."""
    deadline = time.monotonic() + seconds
    while True:
        value = look()
        if value or time.monotonic() > deadline:
            return value or None
        time.sleep(0.2)
