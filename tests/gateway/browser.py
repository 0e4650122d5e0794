"""A browser with cookies on the front door's origin, for the tests of pages."""

import re
from typing import Any

from chassis import auth, keys
from tests.gateway.conftest import PASSWORD


class Browser:
    """Follows no redirect; `send` adds the session's CSRF token as the shell's pages do."""

    def __init__(self, app: Any):
        self.app = app
        self.client = app.test_client()

    def get(self, path: str, **headers: str) -> Any:
        return self.client.get(path, headers={"Accept": "text/html"} | headers)

    def post(self, path: str, form: dict[str, Any], **headers: str) -> Any:
        return self.client.post(path, data=form, headers={"Accept": "text/html"} | headers)

    def send(self, path: str, form: dict[str, Any]) -> Any:
        return self.post(path, form | {"csrf_token": auth.csrf_token(self.claims())})

    def hidden(self, page: Any) -> dict[str, str]:
        """Hidden fields by name; the footer has a form of its own, so the first field of a name counts."""
        found = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page.text)
        return dict(reversed(found))

    def log_in(self, email: str, password: str = PASSWORD, next: str = "", **headers: str) -> Any:
        page = self.get("/gateway/login" + (f"?next={next}" if next else ""))
        return self.post("/gateway/login", self.hidden(page) | {"email": email, "password": password}, **headers)

    def claims(self) -> dict[str, Any]:
        """What the session cookie says."""
        return self.app.extensions["crm"].authenticator._claims(self.client.get_cookie(auth.COOKIE).value, keys.SESSION)

    def look_again(self) -> None:
        """Let the replica be read anew at once instead of within half a second."""
        self.app.extensions["crm"].authenticator.directory.forget()
