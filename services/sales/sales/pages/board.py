"""The pipeline board: columns of deals, moved by drag, key or menu; a closed gate says what is missing."""

from typing import Any

from flask import request
from sqlalchemy import select

from chassis import clock
from chassis.api import Call
from chassis.errors import NotFound
from chassis.i18n import gettext as _
from chassis.i18n import ngettext, pick
from console import boards, reader
from engines import access
from engines.access import has_right, right
from sales import gates, money, moving, opportunities, queries
from sales.errors import GateClosed, OpportunityClosed
from sales.models import Pipeline
from sales.objects import LOSS_REASONS, OPPORTUNITY
from sales.pages.edge import COLOURS, names, pages
from sales.settings import current

URL = "/sales/opportunities"
DOCUMENTS = {
    "quote": {"zh": "报价单", "en": "Quote"},
    "competitor_analysis": {"zh": "竞品分析", "en": "Competitor analysis"},
    "contract": {"zh": "合同", "en": "Contract"},
    "tender": {"zh": "标书", "en": "Tender"},
    "proposal": {"zh": "方案", "en": "Proposal"},
    "other": {"zh": "其他", "en": "Other"},
}


@pages.get("/opportunities", allow=right("opportunity", "read"))
def pipeline_board(call: Call) -> Any:
    """The board of one pipeline, or the next cards of a column."""
    every = call.session.scalars(select(Pipeline).where(Pipeline.active.is_(True)).order_by(Pipeline.created_at)).all()
    asked = request.args.get("pipeline", "")
    pipeline = next((item for item in every if item.key == asked), None) or opportunities.pipeline_for(
        call.session, None
    )
    q, mine = request.args.get("q", "").strip()[:100], bool(request.args.get("mine"))
    if request.args.get("part") == "cards":
        return _more(call, pipeline, q=q, mine=mine)
    columns = queries.board(call.session, caller=call.caller, pipeline=pipeline, mine=mine, q=q)
    people = names(call.session, [card.owner_id for column in columns for card in column.cards])
    return boards.page(
        _board(call, pipeline, [_column(column, people) for column in columns], every=every, q=q, mine=mine)
    )


@pages.post("/opportunities/<id>/move", allow=right("opportunity", "move"))
def move_card(call: Call, id: str) -> Any:
    """Move a card; refused with what is missing and where to supply it."""
    record, pipeline = moving.locked(call.session, call.caller, id)
    before, target = record.stage, request.form.get("to", "")
    try:
        opportunities.move(
            call.session, record, caller=call.caller, pipeline=pipeline, to_stage=target,
            loss_reason=request.form.get("loss_reason") or None,
        )  # fmt: skip
    except GateClosed as refusal:
        stage = gates.stage_of(pipeline.stages, target) or {}
        reason = _("%(stage)s is not open to this opportunity yet", stage=pick(stage.get("name")))
        fix = f"{URL}/{id}/lose" if stage.get("category") == gates.LOST else f"{URL}/{id}/edit?for={target}"
        return boards.refused(reason, missing=missing_words(pipeline, refusal.facts["missing"]), fix=fix)
    except OpportunityClosed as refusal:
        return boards.refused(str(refusal.title))
    call.session.flush()
    touched = queries.column_totals(call.session, caller=call.caller, pipeline=pipeline, stages=[before, target])
    stage = gates.stage_of(pipeline.stages, target) or {}
    return boards.moved(
        _board(call, pipeline, [], every=[]),
        [_column(column, {}) for column in touched],
        message=_("%(name)s is in %(stage)s now", name=record.name, stage=pick(stage.get("name"))),
    )


def missing_words(pipeline: Any, missing: dict[str, list[str]]) -> list[str]:
    """What a gate lacks, in the reader's words."""
    checks = {item["key"]: item["name"] for stage in pipeline.stages for item in stage["checklist"]}
    fields = [OPPORTUNITY.by_name[name].label if name in OPPORTUNITY.by_name else name for name in missing["fields"]]
    return [
        *(_("Field: %(name)s", name=pick(label)) for label in fields),
        *(_("Check: %(name)s", name=pick(checks.get(key, key))) for key in missing["checklist"]),
        *(_("Document: %(name)s", name=pick(DOCUMENTS.get(kind, kind))) for kind in missing["documents"]),
    ]


def stage_label(pipeline: Any, key: str | None) -> str:
    """The name of a stage in the reader's language."""
    stage = gates.stage_of(pipeline.stages, key or "")
    return pick(stage["name"]) if stage else (key or "")


def loss_label(reason: str | None) -> str:
    """A loss reason in the reader's language."""
    return pick(LOSS_REASONS.get(reason or "")) if reason else ""


def _more(call: Call, pipeline: Pipeline, *, q: str, mine: bool) -> str:
    key = request.args.get("column", "")
    stage = gates.stage_of(pipeline.stages, key)
    if stage is None:
        raise NotFound()
    cursor = request.args.get("cursor", "")
    rows, following = queries.more_cards(
        call.session, caller=call.caller, pipeline=pipeline, stage=key, cursor=cursor, mine=mine, q=q
    )
    people = names(call.session, [row.owner_id for row in rows])
    column = queries.Column(stage=dict(stage), cards=rows, next_cursor=following)
    heads = [_column(queries.Column(stage=item), {}) for item in pipeline.stages]
    return boards.cards(_board(call, pipeline, heads, every=[], q=q, mine=mine), _column(column, people))


def _board(call: Call, pipeline: Any, columns: Any, *, every: Any, q: str = "", mine: bool = False) -> boards.Board:
    kept = "&mine=1" if mine else ""
    tabs = [(item.name, f"{URL}?pipeline={item.key}{kept}", item.key == pipeline.key) for item in every]
    whose = (_("All"), f"{URL}?pipeline={pipeline.key}", "users") if mine else (
        _("Only mine"), f"{URL}?pipeline={pipeline.key}&mine=1", "user")  # fmt: skip
    may_create = has_right(call.session, call.caller, "opportunity", "create")
    return boards.Board(
        key="sales.opportunities",
        title=_("Opportunities"),
        url=URL,
        move_url=URL + "/{id}/move",
        create=(f"{URL}/new", _("New opportunity")) if may_create else None,
        tabs=tabs if len(tabs) > 1 else (),
        others=[whose, (_("List"), f"{URL}/list", "list")],
        columns=columns,
        q=q,
        hidden={"pipeline": pipeline.key} | ({"mine": "1"} if mine else {}),
    )


def _column(column: queries.Column, people: dict[str, str]) -> boards.Column:
    stage = column.stage
    return boards.Column(
        id=stage["key"],
        label=stage["name"],
        count=column.count,
        total=None if _closed("base_amount") else money.outside(column.base_minor, current().base_currency),
        note=f"{stage['probability']}%" if stage["category"] == gates.OPEN else "",
        colour=COLOURS[stage["category"]],
        next_cursor=column.next_cursor,
        cards=[_card(row, people) for row in column.cards],
    )


def _closed(name: str) -> bool:
    """Whether the reader may not see a field of opportunities in full."""
    return name in reader.grant("opportunity").hidden


def _card(row: Any, people: dict[str, str]) -> boards.Card:
    days = (clock.now() - row.stage_entered_at).days
    account = access.masked(row.account_name) if "name" in reader.grant("account").hidden else row.account_name
    return boards.Card(
        id=row.id,
        title=access.masked(row.name) if _closed("name") else row.name,
        link=f"{URL}/{row.id}",
        subtitle=account,
        amount=None if _closed("amount") else money.outside(row.amount_minor, row.currency),
        owner=people.get(row.owner_id or "", ""),
        due=None if _closed("close_date") else row.close_date,
        warning=ngettext("Stalled for %(n)s day", "Stalled for %(n)s days", days)
        if row.stalled and not _closed("stalled")
        else "",
        version=row.version,
    )
