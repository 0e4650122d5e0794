"""Kinds whose values the system works out: formula, roll-up, auto-number, QR code."""

from collections.abc import Callable
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from babel.numbers import get_currency_precision, list_currencies
from marshmallow import fields as shapes
from marshmallow import validate

from chassis.i18n import Text
from chassis.i18n import lazy as _
from engines.conditions import moments
from engines.fields.formulas import MAX_LENGTH, formula
from engines.fields.kind import Kind, Notation, Spec, Wrong
from engines.fields.numbers import text_of_scaled
from engines.fields.world import World

RESULTS = ("number", "money", "percent", "text", "date", "datetime", "boolean")
FUNCTIONS = ("count", "sum", "min", "max", "avg")


class Computed(Kind):
    """What nobody types: given values are refused by `load`, files may carry them and are not read back."""

    family, computed, widget = "computed", True, "computed"
    decimals = 2

    def load(self, spec: Spec, given: Any, world: World) -> Any:
        raise Wrong(_("This field is worked out by the system."))

    def from_text(self, spec: Spec, text: str, world: World, notation: Notation) -> Any:
        return None

    def result(self, spec: Spec) -> str:
        """What kind of value comes out."""
        return self.stored

    def stored_as(self, spec: Spec) -> str:
        return self.result(spec)

    def scale(self, spec: Spec) -> int | None:
        if self.result(spec) == "money":
            return get_currency_precision(self.currency(spec) or "CNY")
        return int(spec.options.get("decimals", self.decimals)) if self.result(spec) in ("number", "percent") else None

    def currency(self, spec: Spec) -> str | None:
        return str(spec.options.get("currency", "CNY")) if self.result(spec) == "money" else None

    def check(self, spec: Spec) -> dict[str, Text]:
        if spec.options.get("currency", "CNY") not in list_currencies():
            return {"currency": _("There is no such currency.")}
        return {}

    def kept(self, spec: Spec, value: Any) -> Any:
        """A result in its stored form; None where it is not of the result's kind."""
        kind = self.result(spec)
        if isinstance(value, Decimal) and (places := self.scale(spec)) is not None:
            moved = value.scaleb(places).to_integral_value(rounding=ROUND_HALF_UP)
            return int(moved) if abs(moved) < 2**53 else None
        if kind == "boolean":
            return value if isinstance(value, bool) else None
        if kind == "datetime":
            return moments.canonical(value) if isinstance(value, datetime) else None
        if kind == "date":
            day = value.date() if isinstance(value, datetime) else value
            return day.isoformat() if isinstance(day, date) else None
        return value if kind == "text" and isinstance(value, str) and value else None

    def dump(self, spec: Spec, stored: Any) -> Any:
        if stored is None or isinstance(stored, bool) or not isinstance(stored, int):
            return stored
        text = text_of_scaled(stored, self.scale(spec) or 0)
        return {"amount": text, "currency": self.currency(spec)} if self.result(spec) == "money" else text

    def to_text(self, spec: Spec, stored: Any, world: World, notation: Notation) -> str:
        if isinstance(stored, bool) or not isinstance(stored, int):
            return "" if stored is None else str(stored)
        return text_of_scaled(stored, self.scale(spec) or 0).replace(".", notation.decimal)

    def shape(self, spec: Spec) -> dict[str, Any]:
        kind = self.result(spec)
        if kind == "money":
            return {"type": "object", "readOnly": True}
        return {"type": "boolean" if kind == "boolean" else "string", "readOnly": True}


class FormulaKind(Computed):
    """Worked out of other fields whenever the record is saved."""

    name, label, icon = "formula", {"zh": "公式", "en": "Formula"}, "math-function"
    options = {
        "formula": shapes.String(required=True, validate=validate.Length(1, MAX_LENGTH)),
        "result": shapes.String(validate=validate.OneOf(RESULTS)),
        "decimals": shapes.Integer(validate=validate.Range(0, 6)),
        "currency": shapes.String(),
    }

    def result(self, spec: Spec) -> str:
        return str(spec.options.get("result", "number"))

    def text(self, spec: Spec) -> str:
        """The formula as written."""
        return str(spec.options.get("formula") or "")

    def check(self, spec: Spec) -> dict[str, Text]:
        try:
            formula(self.text(spec))
        except Wrong as wrong:
            return {"formula": wrong.message if isinstance(wrong.message, Text) else Text(wrong.message)}
        return super().check(spec)

    def compute(self, spec: Spec, read: Callable[[str], Any]) -> Any:
        """The value for a record whose fields `read` gives as formulas know them, in its stored form."""
        return self.kept(spec, formula(self.text(spec)).value(read))


class QrCode(FormulaKind):
    """A QR code of a text: the record's own address (`link`), or what a formula says."""

    name, label, icon = "qr_code", {"zh": "二维码", "en": "QR code"}, "qrcode"
    options = {"formula": shapes.String(validate=validate.Length(1, MAX_LENGTH))}
    widget = "qr_code"
    may_be_indexed = sortable = False

    def result(self, spec: Spec) -> str:
        return "text"

    def text(self, spec: Spec) -> str:
        return super().text(spec) or "link"


class RollUp(Computed):
    """Count, sum, least, greatest or mean over the records that point at this one through a lookup field."""

    name, label, icon = "roll_up", {"zh": "汇总", "en": "Roll-up"}, "sum"
    options = {
        "object": shapes.String(required=True, validate=validate.Length(1, 60)),
        "through": shapes.String(required=True, validate=validate.Length(1, 70)),
        "function": shapes.String(validate=validate.OneOf(FUNCTIONS)),
        "field": shapes.String(validate=validate.Length(max=70)),
        "decimals": shapes.Integer(validate=validate.Range(0, 6)),
        "currency": shapes.String(),
    }
    stored = "number"

    def result(self, spec: Spec) -> str:
        return "money" if spec.options.get("currency") and self.function(spec) != "count" else "number"

    def function(self, spec: Spec) -> str:
        """count, sum, min, max or avg."""
        return str(spec.options.get("function", "count"))

    def scale(self, spec: Spec) -> int | None:
        return 0 if self.function(spec) == "count" else super().scale(spec)

    def check(self, spec: Spec) -> dict[str, Text]:
        if self.function(spec) != "count" and not spec.options.get("field"):
            return {"field": _("Choose what is added up.")}
        return super().check(spec)


class AutoNumber(Computed):
    """A running number given when a record is made (SB-2026-000123), never twice, never changed."""

    name, label, icon = "auto_number", {"zh": "自动编号", "en": "Auto-number"}, "numbers"
    options = {"prefix": shapes.String(validate=validate.Regexp(r"^[A-Za-z0-9]{1,10}$"))}
    stored, widget = "text", "computed"
    may_be_unique = True

    def check(self, spec: Spec) -> dict[str, Text]:
        return {} if spec.options.get("prefix") else {"prefix": _("One to ten letters and digits.")}
