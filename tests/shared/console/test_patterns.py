"""The parts of the patterns that are plain functions: conditions in words, addresses, typed values, formats."""

from datetime import UTC, datetime
from typing import Any

import pytest
from werkzeug.datastructures import MultiDict

from console import conditions, formats, forms, lists
from console.fields import Field
from tests.browser import gallery_data as sample

pytestmark = pytest.mark.usefixtures("speaking_chinese")


@pytest.mark.parametrize(
    ("condition", "phrase"),
    [
        ({"field": "status", "op": "in", "value": ["new", "working"]}, "状态 属于 新建、跟进中"),
        ({"field": "created_at", "op": "within_last", "value": "7d"}, "创建时间 在最近 7 天"),
        ({"field": "created_at", "op": "lt", "value": "2026-08-01"}, "创建时间 早于 2026-08-01"),
        ({"field": "owner", "op": "eq", "value": {"me": True}}, "负责人 是 我"),
        ({"field": "company", "op": "is_empty"}, "公司 为空"),
        ({"field": "gone", "op": "odd", "value": 1}, "gone odd 1"),
        (
            {"any": [{"field": "region", "op": "eq", "value": "华东"}, {"field": "score", "op": "ge", "value": 60}]},
            "区域 是 华东 或 评分 不小于 60",
        ),
        ({"not": {"field": "region", "op": "contains", "value": "华"}}, "非：区域 包含 华"),
    ],
)
def test_a_condition_reads_as_a_phrase(condition: dict[str, Any], phrase: str) -> None:
    assert conditions.describe(condition, sample.fields()) == phrase


def test_removing_a_chip_leaves_the_other_conditions() -> None:
    condition = {"all": [{"field": "a", "op": "is_empty"}, {"field": "b", "op": "is_empty"}]}
    assert conditions.without(condition, 0) == {"all": [{"field": "b", "op": "is_empty"}]}
    assert conditions.without(condition["all"][0], 0) is None


def test_a_view_fills_in_what_the_address_leaves_out() -> None:
    view = lists.View(
        id="v", name="v", condition={"field": "score", "op": "ge", "value": 1}, sort="name", columns=["score"]
    )
    asked = lists.asked(sample.lead_list(), {"view": "v"}, [view])
    assert (asked.condition, asked.sort, asked.columns) == (view.condition, "name", ("score",))
    asked = lists.asked(
        sample.lead_list(), {"view": "v", "sort": "-score", "filter": "", "columns": "name,evil"}, [view]
    )
    assert (asked.condition, asked.sort, asked.columns) == (None, "-score", ("name",))
    assert lists.asked(sample.lead_list(), {"sort": "password"}).sort == "-created_at"


def test_typed_values_become_what_schemas_read() -> None:
    named = [
        ("at", "datetime"),
        ("tags", "texts"),
        ("ok", "boolean"),
        ("many", "choices"),
        ("none", "text"),
        ("odd", "datetime"),
    ]
    fields = [Field(name=name, label="", kind=kind) for name, kind in named]
    fields.append(Field(name="kept", label="", readonly=True))
    form = forms.Form(key="k", title="", action="/", fields=fields)
    posted = MultiDict(
        [("at", "2026-08-01T09:30"), ("tags", "a，b, ,c"), ("many", "a"), ("many", "b"), ("odd", "soon"), ("kept", "x")]
    )
    assert forms.values(form, posted) == {
        "at": "2026-08-01T01:30:00Z", "tags": ["a", "b", "c"], "ok": False, "many": ["a", "b"], "none": None, "odd": "soon",
    }  # fmt: skip


def test_amounts_times_and_numbers_are_written_as_people_read_them() -> None:
    at = datetime(2026, 8, 1, 16, 5, tzinfo=UTC)
    assert formats.money({"amount": "1234.50", "currency": "CNY"}) == "¥1,234.50"
    assert formats.money("1234567", short=True) == "¥123.5万"
    assert formats.minor_money(123450, "USD") == "US$1,234.50"
    assert formats.minor_money(1234, "JPY") == "JP¥1,234"
    assert formats.time(at) == "2026年8月2日 00:05"
    assert formats.day("2026-08-01") == "2026年8月1日"
    assert formats.phone("+8613800138000") == "138 0013 8000"
    assert formats.phone("+442079460123") == "+44 20 7946 0123"
    assert formats.phone("not a number") == "not a number"
    assert formats.percent(0.125, digits=1) == "12.5%"
    assert [formats.initials(name) for name in ("王小明", "陈静", "Anna Smith", "")] == ["小明", "静", "AS", "?"]
    assert formats.FILTERS["day"]("tomorrow") == "tomorrow"
