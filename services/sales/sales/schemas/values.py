"""Field kinds of the sales API: money, exact decimals, texts with the lengths of their columns."""

from decimal import Decimal, InvalidOperation
from typing import Any

from marshmallow import Schema, ValidationError, fields, validate

from chassis.i18n import lazy as _
from sales import money
from sales.settings import current

CURRENCIES = tuple(money.EXPONENTS)


class MoneyShape(Schema):
    amount = fields.String(required=True, metadata={"description": "Decimal string", "example": "1234.50"})
    currency = fields.String(required=True, validate=validate.OneOf(CURRENCIES))


class Part(fields.Nested):
    """A nested object that must be whole even in a partial edit: a PATCH may leave out fields, not halves of them."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, partial: Any = None, **kwargs: Any) -> Any:
        return super()._deserialize(value, attr, data, partial=False, **kwargs)


class Money(Part):
    """`{"amount": "1234.50", "currency": "CNY"}`, loaded as a money.Amount that is not negative."""

    def __init__(self, **kwargs: Any):
        super().__init__(MoneyShape, **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Any, partial: Any = None, **kwargs: Any) -> Any:
        loaded = super()._deserialize(value, attr, data, **kwargs)
        try:
            minor = money.to_minor(loaded["amount"], loaded["currency"])
        except money.MoneyError:
            raise ValidationError({"amount": [str(_("An amount or price cannot be stored exactly"))]}) from None
        if minor < 0:
            raise ValidationError({"amount": [str(_("An amount cannot be negative"))]})
        return money.Amount(minor, loaded["currency"])


_MONEY_DOCUMENT = {
    "type": "object",
    "nullable": True,
    "properties": {"amount": {"type": "string"}, "currency": {"type": "string"}},
}


def shown(minor: str, *, base: bool = False) -> fields.Function:
    """The amount in column `minor`, in the record's own currency or (base) the company's."""

    def read(record: Any) -> dict[str, Any] | None:
        return money.outside(getattr(record, minor), current().base_currency if base else record.currency)

    return fields.Function(read, metadata=_MONEY_DOCUMENT)


def computed(read: Any, kind: str) -> fields.Function:
    """A member worked out from the record, of a JSON type."""
    return fields.Function(read, metadata={"type": kind})


class Exact(fields.Decimal):
    """A decimal of at most `places` digits after the point, between `least` and `most`; dumped as a plain string."""

    def __init__(
        self, *, places: int = 6, least: str = "0", most: str = "999999999999", above: bool = False, **kwargs: Any
    ):
        super().__init__(allow_nan=False, as_string=True, **kwargs)
        self.digits, self.above = places, above
        self.least, self.most = Decimal(least), Decimal(most)

    def _validated(self, value: Any) -> Any:
        number = super()._validated(value)
        if number is None:
            return None
        if not self.least <= number <= self.most or (self.above and number == self.least):
            raise ValidationError(str(_("This is out of range")))
        try:
            exact = number.quantize(Decimal(1).scaleb(-self.digits))
        except InvalidOperation:
            raise ValidationError(str(_("This is out of range"))) from None
        if exact != number:
            raise ValidationError(str(_("Too many digits after the point")))
        return exact

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> str | None:
        if value is None:
            return None
        text = format(Decimal(value), "f")
        return text.rstrip("0").rstrip(".") if "." in text else text


def text(longest: int, *, required: bool = False, **kwargs: Any) -> fields.String:
    """A text no longer than its column; null where it need not be given."""
    length = validate.Length(min=1 if required else 0, max=longest)
    return fields.String(required=required, allow_none=not required, validate=length, **kwargs)


def texts(longest: int, *, most: int = 50) -> fields.List:
    """A list of texts."""
    return fields.List(fields.String(validate=validate.Length(min=1, max=longest)), validate=validate.Length(max=most))


def one_of(choices: Any, **kwargs: Any) -> fields.String:
    """One of a closed list."""
    return fields.String(validate=validate.OneOf(tuple(choices)), **kwargs)


def reference(*, required: bool = False) -> fields.String:
    """The id of another record."""
    return fields.String(required=required, allow_none=not required, validate=validate.Length(min=1, max=36))


def custom() -> fields.Dict:
    """Values of custom fields by name."""
    return fields.Dict(keys=fields.String(validate=validate.Length(max=60)), validate=validate.Length(max=300))


class RecordOut(Schema):
    """What every record answers."""

    id = fields.String(required=True)
    number = fields.String(allow_none=True)
    external_ids = fields.Dict()
    version = fields.Integer()
    created_at = fields.AwareDateTime()
    updated_at = fields.AwareDateTime()
    created_by = fields.String(allow_none=True)
    owner_id = fields.String(allow_none=True)
    department_id = fields.String(allow_none=True)
    tags = fields.List(fields.String())
    custom = fields.Dict()


class RecordIn(Schema):
    """What every record takes."""

    tags = texts(60)
    custom = custom()


class Nothing(Schema):
    """An action without parameters."""
