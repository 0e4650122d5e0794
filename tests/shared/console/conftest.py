"""The gallery's app and somebody logged in to it: the console without a browser."""

from pathlib import Path
from typing import Any

import pytest

from chassis import auth, i18n
from tests.browser import gallery


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Any:
    return gallery.create(Path(tmp_path_factory.mktemp("gallery")))


@pytest.fixture
def reader(site: Any) -> Any:
    """A test client with a session cookie, reading Chinese and preferring pages."""
    client = site.test_client()
    client.set_cookie(auth.COOKIE, gallery.session_cookie(site))
    client.set_cookie(i18n.COOKIE, "zh")
    client.environ_base["HTTP_ACCEPT"] = "text/html"
    return client


@pytest.fixture
def speaking_chinese(site: Any) -> Any:
    with site.test_request_context("/leads/leads"), i18n.speaking("zh"):
        yield
