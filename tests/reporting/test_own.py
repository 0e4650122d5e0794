"""Dashboards and metrics people make in the editor: drafts are their author's, what does not hold is said at its place."""

import json

HTML = {"Accept": "text/html"}
BOARDS, METRICS = "/reporting/own-dashboards", "/reporting/own-metrics"
TITLE = {"zh": "我的看板", "en": "Mine"}


def see(client, path, status=200):
    answer = client.get(path, headers=HTML)
    assert answer.status_code == status, answer.text[:2000]
    return answer.text


def save(client, address, body, version=0):
    document = json.dumps({"title": TITLE, "body": body})
    answer = client.post(f"{address}/draft", data={"document": document, "version": str(version)}, headers=HTML)
    assert answer.status_code == 200, answer.text[:2000]
    return answer.json


def publish(client, address, version):
    return client.post(f"{address}/publish", data={"version": str(version)}, headers=HTML)


def board(**tile):
    shown = {"key": "won", "kind": "number", "metrics": ["won_amount"], "condition": {"all": []}}
    return {"period": "last_90_days", "tiles": [shown | tile]}


def test_a_dashboard_is_drafted_by_one_person_tried_published_and_opened(company, client):
    hua, lin = client.as_user("hua"), client.as_user("lin")
    assert (
        hua.post(f"{BOARDS}/new", data={"zh": "我的看板", "en": "Mine", "key": "mine"}, headers=HTML).status_code == 303
    )
    wrong = save(hua, f"{BOARDS}/mine", board(metrics=["no_such"]), version=1)
    assert wrong["problems"][0]["at"] == "tiles.0"
    assert "no_such" in wrong["problems"][0]["text"]
    assert publish(hua, f"{BOARDS}/mine", wrong["version"]).status_code == 422
    right = save(hua, f"{BOARDS}/mine", board(), version=wrong["version"])
    assert right["problems"] == []
    tried = hua.post(f"{BOARDS}/mine/simulate", data={"days": "30"}, headers=HTML)
    assert tried.status_code == 200
    assert "reporting/dashboards/mine" not in see(hua, "/reporting/dashboards")
    assert publish(hua, f"{BOARDS}/mine", right["version"]).status_code == 303
    assert "Mine" in see(hua, "/reporting/dashboards/mine")
    assert "Mine" in see(hua, BOARDS)
    see(lin, "/reporting/dashboards/mine", 404)


def test_a_draft_of_mine_is_not_seen_by_colleagues(company, client):
    hua, mo = client.as_user("hua"), client.as_user("mo")
    assert (
        hua.post(f"{BOARDS}/new", data={"zh": "裁员计划", "en": "Cuts", "key": "cuts"}, headers=HTML).status_code == 303
    )
    assert "Cuts" in see(hua, BOARDS)
    for colleague in (mo, client.as_role("admin")):
        answer = colleague.get(BOARDS, headers=HTML)
        assert "Cuts" not in answer.text
        assert colleague.get(f"{BOARDS}/cuts", headers=HTML).status_code in (403, 404)


def test_a_metric_is_made_in_the_editor_and_used_in_questions(company, client):
    hua = client.as_user("hua")
    assert (
        hua.post(f"{METRICS}/new", data={"zh": "大单", "en": "Big", "key": "big_wins"}, headers=HTML).status_code == 303
    )
    begun = save(
        hua, f"{METRICS}/big_wins", {"type": "simple", "aggregate": "count", "unit": "count", "good": "up"}, version=1
    )
    assert begun["problems"][0]["at"] == "fact"
    body = {"type": "simple", "fact": "opportunity", "aggregate": "count", "time": "closed_at", "unit": "count", "good": "up",
            "condition": {"field": "no_such", "op": "eq", "value": 1}}  # fmt: skip
    wrong = save(hua, f"{METRICS}/big_wins", body, version=begun["version"])
    assert "no_such" in json.dumps(wrong["problems"])
    right = save(hua, f"{METRICS}/big_wins", body | {"condition": {"all": []}}, version=wrong["version"])
    assert publish(hua, f"{METRICS}/big_wins", right["version"]).status_code == 303
    assert "big_wins" in see(hua, "/reporting/metrics")
    asked = {"metrics": ["big_wins"], "period": {"from": "2026-08-01", "to": "2026-08-31"}}
    assert hua.post("/reporting/api/v1/query", json=asked).status_code == 200


def test_what_is_used_stays_and_what_is_not_goes(company, client):
    hua = client.as_user("hua")
    counted = {"type": "simple", "fact": "opportunity", "time": "closed_at", "unit": "count", "good": "up"}
    for address, key, body in ((METRICS, "big_wins", counted), (BOARDS, "mine", board(metrics=["big_wins"]))):
        assert hua.post(f"{address}/new", data={"zh": "我", "en": "Mine", "key": key}, headers=HTML).status_code == 303
        assert (
            publish(hua, f"{address}/{key}", save(hua, f"{address}/{key}", body, version=1)["version"]).status_code
            == 303
        )
    refused = hua.post(f"{METRICS}/big_wins/remove", headers=HTML | {"HX-Request": "true"})
    assert refused.status_code == 409
    assert "mine" in refused.text
    for address in (f"{BOARDS}/mine", f"{METRICS}/big_wins"):
        assert hua.post(f"{address}/remove", headers=HTML).status_code == 303
        see(hua, address, 404)
