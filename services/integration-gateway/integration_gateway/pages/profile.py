"""The reader's own page: password, second factor, sessions, notification preferences."""

from typing import Any

from flask import render_template
from markupsafe import Markup

from chassis import auth
from chassis.api import Call
from chassis.errors import Problem
from chassis.i18n import lazy as _
from console import forms, navigation, replies
from console.fields import Choice, Field
from console.pages import Pages
from integration_gateway import accounts, notifications, second_factor, sessions
from integration_gateway.directory import absences, users
from integration_gateway.errors import WeakPassword
from integration_gateway.models import Credential, User
from integration_gateway.pages.log_in import CODE
from integration_gateway.permits import person

pages = Pages("gateway", name="profile", module="integration_gateway")
HOME = navigation.PROFILE
CHANNEL_NAMES = {"inbox": _("Inbox"), "chat": _("Chat"), "mail": _("E-mail"), "sms": _("Text message")}
LANGUAGE = Field(
    name="locale", label=_("Language"), kind="choice", required=True,
    choices=(Choice(value="zh", label="中文"), Choice(value="en", label="English")),
)  # fmt: skip
MOBILE = Field(name="mobile", label=_("Mobile"), kind="phone", autocomplete="tel", max_length=32)
CURRENT = Field(
    name="current", label=_("Current password"), kind="password", required=True, autocomplete="current-password"
)
NEW = Field(name="new", label=_("New password"), kind="password", required=True, autocomplete="new-password")


@pages.get("/profile", allow=person)
def profile(call: Call) -> str:
    """Everything about the reader's account on one page."""
    user = call.session.get_one(User, call.caller.id)
    credential = call.session.get_one(Credential, user.id)
    return render_template(
        "gateway/profile.html",
        user=user,
        has_second_factor=credential.otp_confirmed_at is not None,
        codes_left=second_factor.recovery_codes_left(call.session, user.id),
        sessions=sessions.listed(call.session, user.id),
        current=call.caller.session_id,
        wishes=[item for item in notifications.preferences(call.session, user.id) if item["key"] == "*"],
        channels=CHANNEL_NAMES,
        absences=absences.of(call.session, user.id),
    )


@pages.get("/profile/edit", allow=person)
def edit_profile(call: Call) -> Any:
    """The form for language and mobile number."""
    return forms.page(_profile_form(call.session.get_one(User, call.caller.id)))


@pages.post("/profile/edit", allow=person)
def save_profile(call: Call) -> Any:
    """Store language and mobile number."""
    user = call.session.get_one(User, call.caller.id)
    form = _profile_form(user)
    posted = forms.values(form, call.request.form)
    if posted["locale"] not in ("zh", "en") or len(posted["mobile"] or "") > 32:
        return forms.page(forms.typed(form, call.request.form, {"locale": [_("Choose from the list")]}))
    users.change(call.session, user, **posted)
    return replies.go(HOME, _("Saved"), accepted=form.key)


@pages.get("/profile/password", allow=person)
def password_form(call: Call) -> Any:
    """The form to change the password."""
    return forms.page(_password_form())


@pages.post("/profile/password", allow=person, session="none")
def change_password(call: Call) -> Any:
    """Store the new password; every session ends, so the reader logs in anew."""
    posted = call.request.form
    try:
        accounts.change_password(
            call.database,
            user_id=call.caller.id,
            current=posted.get("current", ""),
            new=posted.get("new", ""),
            address=call.request.remote_addr or "",
        )
    except WeakPassword as refused:
        return forms.page(forms.typed(_password_form(), {}, {"new": (refused.errors or {})["password"]}))
    except Problem as refused:
        return forms.page(forms.typed(_password_form(), {}, {"current": [str(refused.title)]}))
    return _logged_out(_("Your password was changed; sign in with it"))


@pages.post("/profile/second-factor", allow=person)
def enrol(call: Call) -> str:
    """The QR code to scan."""
    enrolment = second_factor.begin(call.session, call.session.get_one(User, call.caller.id))
    return render_template("gateway/enrolment.html", enrolment=enrolment, svg=Markup(enrolment.svg))  # noqa: S704


@pages.post("/profile/second-factor/confirm", allow=person)
def confirm(call: Call) -> Any:
    """Check the first code; show the recovery codes, once."""
    user = call.session.get_one(User, call.caller.id)
    try:
        codes = second_factor.confirm(call.session, user, code=call.request.form.get("code", ""))
    except Problem as refused:
        return replies.go(HOME, str(refused.title))
    return render_template("gateway/recovery_codes.html", codes=codes)


@pages.get("/profile/second-factor/remove", allow=person)
def removal_form(call: Call) -> Any:
    """Ask for a code before the second factor is taken away."""
    return forms.page(_code_form("/gateway/profile/second-factor/remove", _("Remove the second factor")))


@pages.post("/profile/second-factor/remove", allow=person, session="none")
def remove(call: Call) -> Any:
    """Take the second factor away."""
    form = _code_form("/gateway/profile/second-factor/remove", _("Remove the second factor"))
    try:
        _with_code(call, second_factor.remove_own)
    except Problem as refused:
        return forms.page(forms.typed(form, {}, {"code": [str(refused.title)]}))
    return replies.go(HOME, _("The second factor was removed"))


@pages.get("/profile/recovery-codes", allow=person)
def recovery_form(call: Call) -> Any:
    """Ask for a code before new recovery codes are made."""
    return forms.page(_code_form("/gateway/profile/recovery-codes", _("New recovery codes")))


@pages.post("/profile/recovery-codes", allow=person, session="none")
def renew_codes(call: Call) -> Any:
    """Show fresh recovery codes, once."""
    form = _code_form("/gateway/profile/recovery-codes", _("New recovery codes"))
    try:
        codes = _with_code(call, second_factor.renew_recovery_codes)
    except Problem as refused:
        return forms.page(forms.typed(form, {}, {"code": [str(refused.title)]}))
    return render_template("gateway/recovery_codes.html", codes=codes)


@pages.post("/profile/sessions/<session_id>/end", allow=person)
def end_session(call: Call, session_id: str) -> Any:
    """End one session."""
    sessions.end(call.session, user_id=call.caller.id, session_id=session_id)
    return replies.go(HOME, _("The session was ended"))


@pages.post("/profile/log-out-everywhere", allow=person)
def log_out_everywhere(call: Call) -> Any:
    """End all sessions."""
    users.log_out_everywhere(call.session, call.session.get_one(User, call.caller.id))
    return _logged_out(_("You were signed out everywhere"))


@pages.post("/profile/notifications", allow=person)
def save_preferences(call: Call) -> Any:
    """Store on which channels the reader wants messages; preferences for single keys stay."""
    posted = set(call.request.form.getlist("channel")) | {"inbox"}
    special = [item for item in notifications.preferences(call.session, call.caller.id) if item["key"] != "*"]
    general = [{"channel": name, "key": "*", "wanted": name in posted} for name in notifications.CHANNELS]
    notifications.prefer(call.session, call.caller.id, [*general, *special])
    return replies.go(HOME, _("Saved"))


def _with_code(call: Call, do: Any) -> Any:
    code, address = call.request.form.get("code", ""), call.request.remote_addr or ""
    return accounts.with_code(call.database, do, user_id=call.caller.id, code=code, address=address)


def _profile_form(user: User) -> forms.Form:
    return forms.Form(
        key="profile",
        title=_("Profile"),
        action="/gateway/profile/edit",
        cancel=HOME,
        fields=[LANGUAGE, MOBILE],
        values=user,
    )


def _password_form() -> forms.Form:
    return forms.Form(
        key="password",
        title=_("Change password"),
        action="/gateway/profile/password",
        cancel=HOME,
        fields=[CURRENT, NEW],
    )


def _code_form(action: str, title: Any) -> forms.Form:
    return forms.Form(key="code", title=title, action=action, cancel=HOME, fields=[CODE], submit=title)


def _logged_out(message: Any) -> Any:
    answer = replies.go(navigation.LOGIN, message)
    answer.delete_cookie(auth.COOKIE, path="/")
    return answer
