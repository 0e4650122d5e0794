"""From a field of a form's definition, as data, to what the engines work with; every mistake named by its place."""

from collections.abc import Mapping
from typing import Any

from marshmallow import Schema, ValidationError, validate
from marshmallow import fields as shapes

from chassis.i18n import Text
from chassis.i18n import lazy as _
from engines.fields.choosing import Boolean, Cascade, Choice, Choices, Labels, Tags
from engines.fields.computed import AutoNumber, FormulaKind, QrCode, RollUp
from engines.fields.kind import Kind, Spec
from engines.fields.numbers import Integer, Money, Number, Percent, Rating
from engines.fields.parts import Json, SubTable
from engines.fields.places import Address, Region
from engines.fields.references import Department, File, Image, Lookup, Lookups, Person
from engines.fields.times import Date, DateTime, Time
from engines.fields.words import CreditCode, Email, IdCard, LongText, Phone, RichText, Url, Words

KINDS: Mapping[str, Kind] = {
    kind.name: kind
    for kind in (
        Words(), LongText(), RichText(), Number(), Integer(), Money(), Percent(), Rating(), Date(), DateTime(), Time(),
        Boolean(), Choice(), Choices(), Cascade(), Tags(), Phone(), Email(), Url(), Region(), Address(), Person(),
        Department(), Lookup(), Lookups(), RollUp(), FormulaKind(), AutoNumber(), QrCode(), File(), Image(), SubTable(),
        Json(), CreditCode(), IdCard(),
    )
}  # fmt: skip
FAMILIES: Mapping[str, Mapping[str, str]] = {
    "words": {"zh": "文字", "en": "Words"},
    "numbers": {"zh": "数字", "en": "Numbers"},
    "times": {"zh": "日期与时间", "en": "Dates and times"},
    "choosing": {"zh": "选择", "en": "Choices"},
    "places": {"zh": "地点", "en": "Places"},
    "references": {"zh": "关联", "en": "References"},
    "computed": {"zh": "自动计算", "en": "Worked out"},
    "parts": {"zh": "结构", "en": "Parts"},
}


class Texts(Labels):
    """A label of a field or section."""


class Helps(Schema):
    zh = shapes.String(validate=validate.Length(max=300))
    en = shapes.String(validate=validate.Length(max=300))


class FieldShape(Schema):
    """One field of a form. `options` hold what its kind needs; conditions are of the condition language."""

    key = shapes.String(required=True, validate=validate.Regexp(r"^[a-z][a-z0-9_]{0,39}$"))
    kind = shapes.String(required=True, validate=validate.OneOf(tuple(KINDS)))
    label = shapes.Nested(Texts, required=True)
    help = shapes.Nested(Helps)
    required = shapes.Boolean()
    unique = shapes.Boolean()
    indexed = shapes.Boolean()
    default = shapes.Raw(allow_none=True)
    options = shapes.Dict()
    visible_when = shapes.Dict(allow_none=True)
    required_when = shapes.Dict(allow_none=True)
    read_only_when = shapes.Dict(allow_none=True)


class SpecWrong(Exception):
    """A field's definition does not hold; `errors` maps places below it to messages."""

    def __init__(self, errors: Mapping[str, Any], at: str = ""):
        self.errors = errors
        self.at = at
        super().__init__(str({place: str(text) for place, text in self.flat().items()}))

    def flat(self) -> dict[str, Text]:
        """Each place with its first message."""
        return dict(_flat(self.errors, self.at))


_SHAPE = FieldShape()
_OPTIONS: dict[str, Schema] = {
    name: Schema.from_dict(dict(kind.options), name=f"{type(kind).__name__}Options")() for name, kind in KINDS.items()
}


def spec_of(body: Mapping[str, Any], at: str = "") -> Spec:
    """The field that `body` defines; SpecWrong. Conditions, formulas and lookups are checked with the whole form."""
    try:
        loaded = _SHAPE.load(dict(body))
    except ValidationError as error:
        raise SpecWrong(error.normalized_messages(), at) from None
    kind = KINDS[loaded["kind"]]
    try:
        options = _OPTIONS[kind.name].dump(_OPTIONS[kind.name].load(loaded.get("options") or {}))
    except ValidationError as error:
        raise SpecWrong({"options": error.normalized_messages()}, at) from None
    rest = {name: value for name, value in loaded.items() if name not in ("kind", "options") and value is not None}
    spec = Spec(kind=kind, options=options, **rest)
    errors: dict[str, Any] = {}
    if not any(spec.label.values()):
        errors["label"] = _("Give it a title.")
    if wrong := kind.check(spec):
        errors["options"] = dict(wrong)
    if spec.unique and not kind.may_be_unique:
        errors["unique"] = _("Values of this kind cannot be unique.")
    if spec.indexed and not kind.may_be_indexed:
        errors["indexed"] = _("Values of this kind cannot be indexed.")
    if kind.computed and (spec.required or spec.default is not None):
        errors["required"] = _("The system works this field out: it is never typed in.")
    if errors:
        raise SpecWrong(errors, at)
    return spec


def _flat(errors: Any, at: str) -> list[tuple[str, Text]]:
    if isinstance(errors, Mapping):
        return [pair for name, part in errors.items() for pair in _flat(part, f"{at}.{name}" if at else str(name))]
    if isinstance(errors, list | tuple):
        return _flat(errors[0], at) if errors else []
    return [(at, errors)]
