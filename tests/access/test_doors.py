"""Doors that a walk of narrow roles passes by: what takes a named right, what lists count, what is published and shared."""

from typing import Any

import pytest

from tests.access import requests_of, world

SERVICES = ("leads", "sales", "service-desk", "approvals", "reporting", "gateway")
BY_RIGHT = (
    "/bulk",
    "/export",
    "/import",
)  # steps over many records; who may see and edit all of them may not yet do that
OWN_WORK = ("/tasks/bulk/approve",)  # many of one's own decisions, each as it would be alone
pytestmark = pytest.mark.xdist_group("walk")


@pytest.mark.parametrize("service", SERVICES)
def test_what_reaches_many_records_takes_its_right_however_much_one_may_see(everything: Any, service: str) -> None:
    walker, client = everything.walkers["walk_rightless"], everything.client(service, "walk_rightless")
    let_in = set()
    for request in requests_of.service(everything, service, walker):
        if any(part in request.rule for part in BY_RIGHT) and not request.rule.endswith(OWN_WORK):
            answer = client.open(request.path, method=request.method, **request.arguments())
            if answer.status_code < 400:
                let_in.add(f"{request.method} {request.rule} {answer.status_code}")
    assert not let_in


@pytest.mark.parametrize("service", SERVICES)
def test_every_list_shows_and_counts_what_is_within_reach_and_nothing_else(everything: Any, service: str) -> None:
    client = everything.client(service, "walk_own")
    app = everything.suite.apps[service]
    seen = 0
    for api in app.extensions["crm"].apis:
        for route in api.routes:
            kind = getattr(route.allow, "kind", None)
            if route.page is None or "<" in route.rule or kind not in {each.kind for each in everything.kinds(service)}:
                continue
            answer = client.open(f"{api.base}{route.rule}?limit=200&count=true", headers={"Accept": "application/json"})
            assert answer.status_code == 200, (route.rule, answer.json)
            shown = {item["id"] for item in answer.json["items"] if "id" in item}
            out_of_reach = set(everything.foreign[service].get(kind, ())) - set(everything.own[service].get(kind, ()))
            assert not shown & out_of_reach, route.rule
            assert answer.json["count"] == len(answer.json["items"]), route.rule
            seen += 1
    assert seen or service in ("approvals", "reporting", "gateway")


def test_the_published_keys_are_public_halves(everything: Any) -> None:
    for address in ("/gateway/.well-known/jwks.json",):
        published = everything.suite.client("gateway").open(address).json["keys"]
        assert published
        assert not [key for key in published if {"d", "p", "q", "dp", "dq", "qi", "k"} & key.keys()]
    for service, app in everything.suite.apps.items():
        folder = app.extensions["crm"].settings.keys_path
        assert not [path.name for path in folder.rglob("*") if path.suffix in (".pem", ".vault")], service


@pytest.mark.parametrize(("service", "kind"), [("leads", "lead"), ("sales", "account"), ("service-desk", "ticket")])
def test_a_record_is_shared_by_who_may_see_it_and_opens_only_itself_and_only_as_long(
    everything: Any, service: str, kind: str
) -> None:
    owner, other = everything.client(service, "walk_own"), everything.client(service, "walk_nothing")
    base = f"/{service}/api/v1"
    mine, theirs = everything.own[service][kind][0], everything.foreign[service][kind][0]
    given = {
        "subject_kind": kind,
        "grantee_id": everything.ids["walk_nothing"],
        "level": "read",
    }  # who has no role at all
    assert owner.post(f"{base}/shares", json=given | {"subject_id": theirs}).status_code == 404
    assert owner.get(f"{base}/shares?subject_kind={kind}&subject_id={theirs}").status_code == 404
    record = f"{base}/{kind}s/{mine}"
    assert other.get(record).status_code in (403, 404)
    made = owner.post(f"{base}/shares", json=given | {"subject_id": mine})
    assert made.status_code == 201, made.json
    share = next(item["id"] for item in made.json["items"] if item["grantee_id"] == given["grantee_id"])
    assert other.get(record).status_code == 200
    assert other.get(f"{base}/{kind}s/{theirs}").status_code in (403, 404)
    assert other.patch(record, json={"tags": ["x"]}).status_code in (403, 404)
    assert other.delete(f"{base}/shares/{kind}/{mine}/{share}").status_code in (403, 404, 409)
    assert owner.delete(f"{base}/shares/{kind}/{mine}/{share}").status_code == 204
    assert other.get(record).status_code in (403, 404)


def test_the_walkers_are_as_narrow_as_they_are_called(everything: Any) -> None:
    assert {walker.reach for walker in everything.walkers.values()} == {"none", "own", "all"}
    assert not everything.walkers["walk_rightless"].grants["*"]["rights"]
    assert everything.walkers["walk_own"].grants["*"]["rights"] == list(world.RIGHTS)


@pytest.mark.parametrize("service", SERVICES)
def test_nobody_finds_a_record_by_a_value_that_is_hidden_from_them(everything: Any, service: str) -> None:
    client = everything.client(service, "walk_masked")
    kinds = {kind.kind: kind for kind in everything.kinds(service)}
    for api in everything.suite.apps[service].extensions["crm"].apis:
        for route in api.routes:
            kind = kinds.get(getattr(route.allow, "kind", None))
            if route.page is None or "<" in route.rule or kind is None:
                continue
            hidden = requests_of.hidden_from(everything.walkers["walk_masked"], kind.kind) & set(kind.searched)
            for name in sorted(hidden):
                words = [
                    f"cnr{number:06d}x"
                    for number, mark in enumerate(everything.canaries.words)
                    if (mark.service, mark.kind, mark.field) == (service, kind.kind, name)
                ]
                for word in words[:2]:
                    answer = client.open(f"{api.base}{route.rule}?q={word}", headers={"Accept": "application/json"})
                    assert not answer.json.get("items"), f"{route.rule} finds by {name}"
