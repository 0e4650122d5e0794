"""What every JSON route does, shown on the sample service on both databases."""

import threading

import pytest

from chassis.api import Api

API = "/gadgets/api/v1"


@pytest.fixture
def maker(client):
    return client.as_role("all")


def make(client, **values):
    answer = client.post(f"{API}/gadgets", json={"name": "lamp"} | values)
    assert answer.status_code == 201, answer.get_data(as_text=True)
    return answer.json


def test_a_made_record_is_answered_with_etag_and_utc_times(maker):
    answer = maker.post(f"{API}/gadgets", json={"name": "灯", "price": "12.5", "built_on": "2026-01-02"})
    assert answer.status_code == 201
    assert answer.headers["ETag"] == '"1"'
    assert answer.json["name"] == "灯"
    assert answer.json["price"] == "12.50"
    assert answer.json["built_on"] == "2026-01-02"
    assert answer.json["created_at"].endswith("Z")
    assert maker.get(f"{API}/gadgets/{answer.json['id']}").json == answer.json


@pytest.mark.parametrize(
    ("request_", "status", "code"),
    [
        ({"data": b"{", "content_type": "application/json"}, 400, "bad_request"),
        ({"data": b'{"name":"\xff"}', "content_type": "application/json"}, 400, "bad_request"),
        ({"data": b'{"name":"\\ud800"}', "content_type": "application/json"}, 400, "bad_request"),
        ({"data": b"name=x", "content_type": "text/plain"}, 415, "unsupported_media_type"),
        ({"data": b'{"name":"' + b"x" * 1_100_000 + b'"}', "content_type": "application/json"}, 413, "too_large"),
        ({"json": {}}, 422, "invalid"),
        ({"json": []}, 422, "invalid"),
        ({"json": {"name": "a\0b"}}, 422, "invalid"),
        ({"json": {"name": "x", "custom": {"deep\0": [1]}}}, 422, "invalid"),
        ({"json": {"name": "x", "custom": {"deep": ["\0"]}}}, 422, "invalid"),
        ({"json": {"name": "x", "size": 2**63}}, 422, "invalid"),
        ({"data": b'{"name":"x","size":1' + b"0" * 30 + b"}", "content_type": "application/json"}, 422, "invalid"),
        ({"json": {"name": "x", "size": -1}}, 422, "invalid"),
        ({"json": {"name": "x", "unknown": 1}}, 422, "invalid"),
        ({"json": {"name": "too many"}}, 409, "too_many_gadgets"),
        ({"json": {"name": "bug"}}, 500, "internal_error"),
    ],
    ids=lambda value: None if isinstance(value, dict) else str(value),
)
def test_a_bad_request_is_a_problem_document(maker, request_, status, code):
    answer = maker.post(f"{API}/gadgets", **request_)
    assert answer.status_code == status
    assert answer.content_type == "application/problem+json"
    assert answer.json["code"] == code
    assert answer.json["status"] == status
    assert len(answer.json["trace_id"]) == 32
    assert "secret internals" not in answer.get_data(as_text=True)


def test_messages_are_in_the_callers_language(maker):
    english = maker.post(f"{API}/gadgets", json={"name": "x" * 81}).json
    chinese = maker.speaking("zh-CN,zh;q=0.9").post(f"{API}/gadgets", json={"name": "x" * 81}).json
    assert english["errors"] == {"name": ["Length must be between 1 and 80."]}
    assert chinese["errors"] == {"name": ["长度须在 1 与 80 之间。"]}
    assert chinese["title"] == "提交的内容有误"
    assert english["code"] == chinese["code"]


def test_a_constraint_of_the_database_is_a_conflict(maker):
    make(maker, code="A1")
    answer = maker.post(f"{API}/gadgets", json={"name": "other", "code": "A1"})
    assert (answer.status_code, answer.json["code"]) == (409, "conflict")


@pytest.mark.parametrize(
    "path", ["/nothing", "/gadgets/none", "/gadgets/%00", "/gadgets/%ff", "/gadgets/" + "9" * 3000]
)
def test_an_unknown_address_or_record_is_not_found(maker, path):
    answer = maker.get(API + path)
    assert (answer.status_code, answer.content_type) == (404, "application/problem+json")


def test_a_wrong_method_says_which_are_right(maker):
    answer = maker.delete(f"{API}/gadgets")
    assert answer.status_code == 405
    assert "POST" in answer.headers["Allow"]


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=201", "limit=x", "sort=nothing", "cursor=zzz", "cursor=W10", "fields=nothing", "more=1",
              "sort=name&sort=size", "cursor=%00", "limit=99999999999999999999"]
)  # fmt: skip
def test_a_bad_query_parameter_is_named(maker, query):
    answer = maker.get(f"{API}/gadgets?{query}")
    assert answer.status_code == 422
    assert answer.json["code"] == "invalid"


def test_an_address_that_is_no_utf8_is_refused(maker):
    assert maker.get(f"{API}/gadgets?sort=%ff").status_code == 400


@pytest.mark.parametrize(
    "sort", ["-created_at", "name", "-score,name", "score", "price,-size", "-built_on", "size,-name"]
)
def test_pages_follow_each_other_without_gap_or_repeat_whatever_the_order(maker, sort):
    for place in range(11):
        make(
            maker, name=f"n{place % 3}", size=place % 4, score=None if place % 3 == 0 else place % 2,
            price=None if place == 5 else f"{place % 5}.10", built_on=None if place % 4 == 1 else f"2026-01-0{1 + place % 3}",
        )  # fmt: skip
    whole = maker.get(f"{API}/gadgets?limit=200&sort={sort}").json["items"]
    seen, cursor = [], ""
    while cursor is not None:
        page = maker.get(f"{API}/gadgets?limit=3&sort={sort}&cursor={cursor}").json
        assert "items" in page, page
        seen += page["items"]
        cursor = page["next_cursor"]
    assert [item["id"] for item in seen] == [item["id"] for item in whole]
    assert len(seen) == 11
    first = sort.split(",")[0].lstrip("-")
    values = [item[first] for item in seen]
    filled = [value for value in values if value is not None]
    assert values == filled + [None] * (len(values) - len(filled))
    assert filled == sorted(filled, reverse=sort.startswith("-"))


def test_a_cursor_of_another_order_is_refused(maker):
    for name in "abc":
        make(maker, name=name)
    cursor = maker.get(f"{API}/gadgets?limit=1&sort=name").json["next_cursor"]
    assert maker.get(f"{API}/gadgets?limit=1&sort=-name&cursor={cursor}").status_code == 422


def test_a_list_answers_only_the_members_asked_for(maker):
    made = make(maker)
    page = maker.get(f"{API}/gadgets?fields=name,id&count=true").json
    assert page == {
        "items": [{"id": made["id"], "name": "lamp"}],
        "next_cursor": None,
        "count": 1,
        "count_is_exact": True,
    }


def test_a_filter_is_compiled_by_the_routes_hook(maker):
    make(maker, name="small", size=1)
    make(maker, name="large", size=9)
    assert [item["name"] for item in maker.get(f"{API}/gadgets?filter=5").json["items"]] == ["large"]


def test_hidden_members_are_neither_answered_nor_sortable(client, maker):
    made = make(maker, price="5.00")
    blind = client.as_role("all", "blind")
    assert "price" not in blind.get(f"{API}/gadgets/{made['id']}").json
    assert "price" not in blind.get(f"{API}/gadgets").json["items"][0]
    assert blind.get(f"{API}/gadgets?sort=price").status_code == 422
    assert blind.get(f"{API}/gadgets?fields=price").status_code == 422


def test_a_change_based_on_an_old_version_is_refused(maker):
    made = make(maker)
    path = f"{API}/gadgets/{made['id']}"
    fresh = maker.patch(path, json={"name": "new"}, headers={"If-Match": '"1"'})
    assert (fresh.status_code, fresh.headers["ETag"]) == (200, '"2"')
    for condition in ('"1"', "nonsense"):
        stale = maker.patch(path, json={"name": "newer"}, headers={"If-Match": condition})
        assert (stale.status_code, stale.json["code"]) == (412, "stale_version")
    assert maker.patch(path, json={"name": "free"}).status_code == 200
    assert maker.patch(path, json={"name": "any"}, headers={"If-Match": "*"}).status_code == 200
    assert maker.delete(path, headers={"If-Match": '"4", W/"1"'}).status_code == 204
    assert maker.get(path).status_code == 404


def test_a_repeated_post_has_one_effect_and_the_same_answer(maker, client):
    headers = {"Idempotency-Key": "order-1"}
    first = maker.post(f"{API}/gadgets", json={"name": "once"}, headers=headers)
    again = maker.post(f"{API}/gadgets", json={"name": "once"}, headers=headers)
    assert again.json == first.json
    assert again.status_code == 201
    assert again.headers["ETag"] == first.headers["ETag"]
    assert again.headers["Idempotent-Replayed"] == "true"
    assert len(maker.get(f"{API}/gadgets").json["items"]) == 1
    other = maker.post(f"{API}/gadgets", json={"name": "twice"}, headers=headers)
    assert (other.status_code, other.json["code"]) == (422, "idempotency_key_reused")


def test_a_refused_post_may_be_tried_again_with_the_same_key(maker):
    headers = {"Idempotency-Key": "order-2"}
    assert maker.post(f"{API}/gadgets", json={"name": "bug"}, headers=headers).status_code == 500
    assert maker.post(f"{API}/gadgets", json={"name": "bug"}, headers=headers).status_code == 500
    assert maker.post(f"{API}/gadgets", json={"name": "x"}, headers={"Idempotency-Key": "ü"}).status_code == 422


def test_a_key_is_forgotten_after_a_day(client, time):
    def post():
        answer = client.as_role("all").post(
            f"{API}/gadgets", json={"name": "x"}, headers={"Idempotency-Key": "order-3"}
        )
        return answer.json["id"]

    first = post()
    time.pass_(hours=23)
    assert post() == first
    time.pass_(hours=2)
    assert post() != first


def test_of_many_posts_with_one_key_at_once_one_has_an_effect(maker):
    ready, answers = threading.Barrier(6), []

    def post():
        ready.wait(10)
        answers.append(maker.post(f"{API}/gadgets", json={"name": "race"}, headers={"Idempotency-Key": "race"}))

    threads = [threading.Thread(target=post) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {answer.status_code for answer in answers} <= {201, 409}
    assert len({answer.json["id"] for answer in answers if answer.status_code == 201}) == 1
    assert len(maker.get(f"{API}/gadgets").json["items"]) == 1


def test_every_answer_has_the_security_headers(client):
    answer = client.get(f"{API}/ping")
    assert answer.json == {"pong": True}
    assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
    assert "unsafe" not in answer.headers["Content-Security-Policy"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cache-Control"] == "no-store"


def test_a_route_must_say_who_may_use_it():
    with pytest.raises(TypeError):
        Api("gadgets").get("/x")
    with pytest.raises(TypeError):
        Api("gadgets").get("/x", allow=lambda call: True, public=True)


def test_the_openapi_document_tells_all(client):
    document = client.get("/gadgets/openapi.json").json
    assert document["openapi"] == "3.1.0"
    made = document["paths"][f"{API}/gadgets"]["post"]
    assert {"201", "400", "401", "403", "409", "413", "415", "422", "503"} <= made["responses"].keys()
    assert "too_many_gadgets" in made["responses"]["409"]["description"]
    assert document["paths"][f"{API}/ping"]["get"]["security"] == []
    page = client.get("/gadgets/docs", headers={"Accept": "text/html"})
    text = page.get_data(as_text=True)
    assert page.status_code == 200
    assert 'id="problem-too_many_gadgets"' in text
    assert "<script" not in text
    assert " style=" not in text
    assert client.get("/gadgets/docs.css").mimetype == "text/css"
    assert "接口" in client.speaking("zh").get("/gadgets/docs").get_data(as_text=True)
