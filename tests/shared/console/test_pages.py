"""What every page carries, and what its edge refuses."""

import re
from typing import Any

from chassis import auth, i18n

CSRF = re.compile(r'name="csrf-token" content="([^"]+)"')


def token(reader: Any) -> str:
    found = CSRF.search(reader.get("/leads/leads").text)
    assert found
    return found[1]


def test_a_page_has_the_strict_policy_and_is_never_kept_by_others(reader: Any) -> None:
    answer = reader.get("/leads/leads")
    policy = answer.headers["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert "default-src 'self'; script-src 'self'; style-src 'self'" in policy
    assert answer.headers["Cache-Control"] == "private, no-cache"
    assert "HX-Request" in answer.headers["Vary"]


def test_a_post_without_the_sessions_token_is_refused(reader: Any) -> None:
    assert reader.post("/leads/leads/new", data={"name": "x"}).status_code == 403
    assert reader.post("/leads/leads/new", data={"name": "x", "csrf_token": "wrong"}).status_code == 403
    assert reader.post("/leads/leads/new", data={"name": "x", "csrf_token": token(reader)}).status_code == 303
    header = {auth.CSRF_HEADER: token(reader)}
    assert reader.post("/leads/leads/new", data={"name": ""}, headers=header).status_code == 422


def test_a_refused_form_shows_everything_that_was_typed(reader: Any) -> None:
    typed = {
        "company": "恒信<b>",
        "owner": "u0",
        "owner:label": "王磊",
        "budget": "abc",
        "visit_at": "tomorrow",
        "tags": "a，b",
    }
    answer = reader.post("/leads/leads/new", data={**typed, "csrf_token": token(reader)})
    assert answer.status_code == 422
    for shown in ("恒信&lt;b&gt;", 'value="王磊"', 'value="u0"', 'value="abc"', 'value="tomorrow"', 'value="a, b"'):
        assert shown in answer.text
    assert 'aria-invalid="true"' in answer.text


def test_who_is_not_logged_in_comes_back_after_log_in(site: Any) -> None:
    answer = site.test_client().get("/leads/leads?q=x", headers={"Accept": "text/html"})
    assert (answer.status_code, answer.location) == (303, "/gateway/login?next=/leads/leads%3Fq%3Dx")
    asked_by_script = site.test_client().get("/leads/leads", headers={"Accept": "*/*", "HX-Request": "true"})
    assert (asked_by_script.status_code, asked_by_script.mimetype) == (401, "application/problem+json")


def test_errors_are_pages_with_the_trace_id_and_without_details(reader: Any, site: Any) -> None:
    site.config["PROPAGATE_EXCEPTIONS"] = False
    answer = reader.get("/leads/broken")
    assert answer.status_code == 500
    assert "made to fail" not in answer.text
    assert re.search(r"<code>[0-9a-f]{32}</code>", answer.text)
    assert reader.get("/leads/nowhere").status_code == 404


def test_the_language_switch_wins_over_the_persons_own_language(reader: Any) -> None:
    assert '<html lang="zh-CN"' in reader.get("/leads/leads").text
    answer = reader.post("/leads/preferences", data={"language": "en", "next": "/leads/leads?q=1"})
    assert answer.location == "/leads/leads?q=1"
    assert '<html lang="en"' in reader.get("/leads/leads").text
    reader.delete_cookie(i18n.COOKIE)
    assert '<html lang="zh-CN"' in reader.get("/leads/leads", headers={"Accept-Language": "en"}).text


def test_preferences_never_lead_to_another_site(reader: Any) -> None:
    for trap in (
        "https://evil.example/x",
        "//evil.example/x",
        "////evil.example",
        "/\\evil.example",
        "javascript:alert(1)",
    ):
        answer = reader.post("/leads/preferences", data={"theme": "dark", "next": trap})
        assert answer.location in ("/", "/x", "/evil.example")


def test_a_list_answers_page_table_or_rows_by_what_is_asked(reader: Any) -> None:
    table = reader.get("/leads/leads", headers={"HX-Request": "true", "HX-Target": "list"}).text
    assert table.lstrip().startswith('<div id="list"')
    rows = reader.get("/leads/leads?cursor=30&part=rows").text
    assert rows.lstrip().startswith("<tr data-id=")
    assert "<!doctype html>" in reader.get("/leads/leads").text


def test_an_unreadable_filter_is_told_and_shows_everything(reader: Any) -> None:
    assert "无法识别" in reader.get("/leads/leads?filter={").text


def test_pages_stay_light(reader: Any) -> None:
    """Cold under 150 KB compressed with everything a list or board needs."""
    import gzip

    for path in ("/leads/leads", "/sales/opportunities"):
        page = reader.get(path)
        files = set(re.findall(r'(?:src|href)="(/assets/[^"#]+)', page.text))
        sizes = [len(reader.get(file, headers={"Accept-Encoding": "gzip"}).data) for file in files]
        assert len(gzip.compress(page.data)) < 12_000
        assert sum(sizes) + len(gzip.compress(page.data)) < 150_000
