"""Figures, drill-downs, pages and files keep to what their reader may see."""

from datetime import date
from io import BytesIO
from typing import Any

import openpyxl
import pytest
from sqlalchemy import func, select

from chassis.errors import Forbidden
from engines import access
from reporting.models import MetricDefinition
from reporting.querying import drill
from reporting.querying.answer import Question, ask

AUGUST = {"from": date(2026, 8, 1), "to": date(2026, 8, 31)}
API = "/reporting/api/v1"
QUERY = {
    "metrics": ["won_amount", "win_rate"],
    "dimensions": ["closed_owner_id"],
    "period": {"from": "2026-08-01", "to": "2026-08-31"},
}


@pytest.fixture
def deals(company):
    logs = company.logs
    logs.pipeline()
    logs.account()
    for n, owner in enumerate(("lin", "lin", "wang", "hua")):
        logs.pass_(hours=1).deal(f"o{n}", step="created", owner_id=owner)
        logs.pass_(days=1).deal(f"o{n}", "won", owner_id=owner)
    logs.activity("a1", "opportunity/o0")
    logs.activity("a2", "opportunity/o2", by="wang")
    logs.usage("sales", ("lin", "sales.board", "2026-08-10", 3), ("wang", "sales.board", "2026-08-10", 1))
    for user in ("lin", "wang"):
        logs.tell("gateway.user.changed.v1", f"user/{user}", user_id=user, department_id="east")
    company.catch_up()
    return company


def won(company: Any, who: str) -> int:
    with company.database.reading() as session:
        asked = Question(metrics=["won_amount"], period=AUGUST)
        return ask(session, caller=company.caller(who), question=asked).total.values["won_amount"]


def seen(company: Any, who: str, metric: str = "won_amount") -> list[str]:
    with company.database.reading() as session:
        found = drill.records(session, caller=company.caller(who), wanted=drill.Wanted(metric=metric, period=AUGUST))
        return sorted(item.id for item in found.items)


def test_a_seller_counts_and_sees_his_own(deals):
    assert won(deals, "lin") == 200_000
    assert seen(deals, "lin") == ["o0", "o1"]


def test_a_head_counts_and_sees_all(deals):
    assert won(deals, "hua") == 400_000
    assert seen(deals, "hua") == ["o0", "o1", "o2", "o3"]


def test_the_right_to_aggregate_opens_totals_and_no_records(deals):
    assert won(deals, "ana") == 400_000
    with pytest.raises(Forbidden):
        seen(deals, "ana")


def test_nobody_without_a_grant_counts_anything(deals):
    assert won(deals, "sun") == 0


def test_activities_follow_the_record_they_are_about(deals):
    assert seen(deals, "lin", "activities") == ["o0"]
    assert seen(deals, "hua", "activities") == ["o0", "o2"]


def test_use_by_person_is_for_those_who_may_see_totals(deals):
    with deals.database.reading() as session:
        asked = Question(metrics=["feature_uses"], period=AUGUST)
        uses = {
            who: ask(session, caller=deals.caller(who), question=asked).total.values["feature_uses"]
            for who in ("lin", "hua", "ana")
        }
    assert uses == {"lin": 0, "hua": 0, "ana": 4}


def test_a_change_of_owner_moves_the_record_to_the_new_one(deals):
    deals.logs.deal("o0", "won", step="changed", owner_id="wang")
    deals.catch_up()
    assert seen(deals, "lin") == ["o1"]
    assert seen(deals, "wang") == ["o0", "o2"]


def test_hidden_amounts_are_neither_summed_nor_listed(deals, client):
    mo = client.as_user("mo")
    answer = mo.post(f"{API}/query", json=QUERY)
    assert (answer.status_code, answer.json["code"]) == (403, "metric_hidden")
    listed = mo.post(f"{API}/query/records", json={"metric": "opportunities_won", "period": QUERY["period"]})
    assert listed.status_code == 200
    assert all("base_minor" not in item["values"] for item in listed.json["items"])


def test_the_api_answers_with_labels_versions_and_how_current_it_is(deals, client):
    answer = client.as_user("hua").post(f"{API}/query", json=QUERY | {"compare": "previous"})
    assert answer.status_code == 200, answer.json
    assert [row["labels"]["closed_owner_id"] for row in answer.json["rows"]] == ["Lin", "Hua", "Wang"]
    assert answer.json["rows"][0]["values"] == {"won_amount": "2000.00", "win_rate": 1.0}
    assert answer.json["compared"] == {"from": "2026-07-01", "to": "2026-07-31"}
    assert [column["version"] for column in answer.json["columns"]] == [None, 1, 1]
    assert set(answer.json["sources"]) == {"sales", "gateway"}


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"metrics": ["no_such"]}, "metrics"),
        ({"dimensions": ["loss_reason", "feature"]}, "dimensions"),
        ({"dimensions": ["time:minute"]}, "dimensions"),
        ({"period": "some day"}, "period"),
        ({"period": {"from": "2026-09-01", "to": "2026-08-01"}}, "period"),
        ({"condition": {"field": "password", "op": "eq", "value": 1}}, "condition.field"),
        ({"sort": "name"}, "sort"),
    ],
)
def test_a_question_that_makes_no_sense_is_refused_by_its_place(deals, client, change, place):
    answer = client.as_user("hua").post(f"{API}/query", json=QUERY | change)
    assert answer.status_code == 422
    assert place in answer.json["errors"]


def test_records_come_in_pages_with_links(deals, client):
    hua = client.as_user("hua")
    asked = {"metric": "won_amount", "period": QUERY["period"], "limit": 3}
    first = hua.post(f"{API}/query/records", json=asked).json
    second = hua.post(f"{API}/query/records", json=asked | {"cursor": first["next_cursor"]}).json
    assert [item["link"] for item in first["items"] + second["items"]] == [
        f"/sales/opportunities/o{n}" for n in (3, 2, 1, 0)
    ]
    assert second["next_cursor"] is None
    assert hua.post(f"{API}/query/records", json=asked | {"cursor": "x"}).status_code == 422


def test_the_records_of_a_figure_are_as_many_as_the_figure_says(deals, client):
    hua = client.as_user("hua")
    at = {
        "metric": "opportunities_won",
        "period": QUERY["period"],
        "at": {"closed_owner_id": "lin", "time": "2026-08-03"},
        "grain": "week",
    }
    answer = hua.post(
        f"{API}/query",
        json={
            "metrics": ["opportunities_won"],
            "dimensions": ["time:week", "closed_owner_id"],
            "period": QUERY["period"],
        },
    )
    figure = next(row for row in answer.json["rows"] if row["key"] == at["at"])
    assert len(hua.post(f"{API}/query/records", json=at).json["items"]) == figure["values"]["opportunities_won"] == 2


def test_an_own_metric_is_made_changed_used_and_removed(deals, client):
    hua = client.as_user("hua")
    body = {"key": "big_wins", "label": {"zh": "大单", "en": "Big wins"}, "type": "simple", "fact": "opportunity",
            "time": "closed_at",
            "condition": {"all": [{"field": "category", "op": "eq", "value": "won"},
                                  {"field": "closed_base_minor", "op": "ge", "value": 5000}]}}  # fmt: skip
    assert hua.post(f"{API}/metrics", json=body).status_code == 201
    assert hua.post(f"{API}/metrics", json=body).json["code"] == "key_taken"
    assert (
        hua.post(
            f"{API}/metrics",
            json=body
            | {"key": "own_share", "type": "ratio", "numerator": "big_wins", "denominator": "opportunities_won"},
        ).status_code
        == 201
    )
    asked = {"metrics": ["big_wins", "own_share"], "period": QUERY["period"]}
    assert hua.post(f"{API}/query", json=asked).json["total"]["values"] == {"big_wins": 0, "own_share": 0.0}
    lower = body | {"condition": body["condition"]["all"][0]}
    changed = hua.put(f"{API}/metrics/big_wins", json=lower, headers={"If-Match": '"1"'})
    assert (changed.status_code, changed.json["version"]) == (200, 2)
    assert hua.put(f"{API}/metrics/big_wins", json=lower, headers={"If-Match": '"1"'}).status_code == 412
    assert hua.post(f"{API}/query", json=asked).json["total"]["values"] == {"big_wins": 4, "own_share": 1.0}
    assert (
        hua.put(
            f"{API}/metrics/big_wins",
            json=body | {"type": "ratio", "numerator": "own_share", "denominator": "big_wins"},
        ).status_code
        == 422
    )
    assert hua.delete(f"{API}/metrics/big_wins").status_code == 409
    assert client.as_user("ana").delete(f"{API}/metrics/own_share").status_code == 403
    assert hua.delete(f"{API}/metrics/own_share").status_code == 204
    assert hua.delete(f"{API}/metrics/big_wins").status_code == 204
    with deals.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(MetricDefinition)) == 0


def test_a_shipped_metric_cannot_be_changed(deals, client):
    assert (
        client.as_role("admin")
        .put(f"{API}/metrics/win_rate", json={"label": {"zh": "x", "en": "x"}, "key": "win_rate", "type": "ratio"})
        .status_code
        == 404
    )


def test_an_own_dashboard_is_seen_by_others_once_it_is_shared(deals, client):
    hua, lin = client.as_user("hua"), client.as_user("lin")
    body = {
        "key": "mine",
        "label": {"zh": "我的", "en": "Mine"},
        "tiles": [{"key": "won", "kind": "number", "metrics": ["won_amount"]}],
    }
    assert hua.post(f"{API}/dashboards", json=body).status_code == 201
    assert lin.get(f"{API}/dashboards/mine").status_code == 404
    assert hua.put(f"{API}/dashboards/mine", json=body | {"shared": True}).status_code == 200
    assert lin.get(f"{API}/dashboards/mine").json["tiles"][0]["metrics"] == ["won_amount"]
    assert lin.get("/reporting/dashboards/mine", headers={"Accept": "text/html"}).status_code == 200
    wrong = body | {
        "key": "wrong",
        "tiles": [{"key": "t", "kind": "bar", "metrics": ["won_amount"], "dimension": "feature"}],
    }
    assert "tiles.0" in hua.post(f"{API}/dashboards", json=wrong).json["errors"]


@pytest.mark.parametrize("key", ["sales_director", "ceo", "service", "marketing"])
@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_shipped_dashboard_opens_for_everybody(deals, client, key, language):
    for who in ("lin", "hua", "ana", "mo"):
        page = (
            client.as_user(who)
            .speaking(language)
            .get(f"/reporting/dashboards/{key}?period=last_12_months", headers={"Accept": "text/html"})
        )
        assert page.status_code == 200


def test_a_dashboards_figures_lead_to_their_records(deals, client):
    page = client.as_user("hua").get(
        "/reporting/dashboards/sales_director?from=2026-08-01&to=2026-08-31", headers={"Accept": "text/html"}
    )
    text = page.get_data(as_text=True).replace("&amp;", "&")
    links = [part.split('"')[0] for part in text.split('href="') if part.startswith("/reporting/records")]
    assert any("won_amount" in link for link in links)
    assert any("funnel=standard" in link for link in links)
    for link in links[:12]:
        assert client.as_user("hua").get(link, headers={"Accept": "text/html"}).status_code == 200, link
    totals = client.as_user("ana").get(
        "/reporting/dashboards/sales_director?from=2026-08-01&to=2026-08-31", headers={"Accept": "text/html"}
    )
    assert "metric=won_amount" not in totals.get_data(as_text=True)


def test_the_refresh_of_a_page_brings_its_tiles_alone(deals, client):
    page = client.as_user("hua").get(
        "/reporting/dashboards/ceo", headers={"Accept": "text/html", "HX-Request": "true", "HX-Target": "tiles"}
    )
    assert page.get_data(as_text=True).lstrip().startswith('<div id="tiles"')


def test_a_department_filters_every_tile(deals, client):
    assert won(deals, "hua") == 400_000
    asked = {
        "metrics": ["won_amount"],
        "period": QUERY["period"],
        "condition": {"field": "department_id", "op": "in", "value": ["desk"]},
    }
    assert client.as_user("hua").post(f"{API}/query", json=asked).json["total"]["values"] == {"won_amount": "0.00"}
    page = client.as_user("hua").get(
        "/reporting/dashboards/sales_director?department=desk&from=2026-08-01&to=2026-08-31",
        headers={"Accept": "text/html"},
    )
    assert "¥40" not in page.get_data(as_text=True)


def test_a_spreadsheet_holds_figures_charts_and_no_formula_of_anybodys(deals, client):
    deals.logs.account(name='=HYPERLINK("http://evil.example","x")')
    deals.catch_up()
    asked = {"metrics": ["won_amount"], "dimensions": ["account_id"], "period": QUERY["period"], "format": "xlsx"}
    answer = client.as_user("hua").post(f"{API}/query/export", json=asked)
    assert answer.status_code == 200
    book = openpyxl.load_workbook(BytesIO(answer.data))
    sheet = book.worksheets[1]
    assert [(cell.value, cell.data_type) for cell in sheet[2]] == [
        ('=HYPERLINK("http://evil.example","x")', "s"),
        (4000, "n"),
    ]
    assert len(sheet._charts) == 1
    about = [row[0].value for row in book.worksheets[0].iter_rows() if row[0].value]
    assert any("2026-08-01" in line for line in about)
    assert any("Hua" in line for line in about)
    assert any("won_amount v1" in line for line in about)
    text = client.as_user("hua").post(f"{API}/query/export", json=asked | {"format": "csv"}).get_data(as_text=True)
    assert "'=HYPERLINK" in text


@pytest.mark.parametrize("form", ["xlsx", "pdf", "csv"])
def test_a_dashboard_is_exported_by_those_who_may(deals, client, form):
    address = f"/reporting/dashboards/ceo/export.{form}?from=2026-08-01&to=2026-08-31"
    answer = client.as_user("hua").get(address, headers={"Accept": "text/html"})
    assert answer.status_code == 200
    assert answer.data[:4] in (b"PK\x03\x04", b"%PDF", b"\xef\xbb\xbfC")
    assert client.as_user("lin").get(address).status_code == 403


def test_files_hold_no_more_than_their_reader_may_count(deals, client):
    asked = {"metrics": ["won_amount"], "period": QUERY["period"], "format": "csv"}
    assert ",4000.0" in client.as_user("hua").post(f"{API}/query/export", json=asked).get_data(as_text=True)
    with deals.database.reading() as session:
        assert not access.has_right(session, deals.caller("lin"), "report", "export")
    assert client.as_user("lin").post(f"{API}/query/export", json=asked).status_code == 403


def test_a_deal_shared_by_hand_counts_for_whom_it_was_opened_to_until_it_is_taken_back(deals):
    before, mine = won(deals, "lin"), seen(deals, "lin")
    assert "o2" not in mine
    given = {"grantee_kind": "user", "grantee_id": "lin"}
    deals.logs.tell("sales.record.shared.v1", "opportunity/o2", **given, level="read")
    deals.catch_up()
    assert seen(deals, "lin") == sorted([*mine, "o2"])
    assert won(deals, "lin") > before
    deals.logs.tell("sales.record.unshared.v1", "opportunity/o2", **given)
    deals.catch_up()
    assert (won(deals, "lin"), seen(deals, "lin")) == (before, mine)


def test_a_share_that_has_run_out_counts_no_more(deals):
    before = won(deals, "lin")
    past = (deals.logs.now).replace(year=2020).isoformat()
    deals.logs.tell("sales.record.shared.v1", "opportunity/o2", grantee_kind="user", grantee_id="lin", level="read",
                    until=past)  # fmt: skip
    deals.catch_up()
    assert won(deals, "lin") == before
