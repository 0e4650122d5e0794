"""What people outside see without logging in: the form for a request, the satisfaction survey."""

from typing import Any

from flask import Response, render_template, request

from chassis import ids
from chassis.api import Call
from chassis.errors import Invalid, TooManyRequests
from console.fields import words
from console.pages import Pages
from service_desk import portal, surveys

pages = Pages("service-desk", name="public", module="service_desk")
FORM = "/service-desk/portal/new"


@pages.get("/portal/new", public=True)
def portal_form(call: Call) -> Any:
    """The form."""
    return _form(call, typed=request.args)


@pages.post("/portal/new", public=True)
def portal_submit(call: Call) -> Any:
    """Take in the form; what is wrong is shown beside its field, nothing typed is lost."""
    try:
        number = portal.submit(
            call.session, values=request.form.to_dict(), address=request.remote_addr or "",
            per_minute=call.settings.portal_per_minute,  # type: ignore[attr-defined]
        )  # fmt: skip
    except TooManyRequests as problem:
        return _form(call, typed=request.form, errors={"": [str(problem.title)]}, status=429)
    except Invalid as problem:
        return _form(call, typed=request.form, errors=problem.errors or {"": [str(problem)]}, status=422)
    return _form(call, typed={}, done=True, number=number, status=201)


def _form(
    call: Call, *, typed: Any, errors: Any = None, done: bool = False, number: str = "", status: int = 200
) -> Any:
    body = render_template(
        "service_desk/portal.html", typed=typed, errors=errors or {}, done=done, number=number, honeypot=portal.HONEYPOT,
        submission=typed.get(portal.SUBMISSION) or ids.uuid7(), action=FORM,
        offered=[(key, words(label)) for key, label in portal.offered().items()],
    )  # fmt: skip
    return Response(body, mimetype="text/html"), status


@pages.get("/survey/<token>", public=True)
def survey_form(call: Call, token: str) -> Any:
    """The question with the score of the link chosen. Only sending it counts: mail scanners open every link they see."""
    survey = surveys.find(call.session, token)
    score = request.args.get("score", "")
    return render_template(
        "service_desk/survey.html", survey=survey, token=token, score=int(score) if score in ("1", "2", "3", "4", "5") else 0,
        problem=False,
    )  # fmt: skip


@pages.post("/survey/<token>", public=True)
def survey_submit(call: Call, token: str) -> Any:
    """Take in the answer."""
    score = request.form.get("score", "")
    if score not in ("1", "2", "3", "4", "5"):
        survey = surveys.find(call.session, token)
        return render_template("service_desk/survey.html", survey=survey, token=token, score=0, problem=True), 422
    survey = surveys.answer(call.session, token, score=int(score), comment=request.form.get("comment", ""))
    return render_template("service_desk/survey.html", survey=survey, token=token, score=survey.score, problem=False)
