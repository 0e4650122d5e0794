"""Short answers to actions: a message, a refresh of what is on the screen, or somewhere else to go."""

import json
from collections.abc import Sequence
from urllib.parse import quote

from flask import Response, redirect, render_template, request
from werkzeug.wrappers import Response as Answer

from console.fields import Words, words

ACCEPTED = "crm_accepted"  # names the form whose kept draft may go; read and removed by app.js
TOAST = "crm_toast"  # a message to be shown on the next page


def with_toast(answer: Response, message: Words = "", *, kind: str = "ok", refresh: str = "") -> Response:
    """Let the browser show `message` (kind ok, warn or bad) and load `refresh` (`list`, `page`) again."""
    triggers: dict[str, object] = {}
    if message:
        triggers["crm:toast"] = {"text": words(message), "kind": kind}
    if refresh:
        triggers["crm:refresh"] = {"what": refresh}
    if triggers:
        answer.headers["HX-Trigger"] = json.dumps(triggers)
    return answer


def done(message: Words = "", *, refresh: str = "", body: str = "", kind: str = "ok") -> Response:
    """The action is done; `body` replaces the element that asked, nothing when it is empty."""
    answer = Response(body, mimetype="text/html")
    if not body:
        answer.headers["HX-Reswap"] = "none"
    return with_toast(answer, message, kind=kind, refresh=refresh)


def refused(reason: Words, *, missing: Sequence[Words] = (), fix: str = "", status: int = 409) -> Response:
    """The action was refused by a rule; shown with what is missing, and read out."""
    document = {"title": words(reason), "status": status, "missing": [words(item) for item in missing], "fix": fix}
    return Response(json.dumps(document), status=status, content_type="application/problem+json")


def go(address: str, message: Words = "", *, accepted: str = "") -> Answer:
    """Send the browser to another page, with a message to show there; `accepted` is the key of the form taken in."""
    if request.headers.get("HX-Request"):
        answer: Answer = Response("", headers={"HX-Redirect": address})
    else:
        answer = redirect(address, 303)
    if accepted:
        answer.set_cookie(ACCEPTED, quote(accepted), max_age=60, samesite="Lax", path="/")
    if message:
        answer.set_cookie(TOAST, quote(words(message)), max_age=60, samesite="Lax", path="/")
    return answer


def dialog(template: str, *, status: int = 200, **context: object) -> tuple[str, int]:
    """A form or text for the shell's dialog (asked for by `data-dialog` on a link or button)."""
    return render_template(template, **context), status
