"""Every route of every service, generated from the route tables, walked as each kind of narrow role: nothing leaks, no
parameter widens, and nothing of other people's is changed."""

from collections import Counter
from typing import Any

import pytest

from tests.access import requests_of, world
from tests.access.canaries import Canary

SERVICES = ("leads", "sales", "service-desk", "approvals", "reporting", "gateway")
ALWAYS = (
    "walk_own",
    "walk_masked",
)  # the two narrownesses that find the most; the others are walked by `crm test access`
WHOLE = ("walk_nothing", "walk_none", "walk_team", "walk_tree")
WALKERS = [*ALWAYS, *(pytest.param(key, marks=pytest.mark.whole) for key in WHOLE)]
pytestmark = pytest.mark.xdist_group("walk")
COUNTED: Counter[str] = Counter()


def _may_see(walker: world.Walker, mark: Canary) -> bool:
    if walker.masked:
        rules = walker.grants.get(mark.kind, {}).get("fields", {})
        return mark.field == "" or rules.get(mark.field, "edit") in ("read", "edit")
    return walker.reach == "own" and mark.mine


def test_the_administrator_does_see_the_canaries(everything: Any) -> None:
    """The walk has eyes: what it looks for is there to be seen."""
    for service in SERVICES:
        seen: set[Canary] = set()
        client = everything.suite.client(service)
        admin = world.Walker("admin", "all")
        for request in requests_of.service(everything, service, admin):
            if request.method == "GET":
                seen |= everything.canaries.found(world.as_text(client.open(request.path)))
        shown = {mark.kind for mark in seen if mark.service == service}
        planted = {mark.kind for mark in everything.canaries.words if mark.service == service}
        assert planted <= shown, (service, planted - shown)


@pytest.mark.parametrize("key", WALKERS)
@pytest.mark.parametrize("service", SERVICES)
def test_no_route_leaks_widens_or_changes_what_is_out_of_reach(everything: Any, service: str, key: str) -> None:
    walker = everything.walkers[key]
    client = everything.client(service, key)
    problems: dict[str, str] = {}
    for request in requests_of.service(everything, service, walker):
        last = everything.last_event(service)
        answer = client.open(request.path, method=request.method, **request.arguments())
        COUNTED[f"{service} {key}"] += 1
        text = world.as_text(answer)
        leaked = [mark for mark in everything.canaries.found(text) if not _may_see(walker, mark)]
        name = f"{request.method} {request.rule}"
        if leaked:
            problems.setdefault(f"{name} leak", f"{request.path} {answer.status_code} {leaked[:3]}")
        if answer.status_code >= 500 and answer.status_code != 503:
            problems.setdefault(f"{name} fails", f"{request.path} {request.sent()[:200]} {answer.status_code}")
        if request.method != "GET" and answer.status_code < 400:
            problems |= _changed(everything, service, walker, request, last)
        if request.must_refuse and answer.status_code < 400:
            problems.setdefault(f"{name} takes what it must refuse", f"{request.path} {request.sent()[:200]}")
    print(f"{service} {key}: {COUNTED[f'{service} {key}']} requests")
    assert not problems, "\n".join(f"{name}: {what}" for name, what in sorted(problems.items()))


def _changed(everything: Any, service: str, walker: world.Walker, request: Any, last: int) -> dict[str, str]:
    """What an accepted request wrote about records out of reach, or with references to them."""
    found = {}
    foreign = {f"{kind}/{id_}" for kind, ids in everything.foreign[service].items() for id_ in ids}
    touched = [each for each in everything.subjects_since(service, last) if each[0] in foreign]
    if touched and walker.reach != "all":
        found[f"{request.method} {request.rule} changes others' records"] = f"{request.path} {touched[:3]}"
    sent = request.sent()
    named = {
        id_ for ids in everything.foreign[service].values() for id_ in ids if id_ in sent and id_ not in request.path
    }
    written = everything.written_since(service, last)
    if walker.reach != "all" and any(id_ in written for id_ in named):
        found[f"{request.method} {request.rule} takes a foreign reference"] = f"{request.path} {sent[:300]}"
    return found
