"""Saved views of a list: own and shared ones, the one it opens with, and nobody else's touched."""

import json
from typing import Any

import pytest

from chassis import auth, directory
from engines import views
from tests.browser import gallery

LIST = "/leads/leads"
HOT = {"all": [{"field": "score", "op": "ge", "value": 75}]}
COLLEAGUE, STRANGER = "0190a000-0000-7000-8000-000000000002", "0190a000-0000-7000-8000-000000000003"


@pytest.fixture
def post(site: Any, reader: Any) -> Any:
    """Posts to the views of the gallery's list, which has none saved at first."""
    with site.extensions["crm"].database.transaction() as session:
        session.query(views.SavedView).delete()
        session.query(views.ChosenView).delete()
    token = reader.get(LIST).text.split('name="csrf-token" content="')[1].split('"')[0]

    def send(path: str, **form: Any) -> Any:
        return reader.post(
            f"/leads/views/leads.leads{path}", data={"back": LIST} | form, headers={"X-CSRF-Token": token}
        )

    return send


def saved(site: Any) -> list[views.SavedView]:
    with site.extensions["crm"].database.reading() as session:
        return list(session.query(views.SavedView).all())


def test_a_saved_view_brings_back_filter_sort_and_columns_in_their_order(site: Any, post: Any, reader: Any) -> None:
    answer = post("", name="高分", filter=json.dumps(HOT), sort="-score", columns="score,company")
    view = saved(site)[0]
    assert answer.headers["Location"] == f"{LIST}?view={view.id}"
    page = reader.get(f"{LIST}?view={view.id}").text
    assert 'data-shown="score,company"' in page
    assert 'data-sort="-score"' in page
    assert "评分 不小于 75" in page
    post("", name="高分", filter="", sort="", columns="")
    assert [(item.name, item.condition) for item in saved(site)] == [("高分", None)]  # replaced, not made twice


def test_a_list_opens_with_the_chosen_view_until_all_records_are_asked_for(site: Any, post: Any, reader: Any) -> None:
    post("", name="高分", filter=json.dumps(HOT), sort="", columns="", chosen="1")
    view = saved(site)[0]
    assert "评分 不小于 75" in reader.get(LIST).text
    assert "评分 不小于 75" not in reader.get(f"{LIST}?view=all").text
    assert "评分 不小于 75" not in reader.get(f"{LIST}?q=a").text
    post(f"/{view.id}/delete")
    assert saved(site) == []
    assert "评分 不小于 75" not in reader.get(LIST).text


def test_shared_views_are_seen_in_the_department_and_changed_by_their_owner_only(
    site: Any, post: Any, reader: Any
) -> None:
    database = site.extensions["crm"].database
    with database.transaction() as session:
        for id_, department in ((COLLEAGUE, None), (STRANGER, "0190a000-0000-7000-8000-0000000000d9")):
            directory.store_user(session, version="2", user_id=id_, name=id_[-1], email=f"{id_[-1]}@example.com", locale="zh",
                                 department_id=department)  # fmt: skip
    directory.of(database).forget()
    for id_, shared, name in ((COLLEAGUE, True, "大家的"), (COLLEAGUE, False, "私人的"), (STRANGER, True, "别部门的")):
        with database.transaction() as session:
            caller = directory.caller_for(session, id_)
            views.save(
                session, caller=caller, list_name="leads.leads", name=name, condition=None, sort="", columns=[],
                shared=shared,
            )  # fmt: skip
    page = reader.get(LIST).text
    assert "大家的" in page
    assert "私人的" not in page
    assert "别部门的" not in page
    theirs = next(item for item in saved(site) if item.name == "大家的")
    assert post(f"/{theirs.id}/delete").status_code == 404
    assert len(saved(site)) == 3


@pytest.mark.parametrize("back", ["https://example.com/", "//example.com", "/sales/accounts", "/leads/x?y=1"])
def test_one_is_never_sent_elsewhere(post: Any, back: str) -> None:
    assert post("", name="x", back=back).headers["Location"].startswith("/leads/?view=")


def test_a_view_without_a_name_is_refused_and_nonsense_is_no_filter(site: Any, post: Any) -> None:
    assert post("", name=" ").status_code == 422
    post("", name="x", filter="{", columns="a" * 99)
    assert saved(site)[0].condition is None


def test_somebody_not_logged_in_saves_nothing(site: Any) -> None:
    client = site.test_client()
    assert client.post("/leads/views/leads.leads", data={"name": "x"}).status_code in (401, 403)
    client.set_cookie(auth.COOKIE, gallery.session_cookie(site))
    assert client.post("/leads/views/leads.leads", data={"name": "x"}).status_code == 403  # no CSRF token
