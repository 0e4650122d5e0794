"""The public capture form: a plain page that works without script, and one script tag that puts it into any site."""

from typing import Any

from flask import Response, render_template, request

from chassis import i18n
from chassis.api import Call
from chassis.errors import Problem, TooManyRequests
from chassis.i18n import gettext as _
from console.fields import words
from console.pages import Pages
from leads import forms, settings

pages = Pages("leads", name="capture", module="leads")
_ANY_SITE = (
    "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; "
    "frame-ancestors *; form-action 'self'"
)
_INPUTS = {"phone": "tel", "email": "email"}
_AUTOCOMPLETE = {
    "name": "name",
    "company": "organization",
    "title": "organization-title",
    "phone": "tel",
    "email": "email",
}


@pages.get("/capture/<form_key>", public=True)
def show_form(call: Call, form_key: str) -> Any:
    """The form as a page."""
    return _page(call, form_key, typed=request.args)


@pages.post("/capture/<form_key>", public=True)
def submit_form(call: Call, form_key: str) -> Any:
    """Take in the form; what is wrong is shown beside its field, nothing typed is lost."""
    try:
        forms.submit(
            call.session, form_key=form_key, values=request.form.to_dict(), address=request.remote_addr or "",
            per_minute=settings.of(call.settings).capture_per_minute, locale=i18n.current(),
            referrer=request.form.get("referrer_url", ""),
        )  # fmt: skip
    except TooManyRequests as problem:
        return _page(call, form_key, typed=request.form, errors={"": [str(problem.title)]}, status=429)
    except Problem as problem:
        if problem.status not in (409, 422):
            raise
        return _page(call, form_key, typed=request.form, errors=problem.errors or {"": [str(problem)]}, status=422)
    return _page(call, form_key, typed={}, done=True, status=201)


@pages.get("/capture/<form_key>/embed.js", public=True)
def embed(call: Call, form_key: str) -> Any:
    """`<script src="…/embed.js"></script>` puts the form where the tag stands, with the page's own UTM parameters."""
    forms.find(call.session, form_key)
    address = f"{call.settings.public_url.rstrip('/')}/leads/capture/{form_key}"
    script = render_template(
        "leads/embed.js", address=address, title=words(forms.find(call.session, form_key)["title"])
    )
    answer = Response(script, mimetype="text/javascript")
    answer.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    answer.headers["Cache-Control"] = "public, max-age=300"
    return answer


def _page(
    call: Call, form_key: str, *, typed: Any, errors: Any = None, done: bool = False, status: int = 200
) -> tuple[Response, int]:
    form = forms.find(call.session, form_key)
    body = render_template(
        "leads/capture.html",
        form=form,
        form_key=form_key,
        fields=[_field(each, typed, errors or {}) for each in form["fields"]],
        passed=[(name, value) for name, value in typed.items() if name.startswith("utm_") or name == "referrer_url"],
        errors=errors or {},
        done=done,
        honeypot=forms.HONEYPOT,
    )
    answer = Response(body, mimetype="text/html")
    answer.headers["Content-Security-Policy"] = _ANY_SITE  # any site may show it in a frame
    answer.headers["X-Frame-Options"] = ""
    return answer, status


def _field(field: dict[str, Any], typed: Any, errors: Any) -> dict[str, Any]:
    name = field["name"]
    messages = [*(errors.get(name) or []), *(errors.get({"phone": "phones", "email": "emails"}.get(name, "")) or [])]
    return {
        "name": name,
        "label": words(field.get("label")) or _(name.replace("_", " ").capitalize()),
        "required": field.get("required", False),
        "type": _INPUTS.get(name, "text"),
        "autocomplete": _AUTOCOMPLETE.get(name, "off"),
        "long": name == "message",
        "choices": [(value, words(label)) for value, label in forms.choices_of(field).items()],
        "value": typed.get(name, ""),
        "errors": [str(message) for message in messages],
    }
