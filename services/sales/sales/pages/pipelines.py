"""Pipelines in the definition editor: stages with probability, checklist and what they demand."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

import orjson
from marshmallow import ValidationError
from sqlalchemy import select

from chassis import clock, event_log
from chassis.api import Call
from chassis.i18n import gettext as _
from chassis.i18n import lazy
from console.definition_pages import mount
from console.definitions import Body, Kind, Part, Problem, Stored, Tried, Version, problems_of
from console.fields import Choice
from engines import access
from engines.access import right
from sales import catalogue, gates, money
from sales.models import Opportunity, Pipeline
from sales.objects import CATEGORIES, OPPORTUNITY
from sales.pages.catalogue import tabs
from sales.pages.edge import choices, pages
from sales.pipeline_templates import DOCUMENT_KINDS, TEMPLATES
from sales.schemas import catalogue as schemas
from sales.settings import current

URL = "/sales/pipelines"
_SAVED = "sales.pipeline.saved.v1"
_DOCUMENTS = {
    "quote": lazy("Quote"), "competitor_analysis": lazy("Competitor analysis"), "contract": lazy("Contract"),
    "tender": lazy("Tender"), "proposal": lazy("Proposal"), "other": lazy("Other document"),
}  # fmt: skip
_FORECASTS = {
    "pipeline": lazy("Pipeline"), "best_case": lazy("Best case"), "most_likely": lazy("Most likely"),
    "commit": lazy("Commit"), "closed": lazy("Closed"), "omitted": lazy("Left out"),
}  # fmt: skip


def _parts(call: Call) -> list[Part]:
    seen = access.visible(call.session, call.caller, OPPORTUNITY)
    asked = [Choice(value=field.name, label=dict(field.label)) for field in seen.fields if field.written]
    asked += [Choice(value="loss_reason", label=dict(OPPORTUNITY.by_name["loss_reason"].label))]
    check = [
        Part(name="name", label=_("To be ticked"), kind="pair", required=True),
        Part(name="required", label=_("Demanded before the next stage"), kind="boolean"),
        Part(name="key", label=_("Short name"), kind="key", required=True),
    ]
    stage = [
        Part(name="name", label=_("Name"), kind="pair", required=True),
        Part(name="category", label=_("Means"), kind="choice", choices=choices(CATEGORIES), required=True),
        Part(name="probability", label=_("Probability"), kind="percent", required=True, minimum=0, maximum=100),
        Part(name="forecast_category", label=_("In the forecast"), kind="choice",
             choices=[Choice(value=key, label=label) for key, label in _FORECASTS.items()],
             help=_("Empty: by its probability")),
        Part(name="max_days", label=_("Stalled after"), kind="integer", unit=_("days"), minimum=1),
        Part(name="checklist", label=_("Checklist"), kind="rows", parts=check, head="name", same="key",
             add=_("Add a point"), blank={"required": True}),
        Part(name="required_fields", label=_("Fields that must be filled"), kind="choices", choices=asked),
        Part(name="required_documents", label=_("Documents that must be there"), kind="choices",
             choices=[Choice(value=key, label=_DOCUMENTS[key]) for key in DOCUMENT_KINDS]),
        Part(name="key", label=_("Short name"), kind="key", required=True),
    ]  # fmt: skip
    return [
        Part(name="is_default", label=_("Used for deals that name no pipeline"), kind="boolean"),
        Part(name="active", label=_("New deals may use it"), kind="boolean"),
        Part(name="stages", label=_("Stages, from the left of the board"), kind="rows", parts=stage, head="name", same="key",
             required=True, add=_("Add a stage"),
             blank={"category": "open", "probability": 20, "checklist": [], "required_fields": [],
                    "required_documents": [], "max_days": 7}),
    ]  # fmt: skip


def _body(record: Pipeline) -> dict[str, Any]:
    return {"is_default": record.is_default, "active": record.active, "stages": record.stages}


def _stored(record: Pipeline) -> Stored:
    return Stored(
        key=record.key, title=record.name, body=_body(record), revision=record.version, active=record.active,
        changed_at=record.updated_at, note=_("used by itself") if record.is_default else "",
    )  # fmt: skip


def _listed(call: Call) -> Sequence[Stored]:
    found = access.readable(call.session, call.caller, Pipeline).order_by(Pipeline.is_default.desc(), Pipeline.key)
    return [_stored(record) for record in call.session.scalars(found)]


def _record(call: Call, key: str) -> Pipeline | None:
    return call.session.scalars(
        access.readable(call.session, call.caller, Pipeline).where(Pipeline.key == _key(key))
    ).first()


def _find(call: Call, key: str) -> Stored | None:
    record = _record(call, key)
    return _stored(record) if record else None


def _versions(call: Call, key: str) -> Sequence[Version]:
    """What the log says of every time the pipeline was saved, newest first."""
    record = _record(call, key)
    if record is None:
        return []
    log = event_log.LOG.c
    rows = call.session.execute(
        select(log.aggregateversion, log.time, log.actor, log.data)
        .where(log.subject == f"pipeline/{record.id}", log.type == _SAVED)
        .order_by(log.id.desc())
        .limit(100)
    ).all()
    return [
        Version(
            revision=row.aggregateversion, at=row.time, by=row.actor,
            body={**_body(record), "stages": orjson.loads(row.data)["stages"]},
        )
        for row in rows
    ]  # fmt: skip


def _problems(call: Call, key: str, body: Body) -> Sequence[Problem]:
    try:
        given = schemas.PipelineEdit().load({"key": _key(key), "name": {"zh": "-", "en": "-"}, **body})
    except ValidationError as wrong:
        return problems_of(wrong.normalized_messages())
    found = [Problem(at=at, text=text) for at, text in gates.faults(given["stages"]).items()]
    gone = {stage for stage, _count in _held(call, key)} - {stage["key"] for stage in given["stages"]}
    if gone:
        found.append(Problem(at="stages", text=_("Deals stand in: %(stages)s", stages=", ".join(sorted(gone)))))
    return found


def _held(call: Call, key: str) -> list[tuple[str, int]]:
    """Stages of the pipeline that opportunities stand in, whoever may see these."""
    rows = call.session.execute(
        select(Opportunity.stage, Opportunity.id)
        .join(Pipeline, Pipeline.id == Opportunity.pipeline_id)
        .where(Pipeline.key == _key(key))
    )
    counts: dict[str, int] = {}
    for row in rows:
        counts[row.stage] = counts.get(row.stage, 0) + 1
    return list(counts.items())


def _key(key: str) -> str:
    return key.replace("-", "_")


def _publish(call: Call, key: str, body: Body, title: Mapping[str, str]) -> int:
    record = call.session.scalars(select(Pipeline).where(Pipeline.key == _key(key)).with_for_update()).first()
    access.require_right(call.session, call.caller, "pipeline", "edit" if record else "create")
    name = {language: title.get(language) or next(iter(title.values()), key) for language in ("zh", "en")}
    values = schemas.PipelineEdit().load({"key": record.key if record else _key(key), "name": name, **body})
    return catalogue.save_pipeline(call.session, record or Pipeline(), caller=call.caller, **values).version


def _try(call: Call, key: str, body: Body, days: int) -> Tried:
    """The open deals of the pipeline under the draft: weighted value, stalled ones, stages that are gone."""
    stages = {stage.get("key"): stage for stage in body.get("stages") or ()}
    now = clock.now()
    found = call.session.scalars(
        access.readable(call.session, call.caller, Opportunity)
        .join(Pipeline, Pipeline.id == Opportunity.pipeline_id)
        .where(Pipeline.key == _key(key), Opportunity.category == gates.OPEN)
        .order_by(Opportunity.base_minor.desc())
        .limit(2000)
    ).all()
    rows, links, then, lost, stalled = [], [], 0, 0, 0
    for deal in found:
        stage = stages.get(deal.stage)
        probability = int(stage.get("probability") or 0) if stage else 0
        limit = stage.get("max_days") if stage else None
        late = bool(limit) and now - deal.stage_entered_at > timedelta(days=int(limit or 0))
        then += gates.weighted(deal.base_minor, probability)
        lost, stalled = lost + (stage is None), stalled + late
        if stage is None or probability != deal.probability or late != deal.stalled:
            said = _("its stage is gone") if stage is None else f"{probability}%"
            rows.append((deal.name, f"{deal.probability}%", said, _("stalled") if late else "–"))
            links.append(f"/sales/opportunities/{deal.id}")
    base = current().base_currency
    today = sum(gates.weighted(deal.base_minor, deal.probability) for deal in found)
    return Tried(
        figures=[
            (_("Open deals"), len(found)),
            (_("In a stage that is gone"), lost),
            (_("Stalled then"), stalled),
            (_("Expected value now"), f"{money.to_text(today, base)} {base}"),
            (_("Expected value then"), f"{money.to_text(then, base)} {base}"),
        ],
        headings=[_("Deal"), _("Now"), _("Then"), _("State")],
        rows=rows[:50],
        links=links[:50],
        note=_("All open deals of the pipeline are looked at, whatever the period."),
    )


def _examples(call: Call) -> dict[str, Any]:
    """The shipped pipelines as a start for another one."""
    begun = {"is_default": False, "active": True}
    return {str(each["key"]): (each["name"], begun | {"stages": each["stages"]}) for each in TEMPLATES}


mount(
    pages,
    Kind(
        key="sales.pipeline", title=lazy("Pipelines"), noun=lazy("pipeline"), url=URL,
        intro=lazy("The paths deals take: what each stage means, how likely it ends well, and what it demands."),
        read=right("pipeline", "read"), edit=right("pipeline", "edit"), parts=_parts, listed=_listed, find=_find,
        versions=_versions, problems=_problems, publish=_publish, simulate=_try,
        tabs=lambda call: tabs(call, URL), blank={"is_default": False, "active": True, "stages": []},
        examples=_examples,
    ),
)  # fmt: skip
