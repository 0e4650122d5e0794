"""Every pattern as people meet it: in both languages, on desktop and phone, light and dark."""

from typing import Any

import pytest

PAGES = {
    "list": "/leads/leads",
    "list-empty": "/leads/leads?q=empty",
    "list-filtered": '/leads/leads?filter={"all":[{"field":"status","op":"in","value":["new","working"]},'
    '{"field":"score","op":"ge","value":40}]}',
    "board": "/sales/opportunities",
    "detail": "/leads/leads/l1",
    "form": "/leads/leads/new",
    "definition": "/leads/policies/hot",
    "definition-versions": "/leads/policies/hot/versions",
    "charts": "/reporting/dashboards",
    "login": "/gateway/login",
    "offline": "/leads/offline",
}
VARIANTS = [
    ("zh", "desktop", "light"), ("en", "desktop", "dark"), ("zh", "phone", "dark"), ("en", "phone", "light"),
]  # fmt: skip


@pytest.mark.parametrize(("language", "size", "look"), VARIANTS, ids=["-".join(one) for one in VARIANTS])
@pytest.mark.parametrize("name", PAGES)
def test_page_is_accessible_and_quiet(tab: Any, name: str, language: str, size: str, look: str) -> None:
    with tab(language, size, look) as opened:
        opened.expected.add(503)  # the record page shows a part of a service that is away
        opened.open(PAGES[name])
        opened.shot(name)
        opened.check_accessible()
