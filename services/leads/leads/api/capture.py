"""The public route through which forms on any site hand in leads."""

from typing import Any

from marshmallow import INCLUDE, Schema, fields, validate

from chassis import i18n
from chassis.api import Api, Call
from chassis.errors import Invalid, TooManyRequests
from chassis.i18n import lazy as _
from leads import forms, settings
from leads.errors import ConsentMissing, FormClosed, NotReachable

api = Api("leads", tag="capture")
MAX_BODY = 64 * 1024


class SubmissionIn(Schema):
    """The form's own fields by name, `consent`, and `utm_source` and the like."""

    class Meta:
        unknown = INCLUDE

    consent = fields.Raw(load_default=None)


class SubmissionOut(Schema):
    accepted = fields.Boolean()
    message = fields.String()


@api.post(
    "/capture/<form_key>", body=SubmissionIn, answer=SubmissionOut, status=201, public=True, max_body=MAX_BODY,
    query={"referrer": fields.String(load_default="", validate=validate.Length(max=1000))},
    errors=[FormClosed, ConsentMissing, NotReachable, TooManyRequests],
)  # fmt: skip
def submit_form(call: Call, form_key: str) -> Any:
    """Hand in a capture form."""
    if len(call.body) > 60 or any(isinstance(value, dict | list) for value in call.body.values()):
        raise Invalid(errors={"_schema": [_("Send the form's fields as plain values.")]})
    values = {name: "" if value is None else str(value) for name, value in call.body.items()}
    form = forms.find(call.session, form_key)
    forms.submit(
        call.session, form_key=form_key, values=values, address=call.request.remote_addr or "",
        per_minute=settings.of(call.settings).capture_per_minute, locale=i18n.current(), referrer=call.query["referrer"],
    )  # fmt: skip
    return {"accepted": True, "message": i18n.pick(form.get("thanks"))}
