"""The declaration of the sample service."""

import sys

from flask import Blueprint
from marshmallow import Schema, fields, validate
from shared.chassis.gadgets import models
from shared.chassis.gadgets.models import Gadget
from sqlalchemy import select

from chassis import auth, i18n
from chassis.api import Api
from chassis.errors import Conflict, Invalid, NotFound
from chassis.events import Event, publish
from chassis.i18n import lazy as _
from chassis.paging import Paged
from chassis.service import Service
from chassis.settings import Settings
from chassis.subscriptions import Subscriptions
from chassis.timers import Timers


class GadgetChanged(Event, type="gadgets.gadget.changed.v1"):
    """A gadget was made or changed."""

    gadget_id = fields.String(required=True)


class GadgetIn(Schema):
    name = fields.String(required=True, validate=validate.Length(min=1, max=80))
    code = fields.String(allow_none=True, validate=validate.Length(max=20))
    size = fields.Integer(load_default=0)
    score = fields.Integer(allow_none=True)
    price = fields.Decimal(allow_none=True, as_string=True, places=2)
    built_on = fields.Date(allow_none=True)
    custom = fields.Dict(keys=fields.String(validate=validate.Length(max=40)), load_default=dict)


class GadgetOut(Schema):
    id = fields.String(required=True)
    version = fields.Integer(required=True)
    created_at = fields.DateTime(required=True)
    owner_id = fields.String(allow_none=True)
    name = fields.String(required=True)
    code = fields.String(allow_none=True)
    size = fields.Integer(required=True)
    score = fields.Integer(allow_none=True)
    price = fields.Decimal(as_string=True, allow_none=True)
    built_on = fields.Date(allow_none=True)
    custom = fields.Dict(required=True)


class TooManyGadgets(Conflict):
    code, title = "too_many_gadgets", _("This already exists")


class Masking:
    def __init__(self, hidden):
        self.touched = hidden

    def __call__(self, item):
        return {name: value for name, value in item.items() if name not in self.touched}


class Right:
    """Stands for engines.access: a right is a role of the same name."""

    def __init__(self, role: str):
        self.role = role

    def __call__(self, call) -> bool:
        return self.role in call.caller.roles or "all" in call.caller.roles

    def masking(self, call):
        return Masking(self.hidden(call))

    def hidden(self, call):
        return frozenset({"price"}) if "blind" in call.caller.roles else frozenset()


def larger_than(call, text):
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise Invalid(errors={"filter": ["A number"]})
    return Gadget.size > int(text)


api = Api("gadgets", tag="gadgets")
LIST = Paged(
    entity=Gadget,
    sort={name: getattr(Gadget, name) for name in ("created_at", "name", "size", "score", "price", "built_on")},
    default="-created_at",
    filter=larger_than,
)


@api.post("/gadgets", body=GadgetIn, answer=GadgetOut, status=201, allow=Right("make"), errors=[TooManyGadgets])
def make_gadget(call):
    """Make a gadget."""
    if call.body["name"] == "bug":
        raise RuntimeError("secret internals")
    gadget = Gadget(owner_id=call.caller.id, created_by=call.caller.id, **call.body)
    call.session.add(gadget)
    call.session.flush()
    publish(call.session, GadgetChanged(gadget, gadget_id=gadget.id))
    if call.body["name"] == "too many":
        raise TooManyGadgets(_("Choose from: %(names)s", names="1, 2"), limit=2)
    return gadget


@api.get("/gadgets", answer=GadgetOut, page=LIST, allow=Right("see"))
def list_gadgets(call):
    """List gadgets."""
    return select(Gadget)


@api.get("/gadgets/<id>", answer=GadgetOut, allow=Right("see"))
def read_gadget(call, id):
    """Read a gadget."""
    return _gadget(call, id)


@api.patch("/gadgets/<id>", body=GadgetIn(partial=True), answer=GadgetOut, allow=Right("make"))
def change_gadget(call, id):
    """Change a gadget."""
    gadget = _gadget(call, id)
    for name, value in call.body.items():
        setattr(gadget, name, value)
    publish(call.session, GadgetChanged(gadget, gadget_id=gadget.id))
    return gadget


@api.delete("/gadgets/<id>", status=204, allow=Right("make"))
def drop_gadget(call, id):
    """Remove a gadget."""
    gadget = _gadget(call, id)
    call.session.delete(gadget)
    call.session.flush()
    publish(call.session, GadgetChanged(gadget, gadget_id=gadget.id))


@api.get("/whoami", allow=Right("see"))
def whoami(call):
    """Say who is asking."""
    caller = call.caller
    return {
        "id": caller.id, "kind": caller.kind, "departments": caller.department_ids, "team": caller.team_ids,
        "locale": i18n.current(), "address": call.request.remote_addr, "url": call.request.host_url,
    }  # fmt: skip


@api.get("/ping", public=True)
def ping(call):
    """Answer anybody."""
    return {"pong": True}


def _gadget(call, id):
    gadget = call.session.get(Gadget, id)
    if gadget is None:
        raise NotFound()
    return gadget


pages = Blueprint("pages", __name__, url_prefix="/gadgets")


@pages.route("/form", methods=["GET", "POST"])
def form():
    """Stands for a page: the caller comes from the cookie, a POST needs the CSRF token."""
    from flask import current_app, request

    authenticator = current_app.extensions["crm"].authenticator
    caller = authenticator.page_caller(request)
    return f"{caller.id} {auth.csrf_token(authenticator.session_claims(request))}"


auth.declare(form, allow=lambda call: True)

SERVICE = Service(
    name="gadgets",
    package="shared.chassis.gadgets",
    settings=Settings,
    metadata=models.Base.metadata,
    events=[sys.modules[__name__]],
    subscriptions=Subscriptions(),
    timers=Timers(),
    blueprints=lambda: [api, pages],
)
