"""Error pages for people: what happened, what to do, and the trace id that leads to the log."""

from typing import Any
from urllib.parse import quote

from flask import Flask, Response, current_app, redirect, render_template, request
from werkzeug.exceptions import HTTPException

from chassis import problems
from chassis.errors import Problem
from chassis.i18n import gettext as _
from console import navigation

SYMBOLS = {403: "lock", 404: "map-pin", 409: "git-compare", 429: "hourglass", 503: "cloud-off"}


def register(app: Flask) -> None:
    """Answer page loads that fail with a page of the console; everything else as the chassis does."""
    chassis_handler: Any = app.error_handler_spec[None][None].get(Exception)

    def refuse(error: Exception) -> Any:
        redirected = isinstance(error, HTTPException) and error.code is not None and error.code < 400
        if redirected or not _wants_page():
            return chassis_handler(error) if chassis_handler else error
        return page(problems.as_problem(error))

    app.register_error_handler(Exception, refuse)


def page(problem: Problem) -> Any:
    """The page for a refusal; who is not logged in is sent to the log-in page and back afterwards."""
    if problem.status == 401 and request.method == "GET":
        return redirect(f"{navigation.LOGIN}?next={quote(request.full_path.rstrip('?'))}", 303)
    document = problems.document(problem)
    body = render_template(
        "console/error.html",
        status=problem.status,
        title=document["title"],
        text=document.get("detail", "") or _advice(problem.status),
        trace_id=document["trace_id"],
        symbol=SYMBOLS.get(problem.status, "alert-triangle"),
        again=problem.status >= 500 or problem.status in (409, 412, 429),
    )
    return Response(body, status=problem.status, headers=problem.headers, mimetype="text/html")


def offline() -> str:
    """The page shown for what cannot be reached."""
    return render_template(
        "console/error.html", status="", title=_("You are offline"), symbol="wifi-off", again=False, trace_id="",
        text=_("What you typed is kept in this browser. Go on when the connection is back."),
    )  # fmt: skip


def _advice(status: int) -> str:
    if status == 403:
        return _("Your role does not include this. Ask your administrator if you need it.")
    if status == 404:
        return _("It may have been removed or merged, or it belongs to someone whose records you do not see.")
    return _("If it happens again, tell your administrator the trace id below.") if status >= 500 else ""


def _wants_page() -> bool:
    """A browser loads a page: it prefers HTML, and neither htmx nor the API asked."""
    if "HX-Request" in request.headers or f"/{current_app.extensions['console'].service}/api/" in request.path:
        return False
    best = request.accept_mimetypes.best_match(["application/json", "text/html"])
    return best == "text/html" and "Accept" in request.headers
