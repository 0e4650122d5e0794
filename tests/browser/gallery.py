"""Every pattern of the console with sample data: a Flask app for the browser tests and for looking at it.

`python -m tests.browser.gallery` serves it on port 8090; the log-in page signs in as 陈静 (any password).
"""

import secrets
import tempfile
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from flask import Flask, Response, current_app, jsonify, redirect, render_template

import console
from chassis import auth, clock, db, directory, keys
from chassis.db import Database
from chassis.errors import Busy, Forbidden
from chassis.i18n import gettext as _
from chassis.service import Service
from chassis.settings import Settings
from chassis.subscriptions import Subscriptions
from chassis.timers import Timers
from chassis.web import build
from console import boards, details, forms, lists, replies
from console.charts import Chart, Series
from console.definition_pages import mount
from console.pages import Pages, signed_in
from engines import explain  # noqa: F401  (its table belongs to the database)
from tests.browser import gallery_boards as pictures
from tests.browser import gallery_data as sample
from tests.browser import gallery_definitions as policies
from tests.browser.gallery_data import two

READER = "0190a000-0000-7000-8000-000000000001"
LEADS, SALES, GATEWAY = Pages("leads"), Pages("sales", name="sales"), Pages("gateway", name="gateway")
DESK, REPORTS = Pages("service-desk", name="desk"), Pages("reporting", name="reports")

mount(LEADS, policies.KIND)


def create(folder: Path) -> Flask:
    """The app, with a database of its own in `folder`."""
    service = Service(
        name="leads",
        package="console",
        settings=Settings,
        metadata=db.Base.metadata,
        subscriptions=Subscriptions(),
        timers=Timers(),
        on_start=[lambda app: console.register(app, service)],
        blueprints=lambda: [pages.blueprint for pages in (LEADS, SALES, GATEWAY, DESK, REPORTS)],
    )
    settings = Settings(service="leads", data=str(folder), secret_key=secrets.token_urlsafe(32))
    database = Database(f"sqlite:///{folder}/gallery.db", service="leads")
    db.Base.metadata.create_all(database.engine)
    with database.transaction() as session:
        directory.store_user(
            session, version="1", user_id=READER, name="陈静", email="chen@example.com", roles=["admin"], locale="zh"
        )
        directory.heard(session)
    app = build(service, settings, database=database)
    app.template_folder = str(Path(__file__).parent / "templates")
    app.config["SIGNING_KEY"] = keys.new_key("gallery")
    app.extensions["crm"].authenticator.jwks.trust({"keys": [keys.public_jwk(app.config["SIGNING_KEY"])]})
    return app


def session_cookie(app: Flask) -> str:
    """A cookie of somebody who is logged in."""
    return auth.sign_session(
        app.config["SIGNING_KEY"], user_id=READER, session_id="gallery", epoch=0, csrf="gallery-secret", seconds=36000
    )


# ---- list


@LEADS.get("/leads", allow=signed_in)
def leads(call: Any) -> str:
    shown = sample.lead_list()
    views = [
        lists.View(
            id="mine",
            name=two("我的线索", "My leads"),
            condition={"field": "owner", "op": "eq", "value": {"me": True}},
            own=True,
        ),
        lists.View(
            id="hot",
            name=two("高分线索", "Hot leads"),
            condition={"all": [{"field": "score", "op": "ge", "value": 75}]},
            shared=True,
        ),
    ]
    asked = lists.asked(shown, views=views)
    if asked.q == "empty":
        return lists.page(shown, asked, rows=[], views=views)
    start = int(asked.cursor or 0)
    rows = sample.found_leads(asked)
    page = rows[start : start + lists.PAGE]
    following = str(start + lists.PAGE) if start + lists.PAGE < len(rows) else None
    return lists.page(shown, asked, rows=page, next_cursor=following, views=views)


@LEADS.get("/leads/<id>/cells/<field>", allow=signed_in)
def lead_cell(call: Any, id: str, field: str) -> str:
    draw = lists.cell if call.request.args.get("cancel") else lists.editor
    return draw(sample.lead_list(), sample.lead(id), field)


@LEADS.post("/leads/<id>/cells/<field>", allow=signed_in)
def save_cell(call: Any, id: str, field: str) -> Any:
    value = call.request.form["value"].strip()
    if field == "company" and not value:
        return lists.editor(sample.lead_list(), sample.lead(id), field, value="", error=_("Type a company name.")), 422
    row = sample.lead(id)
    if call.request.form["version"] != str(row["version"]):
        return lists.conflict(sample.lead_list(), row, field, value=value, changed_by="王磊")
    row |= {field: value, "version": row["version"] + 1}
    return lists.cell(sample.lead_list(), sample.lead(id), field)


@LEADS.post("/leads/bulk/assign", allow=signed_in)
def bulk_assign(call: Any) -> Response:
    return replies.done(f"{len(call.request.form.getlist('ids'))} ✓", refresh="list")


@LEADS.get("/people", allow=signed_in)
def people(call: Any) -> Response:
    asked = call.request.args.get("q", "")
    return jsonify(items=[person for person in sample.PEOPLE if asked in person["label"]])


# ---- forms


@LEADS.get("/leads/new", allow=signed_in)
def new_lead(call: Any) -> Any:
    return forms.page(sample.lead_form())


@LEADS.post("/leads/new", allow=signed_in)
def make_lead(call: Any) -> Any:
    form = sample.lead_form()
    posted = forms.values(form, call.request.form)
    errors = {}
    if not posted["name"]:
        errors["name"] = [_("Type a name.")]
    if posted["mobile"] and len(posted["mobile"]) < 11:
        errors["mobile"] = [_("A mobile number has 11 digits.")]
    if errors:
        return forms.page(forms.typed(form, call.request.form, errors))
    return replies.go("/leads/leads", posted["name"], accepted=form.key)


@LEADS.post("/leads/<id>/edit", allow=signed_in)
@LEADS.get("/leads/<id>/edit", allow=signed_in)
def edit_lead(call: Any, id: str) -> Any:
    form = replace(
        sample.lead_form(), key=f"lead:{id}", action=f"/leads/leads/{id}/edit", values=sample.lead(id), version=3
    )
    if call.request.method == "POST":
        posted = forms.values(form, call.request.form)
        if call.request.form["version"] == "3":
            return forms.conflict(
                form,
                call.request.form,
                theirs=sample.lead(id),
                version=4,
                changed_by="王磊",
                changed_at=clock.now() - timedelta(minutes=4),
            )
        return replies.go(f"/leads/leads/{id}", posted["company"] or "✓", accepted=form.key)
    return forms.page(form)


# ---- record


@LEADS.get("/leads/<id>", allow=signed_in)
def lead(call: Any, id: str) -> str:
    return details.page(sample.lead_detail(id))


@LEADS.post("/leads/<id>/convert", allow=signed_in)
def convert(call: Any, id: str) -> Any:
    return replies.go(f"/leads/leads/{id}", _("Moved"))


@LEADS.post("/leads/<id>/assign", allow=signed_in)
def assign(call: Any, id: str) -> Any:
    if not call.request.form["owner"]:
        return replies.refused(two("请选择负责人。", "Choose an owner."), status=422)
    return replies.done(two("已分配", "Assigned"))


@LEADS.get("/leads/<id>/fragments/quotes", allow=signed_in)
def quotes(call: Any, id: str) -> str:
    return render_template("quotes.html")


@DESK.get("/fragments/account/<id>", allow=signed_in)
def tickets(call: Any, id: str) -> Any:
    if id == "away":
        raise Busy()
    return render_template("tickets.html")


# ---- board


@SALES.get("/opportunities", allow=signed_in)
def opportunities(call: Any) -> str:
    args = call.request.args
    board = pictures.board(args.get("q", ""), full="full" in args)
    if args.get("part") == "cards":
        column = next(item for item in board.columns if item.id == args["column"])
        return boards.cards(board, pictures.rest_of(column))
    return boards.page(board)


@SALES.post("/opportunities/<id>/move", allow=signed_in)
def move(call: Any, id: str) -> Any:
    to = call.request.form["to"]
    if to == "contract":
        return boards.refused(
            two("不能进入“合同”阶段", "The contract stage is closed for this deal"),
            missing=[two("一份已接受的报价", "An accepted quote"), two("竞争分析", "A competitor analysis")],
            fix=f"/sales/opportunities/{id}/edit",
        )
    board = pictures.board("")
    touched = [column for column in board.columns if column.id in (call.request.form["from"], to)]
    return boards.moved(board, touched, message=two("已移动", "Moved"))


@SALES.get("/accounts", allow=signed_in)
def accounts(call: Any) -> str:
    shown = replace(sample.lead_list(), title=two("客户", "Accounts"), url="/sales/accounts", bulk=(), quick=())
    return lists.page(shown, lists.asked(shown), rows=[])


# ---- charts, gateway parts, refusals


@REPORTS.get("/dashboards", allow=signed_in)
def dashboards(call: Any) -> str:
    return render_template("charts.html", charts=pictures.charts(Chart, Series))


@GATEWAY.get("/fragments/bell", allow=signed_in)
def bell(call: Any) -> str:
    if call.request.args.get("part") == "count":
        return "3"
    return render_template("console/bell.html", unread=3, items=pictures.notices(), all_url="/gateway/notifications")


@GATEWAY.get("/fragments/work", allow=signed_in)
def work_count(call: Any) -> str:
    return render_template("console/work_count.html", open=12)


@LEADS.get("/fragments/search", allow=signed_in)
def found_leads(call: Any) -> Any:
    hits = pictures.hits(call.request.args.get("q", ""))
    return render_template("console/found.html", label=_("Leads"), hits=hits) if hits else ("", 204)


for pages in (SALES, GATEWAY, DESK):

    @pages.get("/fragments/search", allow=signed_in)
    def found_nothing(call: Any) -> Any:
        return "", 204


@GATEWAY.get("/login", public=True)
def login(call: Any) -> str:
    return render_template("login.html")


@GATEWAY.post("/login", public=True)
def log_in(call: Any) -> Any:
    answer = redirect("/leads/leads", 303)
    answer.set_cookie(auth.COOKIE, session_cookie(current_app), httponly=True)
    return answer


@LEADS.get("/forbidden", allow=signed_in)
def forbidden(call: Any) -> str:
    raise Forbidden()


@LEADS.get("/broken", allow=signed_in)
def broken(call: Any) -> str:
    raise RuntimeError("made to fail")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as place:
        create(Path(place)).run(port=8090, threaded=True)
