"""What a dashboard is: tiles in order, each a question and a way to show it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from marshmallow import Schema, ValidationError, fields, validate

from chassis.errors import Problem
from chassis.i18n import gettext as _
from engines import conditions
from reporting.errors import DashboardInvalid
from reporting.facts import FACTS
from reporting.metrics import catalogue
from reporting.metrics.definition import ALWAYS, Label, Metric
from reporting.querying.answer import COMPARE
from reporting.querying.periods import GRAINS, PRESETS

KINDS = ("number", "line", "area", "bar", "stacked", "pie", "heat", "gauge", "funnel", "leaderboard", "table")


@dataclass(frozen=True, kw_only=True)
class Tile:
    """One tile. `split` is a second dimension (the colours of stacked bars, the rows of a heat map)."""

    key: str
    kind: str
    metrics: Sequence[str]
    dimension: str = ""
    split: str = ""
    title: Mapping[str, str] = field(default_factory=dict)
    condition: Mapping[str, Any] = field(default_factory=lambda: ALWAYS)
    period: str = ""  # of this tile alone, instead of the dashboard's
    compare: str = ""
    sort: str = ""
    limit: int = 12
    target: float | None = None


@dataclass(frozen=True, kw_only=True)
class Board:
    """A dashboard as it is shown; `roles` open it first for people who hold them."""

    key: str
    label: Mapping[str, str]
    tiles: Sequence[Tile]
    period: str = "last_90_days"
    roles: Sequence[str] = ()
    shipped: bool = True
    version: int = 1
    body: Mapping[str, Any] = field(default_factory=dict)


class TileIn(Schema):
    key = fields.String(required=True, validate=validate.Regexp(r"^[a-z][a-z0-9_]{0,39}$"))
    kind = fields.String(required=True, validate=validate.OneOf(KINDS))
    metrics = fields.List(fields.String(), required=True, validate=validate.Length(0, 8))
    dimension = fields.String(load_default="")
    split = fields.String(load_default="")
    title = fields.Dict(
        keys=fields.String(validate=validate.OneOf(("zh", "en"))), values=fields.String(), load_default=dict
    )
    condition = fields.Dict(load_default=lambda: {"all": []})
    period = fields.String(load_default="", validate=validate.OneOf(("", *PRESETS)))
    compare = fields.String(load_default="", validate=validate.OneOf(COMPARE))
    sort = fields.String(load_default="")
    limit = fields.Integer(load_default=12, validate=validate.Range(1, 100))
    target = fields.Float(load_default=None, allow_none=True)


class BoardIn(Schema):
    key = fields.String(required=True, validate=validate.Regexp(r"^[a-z][a-z0-9_]{1,59}$"))
    label = fields.Nested(Label, required=True)
    period = fields.String(load_default="last_90_days", validate=validate.OneOf(tuple(PRESETS)))
    roles = fields.List(fields.String(), load_default=list)
    tiles = fields.List(fields.Nested(TileIn), required=True, validate=validate.Length(1, 40))


_SCHEMA = BoardIn()


def read(body: Mapping[str, Any], known: Mapping[str, Metric], *, shipped: bool = False, version: int = 1) -> Board:
    """The dashboard of a definition; DashboardInvalid names each mistake by its place."""
    try:
        given = _SCHEMA.load(body)
    except ValidationError as error:
        raise DashboardInvalid(errors=dict(error.normalized_messages())) from None
    tiles = [Tile(**tile) for tile in given["tiles"]]
    errors = {}
    for place, tile in enumerate(tiles):
        wrong = _wrong(tile, known)
        if wrong:
            errors[f"tiles.{place}"] = [wrong]
    if len({tile.key for tile in tiles}) < len(tiles):
        errors["tiles"] = [_("Every tile needs a key of its own.")]
    if errors:
        raise DashboardInvalid(errors=errors)
    return Board(
        key=given["key"], label=given["label"], tiles=tiles, period=given["period"], roles=given["roles"],
        shipped=shipped, version=version, body=given,
    )  # fmt: skip


def _wrong(tile: Tile, known: Mapping[str, Metric]) -> str:
    """What is wrong with one tile, empty when nothing."""
    if tile.kind == "funnel":
        return ""
    if not tile.metrics:
        return _("Name a metric.")
    try:
        metrics = catalogue.wanted(known, tile.metrics)
        for metric in metrics:
            for component in catalogue.components(known, metric):
                conditions.check(tile.condition, FACTS[component.fact].object)
    except Problem as problem:
        named = [str(text) for texts in (problem.errors or {}).values() for text in texts]
        return " ".join(named) or str(problem.detail or problem.title)
    for name in filter(None, (tile.dimension, tile.split)):
        head, _colon, grain = name.partition(":")
        for metric in metrics:
            if head not in catalogue.dimensions(known, metric) or (grain and grain not in GRAINS):
                return _("%(metric)s cannot be grouped by %(name)s", metric=metric.key, name=name)
    if tile.kind not in ("number", "gauge") and not tile.dimension:
        return _("This tile needs a dimension.")
    return ""
