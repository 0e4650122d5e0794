"""Log-in, its second step, log-out, choosing a password by link, and the first administrator."""

import hmac
import secrets
from typing import Any, cast
from urllib.parse import urlsplit

from flask import current_app, g, make_response, redirect, render_template, request
from markupsafe import Markup
from marshmallow import ValidationError, fields
from werkzeug.wrappers import Response

from chassis import auth, clock
from chassis.api import Call
from chassis.errors import Problem, Unauthorized
from chassis.i18n import lazy as _
from console import forms, navigation
from console.fields import Field
from console.pages import Pages, signed_in
from integration_gateway import accounts, links, logging_in, sessions, tokens
from integration_gateway.errors import (
    AddressNotAllowed,
    EnrolmentRequired,
    SecondFactorRequired,
    TooManyAttempts,
    WeakPassword,
    WrongCode,
)
from integration_gateway.models import LogInSession, User
from integration_gateway.settings import Settings

pages = Pages("gateway", name="log_in", module="integration_gateway")
GUARD_COOKIE, GUARD_FIELD = "crm_log_in", "guard"
EMAIL = Field(name="email", label=_("E-mail"), kind="email", required=True, autocomplete="username")
PASSWORD = Field(name="password", label=_("Password"), kind="password", required=True, autocomplete="current-password")
CODE = Field(
    name="code",
    label=_("Code"),
    required=True,
    autocomplete="one-time-code",
    help=_("Six digits from your authenticator app, or a recovery code"),
    max_length=20,
)
CODE_OF_APP = Field(
    name="code", label=_("Code"), required=True, autocomplete="one-time-code", help=_("The six digits the app shows"),
    max_length=20,
)  # fmt: skip
NAME = Field(name="name", label=_("Name"), required=True, autocomplete="name", max_length=120)
NEW_PASSWORD = Field(
    name="password", label=_("New password"), kind="password", required=True, autocomplete="new-password",
    help=_("At least 8 characters; a few unusual words are best"),
)  # fmt: skip


@pages.get("/login", public=True)
def log_in_page(call: Call) -> Any:
    """The form; who is logged in already goes on."""
    target = links.local(call.request.args.get("next"), navigation.MENU[0].url)
    if _is_logged_in(call):
        return redirect(target, 303)
    return _shown(call, _form([EMAIL, PASSWORD], "/gateway/login", next=target), "gateway/log_in.html")


@pages.post("/login", public=True, session="none")
def log_in(call: Call) -> Any:
    """The first step: e-mail and password."""
    posted = call.request.form
    target = links.local(posted.get("next"), navigation.MENU[0].url)
    form = _form([EMAIL, PASSWORD], "/gateway/login", next=target)
    if not _is_ours(call):
        return _again(call, form, _("This page was open for too long; try again"), 403)
    try:
        entered = logging_in.log_in(
            call.database, email=posted.get("email", ""), password=posted.get("password", ""), place=_place(call)
        )
    except SecondFactorRequired as asked:
        challenge = asked.facts["challenge"]
        return _shown(
            call, _form([CODE], "/gateway/login/code", next=target, challenge=challenge), "gateway/log_in.html"
        )
    except EnrolmentRequired as asked:
        return _enrolment(call, asked.facts["challenge"], target)
    except Problem as refused:
        return _again(call, form, _reason(refused), refused.status)
    return _go(call, entered, target)


@pages.post("/login/enrol", public=True, session="none")
def finish_enrolment(call: Call) -> Any:
    """The first code of a new app: log in, and show the recovery codes once."""
    posted = call.request.form
    target = links.local(posted.get("next"), navigation.MENU[0].url)
    challenge = posted.get("challenge", "")
    if not _is_ours(call):
        return _again(call, _log_in_form(target), _("This page was open for too long; try again"), 403)
    try:
        entered, codes = logging_in.finish_enrolment(
            call.database, challenge=challenge, code=posted.get("code", ""), place=_place(call)
        )
    except WrongCode as refused:
        return _enrolment(call, challenge, target, {"code": [str(refused.title)]})
    except Problem as refused:
        return _again(call, _log_in_form(target), _reason(refused), refused.status)
    page = make_response(render_template("gateway/enrolled.html", codes=codes, target=target))
    page.headers["Cache-Control"] = "no-store"
    return _with_cookie(call, entered, page)


@pages.post("/login/code", public=True, session="none")
def second_step(call: Call) -> Any:
    """The second step: the code."""
    posted = call.request.form
    target = links.local(posted.get("next"), navigation.MENU[0].url)
    challenge = posted.get("challenge", "")
    form = _form([CODE], "/gateway/login/code", next=target, challenge=challenge)
    if not _is_ours(call):
        return _again(call, form, _("This page was open for too long; try again"), 403)
    try:
        entered = logging_in.answer(call.database, challenge=challenge, code=posted.get("code", ""), place=_place(call))
    except Problem as refused:
        return _again(call, form, _reason(refused), refused.status)
    return _go(call, entered, target)


@pages.post("/logout", allow=signed_in)
def log_out(call: Call) -> Response:
    """End this session."""
    if sessions.alive(call.session, call.caller.session_id):
        sessions.end(call.session, user_id=call.caller.id, session_id=call.caller.session_id)
    answer = redirect(navigation.LOGIN, 303)
    answer.delete_cookie(auth.COOKIE, path="/")
    answer.headers["Clear-Site-Data"] = '"cache"'
    return answer


@pages.get("/password/<secret>", public=True)
def password_page(call: Call, secret: str) -> Any:
    """Where a one-time link leads: choose a password."""
    accounts.open_link(call.session, secret)
    return _shown(call, _form([NEW_PASSWORD], f"/gateway/password/{secret}"), "gateway/password.html")


@pages.post("/password/<secret>", public=True, session="none")
def choose_password(call: Call, secret: str) -> Any:
    """Store the chosen password; the link is used up."""
    form = _form([NEW_PASSWORD], f"/gateway/password/{secret}")
    if not _is_ours(call):
        return _again(call, form, _("This page was open for too long; try again"), 403, "gateway/password.html")
    try:
        accounts.choose_password(call.database, secret=secret, password=call.request.form.get("password", ""))
    except WeakPassword as refused:
        return _shown(call, forms.typed(form, {}, refused.errors or {}), "gateway/password.html", 422)
    return redirect(navigation.LOGIN, 303)


@pages.get("/set-up/<secret>", public=True)
def set_up_page(call: Call, secret: str) -> Any:
    """Where the first-run link leads: make the first administrator."""
    accounts.open_link(call.session, secret)
    return _shown(call, _set_up_form(secret), "gateway/set_up.html")


@pages.post("/set-up/<secret>", public=True, session="none")
def set_up(call: Call, secret: str) -> Any:
    """Make the first administrator, sign them in and begin the guided set-up; the link is used up."""
    form = _set_up_form(secret)
    if not _is_ours(call):
        return _again(call, form, _("This page was open for too long; try again"), 403, "gateway/set_up.html")
    given = {name: call.request.form.get(name, "").strip() for name in ("name", "email")}
    try:
        fields.Email().deserialize(given["email"])
        password = call.request.form.get("password", "")
        accounts.make_first_administrator(call.database, secret=secret, password=password, **given)
    except WeakPassword as refused:
        return _shown(call, forms.typed(form, given, refused.errors or {}), "gateway/set_up.html", 422)
    except ValidationError as refused:
        errors = {"email": [str(text) for text in refused.messages]}
        return _shown(call, forms.typed(form, given, errors), "gateway/set_up.html", 422)
    entered = logging_in.log_in(call.database, email=given["email"], password=password, place=_place(call))
    return _go(call, entered, "/gateway/start")


def _go(call: Call, entered: logging_in.Entered, target: str) -> Response:
    return _with_cookie(call, entered, redirect(target, 303))


def _enrolment(call: Call, challenge: str, target: str, errors: dict[str, list[str]] | None = None) -> Response:
    """The log-in's second step for somebody who must have a second factor and has none: set it up now."""
    enrolment = logging_in.begin_enrolment(call.database, challenge=challenge, address=call.request.remote_addr or "")
    form = _form([CODE_OF_APP], "/gateway/login/enrol", next=target, challenge=challenge)
    if errors:
        form = forms.typed(form, {}, errors)
    shown = {"enrolment": enrolment, "svg": Markup(enrolment.svg)}  # noqa: S704 - made by us
    return _shown(call, form, "gateway/log_in_enrolment.html", 422 if errors else 200, **shown)


def _log_in_form(target: str) -> forms.Form:
    return _form([EMAIL, PASSWORD], "/gateway/login", next=target)


def _with_cookie(call: Call, entered: logging_in.Entered, answer: Response) -> Response:
    with call.database.transaction() as session:
        started = session.get_one(LogInSession, entered.session_id)
        token = tokens.for_pages(session, session.get_one(User, entered.user_id), started)
    answer.set_cookie(auth.COOKIE, token.text, **auth.cookie_options(call.settings))
    answer.delete_cookie(GUARD_COOKIE, path="/gateway")
    return answer


def _form(asked: list[Field], action: str, **hidden: str) -> forms.Form:
    return forms.Form(key="log-in", title=_("Sign in"), action=action, fields=asked, hidden=hidden)


def _set_up_form(secret: str) -> forms.Form:
    return _form([NAME, EMAIL, NEW_PASSWORD], f"/gateway/set-up/{secret}")


def _shown(call: Call, form: forms.Form, template: str, status: int = 200, **more: Any) -> Response:
    """The form with a random value in it that must come back together with its twin in a cookie."""
    guard = call.request.cookies.get(GUARD_COOKIE, "")
    if len(guard) < 20:
        guard = secrets.token_urlsafe(24)
    answer = make_response(render_template(template, form=form, guard=(GUARD_FIELD, guard), **more), status)
    options = auth.cookie_options(call.settings) | {"samesite": "Strict", "path": "/gateway"}
    answer.set_cookie(GUARD_COOKIE, guard, max_age=3600, **options)
    answer.headers["Cache-Control"] = "no-store"
    # The address may hold a one-time link; "no-referrer" would make browsers send `Origin: null` with our own form.
    answer.headers["Referrer-Policy"] = "same-origin"
    return answer


def _again(call: Call, form: forms.Form, reason: Any, status: int, template: str = "gateway/log_in.html") -> Response:
    email = {"email": call.request.form.get("email", "")}
    return _shown(call, forms.typed(form, email, {"": [str(reason)]}), template, status)


def _is_ours(call: Call) -> bool:
    """Nobody else's page may log a reader in (as themselves, to see what is typed): origin and twin value must agree."""
    headers, public = call.request.headers, urlsplit(call.settings.public_url)
    ours = {f"{call.request.scheme}://{call.request.host}", f"{public.scheme}://{public.netloc}"}
    if headers.get("Origin") not in {None, *ours} or headers.get("Sec-Fetch-Site") not in (None, "same-origin", "none"):
        return False
    given, kept = call.request.form.get(GUARD_FIELD, ""), call.request.cookies.get(GUARD_COOKIE, "")
    return len(kept) >= 20 and hmac.compare_digest(given.encode(), kept.encode())


def _is_logged_in(call: Call) -> bool:
    authenticator = current_app.extensions["crm"].authenticator
    try:
        authenticator.caller_of(authenticator.session_claims(call.request), call.request.remote_addr)
    except (Unauthorized, auth.NetworkRefused):
        return False
    return True


def _place(call: Call) -> logging_in.Place:
    return logging_in.Place(
        address=call.request.remote_addr or "",
        agent=call.request.user_agent.string,
        kind="page",
        lifetime=cast(Settings, call.settings).page_lifetime,
    )


def _reason(refused: Problem) -> str:
    if isinstance(refused, TooManyAttempts):
        return str(_("Too many attempts; wait %(seconds)s seconds", seconds=refused.headers["Retry-After"]))
    if isinstance(refused, AddressNotAllowed):
        return str(refused.title)
    return str(_("E-mail address, password or code is wrong"))


def renew(answer: Response) -> Response:
    """Keep a session that is in use from ending by idleness: a cookie past half of its time is replaced by a fresh one.

    Every console page asks the gateway for the bell, so this reaches people in whichever service they work.
    """
    caller = g.get("caller")
    if caller is None or not caller.session_id or answer.status_code >= 400 or auth.COOKIE not in request.cookies:
        return answer
    web = current_app.extensions["crm"]
    claims = web.authenticator.session_claims(request)
    if claims["exp"] - clock.timestamp() > tokens.IDLE_TIME.total_seconds() / 2:
        return answer
    with web.database.transaction() as session:
        started = sessions.alive(session, caller.session_id)
        if started is None:
            return answer
        sessions.seen(session, started, at=clock.now())
        token = tokens.for_pages(session, session.get_one(User, caller.id), started)
    answer.set_cookie(auth.COOKIE, token.text, **auth.cookie_options(web.settings))
    return answer
