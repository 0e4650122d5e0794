"""Kinds whose values are numbers: stored as integers of their last decimal, so that no digit is ever rounded away."""

from decimal import Decimal, InvalidOperation
from typing import Any

from babel.numbers import get_currency_precision, list_currencies
from marshmallow import fields as shapes
from marshmallow import validate

from chassis.i18n import Text
from chassis.i18n import lazy as _
from engines.conditions.language import MAX_NUMBER
from engines.fields.kind import Kind, Notation, Spec, Wrong, is_empty
from engines.fields.world import World

_LIMITS: dict[str, shapes.Field[Any]] = {
    "minimum": shapes.Decimal(as_string=True, allow_nan=False),
    "maximum": shapes.Decimal(as_string=True, allow_nan=False),
}


class Number(Kind):
    """A decimal number with as many places as the field allows (0 to 6)."""

    name, label, family, icon = "number", {"zh": "数字", "en": "Number"}, "numbers", "number"
    options = {
        **_LIMITS,
        "decimals": shapes.Integer(validate=validate.Range(0, 6)),
        "unit": shapes.String(validate=validate.Length(max=20)),
    }
    stored, widget = "number", "number"
    decimals = 2

    def check(self, spec: Spec) -> dict[str, Text]:
        low, high = spec.options.get("minimum"), spec.options.get("maximum")
        if low is not None and high is not None and Decimal(low) > Decimal(high):
            return {"maximum": _("Must not be less than the minimum.")}
        return {}

    def scale(self, spec: Spec) -> int:
        return int(spec.options.get("decimals", self.decimals))

    def load(self, spec: Spec, given: Any, world: World) -> Any:
        return None if is_empty(given) else self.scaled(spec, decimal_of(given))

    def scaled(self, spec: Spec, number: Decimal) -> int:
        """The stored form of a number within the field's limits."""
        places = self.scale(spec)
        moved = number.scaleb(places)
        if abs(number) > MAX_NUMBER or abs(moved) >= 2**53:  # JSON readers keep integers up to 2^53 exactly
            raise Wrong(_("The number is too large."))
        if moved != moved.to_integral_value():
            raise Wrong(_("At most %(n)s decimals.", n=places) if places else _("Must be a whole number."))
        low, high = self.limits(spec)
        if low is not None and number < low:
            raise Wrong(_("Must be at least %(n)s.", n=low))
        if high is not None and number > high:
            raise Wrong(_("Must be at most %(n)s.", n=high))
        return int(moved)

    def limits(self, spec: Spec) -> tuple[Decimal | None, Decimal | None]:
        """The least and greatest value."""
        low, high = spec.options.get("minimum"), spec.options.get("maximum")
        return None if low is None else Decimal(low), None if high is None else Decimal(high)

    def dump(self, spec: Spec, stored: Any) -> Any:
        return None if stored is None else text_of_scaled(stored, self.scale(spec))

    def from_text(self, spec: Spec, text: str, world: World, notation: Notation) -> Any:
        return self.load(spec, plain_number(text, notation), world) if text.strip() else None

    def to_text(self, spec: Spec, stored: Any, world: World, notation: Notation) -> str:
        return "" if stored is None else text_of_scaled(stored, self.scale(spec)).replace(".", notation.decimal)

    def shape(self, spec: Spec) -> dict[str, Any]:
        return {"type": "string", "format": "decimal"}

    def unique_key(self, spec: Spec, stored: Any) -> str:
        return str(stored)


class Integer(Number):
    name, label, icon = "integer", {"zh": "整数", "en": "Whole number"}, "hash"
    options = {**_LIMITS, "unit": Number.options["unit"]}
    stored, widget = "integer", "integer"
    decimals = 0
    may_be_unique = True

    def dump(self, spec: Spec, stored: Any) -> Any:
        return stored

    def shape(self, spec: Spec) -> dict[str, Any]:
        return {"type": "integer"}


class Percent(Number):
    """12.5 means 12.5 %."""

    name, label, icon = "percent", {"zh": "百分比", "en": "Percent"}, "percentage"
    options = {**_LIMITS, "decimals": Number.options["decimals"]}
    stored, widget = "percent", "percent"

    def from_text(self, spec: Spec, text: str, world: World, notation: Notation) -> Any:
        return super().from_text(spec, text.strip().removesuffix("%").removesuffix("％"), world, notation)


class Money(Number):
    """An amount in the field's one currency, with that currency's own decimals (CNY 2, JPY 0, KWD 3)."""

    name, label, icon = "money", {"zh": "金额", "en": "Money"}, "currency-yuan"
    options = {**_LIMITS, "currency": shapes.String()}
    stored, widget = "money", "money"

    def check(self, spec: Spec) -> dict[str, Text]:
        if self.currency(spec) not in list_currencies():
            return {"currency": _("There is no such currency.")}
        return super().check(spec)

    def currency(self, spec: Spec) -> str:
        return str(spec.options.get("currency", "CNY"))

    def scale(self, spec: Spec) -> int:
        return get_currency_precision(self.currency(spec))

    def load(self, spec: Spec, given: Any, world: World) -> Any:
        if isinstance(given, dict):
            if set(given) != {"amount", "currency"}:
                raise Wrong(_("Must be an amount and its currency."))
            if given["currency"] != self.currency(spec):
                raise Wrong(_("This field is in %(currency)s.", currency=self.currency(spec)))
            given = given["amount"]
        return super().load(spec, given, world)

    def dump(self, spec: Spec, stored: Any) -> Any:
        return (
            None
            if stored is None
            else {"amount": text_of_scaled(stored, self.scale(spec)), "currency": self.currency(spec)}
        )

    def from_text(self, spec: Spec, text: str, world: World, notation: Notation) -> Any:
        bare = text.strip().removeprefix(self.currency(spec)).removesuffix(self.currency(spec)).strip()
        return super().from_text(spec, bare.lstrip("¥￥$€£").strip(), world, notation)

    def shape(self, spec: Spec) -> dict[str, Any]:
        return {
            "type": "object", "required": ["amount", "currency"], "additionalProperties": False,
            "properties": {"amount": {"type": "string", "format": "decimal"}, "currency": {"const": self.currency(spec)}},
        }  # fmt: skip


class Rating(Integer):
    """One to `stars` stars (5, at most 10)."""

    name, label, icon = "rating", {"zh": "评分", "en": "Rating"}, "star"
    options = {"stars": shapes.Integer(validate=validate.Range(2, 10))}
    widget = "rating"
    may_be_unique = False

    def limits(self, spec: Spec) -> tuple[Decimal | None, Decimal | None]:
        return Decimal(1), Decimal(spec.options.get("stars", 5))

    def shape(self, spec: Spec) -> dict[str, Any]:
        return {"type": "integer", "minimum": 1, "maximum": spec.options.get("stars", 5)}


def decimal_of(given: Any) -> Decimal:
    """A JSON number or its text, exactly as written; Wrong for anything else."""
    if isinstance(given, bool) or not isinstance(given, int | float | str | Decimal) or len(str(given)) > 40:
        raise Wrong(_("Must be a number."))
    try:
        number = Decimal(repr(given) if isinstance(given, float) else given)
    except (InvalidOperation, ValueError):
        raise Wrong(_("Must be a number.")) from None
    if not number.is_finite():
        raise Wrong(_("Must be a number."))
    return number


def text_of_scaled(stored: int, places: int) -> str:
    """`12345` with two places as `123.45`."""
    return format(Decimal(stored).scaleb(-places), "f")


def plain_number(text: str, notation: Notation) -> str:
    """A number as the file writes it in plain form; Wrong where a grouping mark stands in a wrong place."""
    bare = text.strip().replace("\u00a0", " ")
    whole, mark, rest = bare.partition(notation.decimal)
    if notation.grouping and notation.grouping in whole:
        groups = whole.lstrip("+-").split(notation.grouping)
        if not 1 <= len(groups[0]) <= 3 or any(len(part) != 3 for part in groups[1:]):
            raise Wrong(_("Must be a number."))
        whole = whole.replace(notation.grouping, "")
    if notation.decimal != "." and "." in whole + rest:
        raise Wrong(_("Must be a number."))
    return f"{whole}.{rest}" if mark else whole
