"""Products, price books, pipelines and exchange rates."""

from marshmallow import Schema, fields, validate

from sales.gates import CATEGORIES, FORECASTS
from sales.pipeline_templates import DOCUMENT_KINDS
from sales.schemas.values import CURRENCIES, Exact, Part, RecordIn, RecordOut, one_of, text, texts


class ProductEdit(RecordIn):
    code = text(60, required=True)
    name = text(200, required=True)
    category = text(80)
    description = text(2000)
    unit = fields.String(validate=validate.Length(max=20))
    tax_percent = Exact(places=2, most="100")
    unit_cost = Exact()
    active = fields.Boolean()


class ProductOut(RecordOut):
    code = fields.String()
    name = fields.String()
    category = fields.String(allow_none=True)
    description = fields.String(allow_none=True)
    unit = fields.String()
    tax_percent = Exact()
    cost = Exact(attribute="unit_cost")
    active = fields.Boolean()


class PriceIn(Schema):
    product_id = fields.String(required=True, validate=validate.Length(min=1, max=36))
    min_quantity = Exact(load_default=0)
    unit_price = Exact(required=True)


class PriceOut(Schema):
    product_id = fields.String()
    min_quantity = Exact()
    unit_price = Exact()


class PriceBookEdit(RecordIn):
    name = text(120, required=True)
    currency = one_of(CURRENCIES, required=True)
    valid_from = fields.Date(allow_none=True)
    valid_until = fields.Date(allow_none=True)
    is_default = fields.Boolean()
    active = fields.Boolean()
    prices = fields.List(Part(PriceIn), validate=validate.Length(max=5000))


class PriceBookOut(RecordOut):
    name = fields.String()
    currency = fields.String()
    valid_from = fields.Date(allow_none=True)
    valid_until = fields.Date(allow_none=True)
    is_default = fields.Boolean()
    active = fields.Boolean()


class PriceList(Schema):
    prices = fields.List(fields.Nested(PriceOut))


class Texts(Schema):
    """A text in both languages."""

    zh = fields.String(required=True, validate=validate.Length(min=1, max=120))
    en = fields.String(required=True, validate=validate.Length(min=1, max=120))


_KEY = validate.Regexp(r"^[a-z][a-z0-9_]{0,39}$")


class ChecklistItem(Schema):
    key = fields.String(required=True, validate=_KEY)
    name = Part(Texts, required=True)
    required = fields.Boolean(load_default=True)


class Stage(Schema):
    """A stage and what it demands of an opportunity that enters it."""

    key = fields.String(required=True, validate=_KEY)
    name = Part(Texts, required=True)
    probability = fields.Integer(required=True, strict=True, validate=validate.Range(0, 100))
    category = one_of(CATEGORIES, required=True)
    forecast_category = one_of(FORECASTS, allow_none=True)
    checklist = fields.List(Part(ChecklistItem), load_default=list, validate=validate.Length(max=50))
    required_fields = fields.List(fields.String(validate=validate.Length(max=60)), load_default=list)
    required_documents = fields.List(one_of(DOCUMENT_KINDS), load_default=list)
    max_days = fields.Integer(strict=True, allow_none=True, load_default=None, validate=validate.Range(1, 3650))


class PipelineEdit(Schema):
    key = fields.String(required=True, validate=_KEY)
    name = Part(Texts, required=True)
    stages = fields.List(Part(Stage), required=True, validate=validate.Length(min=3, max=20))
    is_default = fields.Boolean()
    active = fields.Boolean()
    tags = texts(60)


class PipelineOut(RecordOut):
    key = fields.String()
    name = fields.Dict()
    stages = fields.List(fields.Dict())
    is_default = fields.Boolean()
    active = fields.Boolean()


class RateIn(Schema):
    currency = one_of(CURRENCIES, required=True)
    rate = Exact(places=8, most="1000000", above=True, required=True)
    valid_from = fields.Date(required=True)


class RateOut(Schema):
    currency = fields.String()
    rate = Exact()
    valid_from = fields.Date()


class RateList(Schema):
    base_currency = fields.String()
    items = fields.List(fields.Nested(RateOut))
