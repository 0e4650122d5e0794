"""Each kind of field reads what it wrote, from JSON and from a file, and refuses what is no value of it."""

import pytest

from chassis import i18n
from chassis.caller import Caller
from chassis.i18n import speaking
from engines.fields import KINDS, Notation, SpecWrong, World, Wrong, spec_of
from engines.fields.formulas import formula
from engines.fields.numbers import plain_number
from engines.fields.rich import sanitised
from tests.shared.field_samples import DEPARTMENT, OTHERS, PERSON, SAMPLES, Sample

CALLER = Caller(id="u-me", kind="user", roles=("admin",))
TYPED = [sample for sample in SAMPLES if not KINDS[sample.kind].computed]


@pytest.fixture
def world(database, people):
    i18n.use("engines")
    people.department(DEPARTMENT)
    people.add(PERSON, name="Wang Fang", email="wang@example.com", department=DEPARTMENT)
    people.add("u-twin-1", name="Li Na")
    people.add("u-twin-2", name="Li Na")
    with database.reading() as session:
        yield World(session, CALLER)


def test_every_kind_has_a_sample():
    assert {sample.kind for sample in SAMPLES} | set(OTHERS) == set(KINDS)


@pytest.mark.parametrize("sample", TYPED, ids=lambda sample: sample.kind)
def test_a_kind_keeps_a_value_through_json_and_file(world: World, sample: Sample):
    spec = spec_of(sample.definition())
    stored = spec.kind.load(spec, sample.given, world)
    assert spec.kind.dump(spec, stored) == sample.answer
    assert spec.kind.load(spec, spec.kind.dump(spec, stored), world) == stored
    assert spec.kind.to_text(spec, stored, world, Notation()) == sample.text
    assert spec.kind.from_text(spec, sample.text, world, Notation()) == stored
    assert spec.kind.field(spec).name == f"custom.{sample.key}"


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.kind)
def test_a_kind_refuses_what_is_none_of_its_values(world: World, sample: Sample):
    spec = spec_of(sample.definition())
    for value in sample.wrong:
        with pytest.raises(Wrong) as refused:
            spec.kind.load(spec, value, world)
        with speaking("zh"):
            assert any(ord(char) > 0x2E80 for char in str(refused.value.message)), value


@pytest.mark.parametrize("sample", TYPED, ids=lambda sample: sample.kind)
def test_nothing_given_is_no_value(world: World, sample: Sample):
    spec = spec_of(sample.definition())
    assert spec.kind.load(spec, None, world) is None
    assert spec.kind.load(spec, "", world) is None
    assert spec.kind.from_text(spec, "  ", world, Notation()) is None
    assert spec.kind.to_text(spec, None, world, Notation()) == ""


def test_numbers_and_dates_of_a_file_are_read_as_it_declares_and_never_guessed(world: World):
    german = Notation(date="dmy", decimal=",", grouping=".")
    day, money = spec_of(_plain("date")), spec_of(_plain("money"))
    assert day.kind.from_text(day, "02.08.2026", world, german) == "2026-08-02"
    assert day.kind.from_text(day, "2026年8月2日", world, Notation()) == "2026-08-02"
    assert day.kind.to_text(day, "2026-08-02", world, german) == "02/08/2026"
    assert money.kind.from_text(money, "¥1.234,50", world, german) == 123450
    assert plain_number("1,234,567.8", Notation()) == "1234567.8"
    for text in ("12,34", "1,2345", "1.234"):
        with pytest.raises(Wrong):
            money.kind.from_text(money, text, world, Notation())
    with pytest.raises(Wrong):
        day.kind.from_text(day, "02.08.2026", world, Notation())


def test_times_without_a_zone_are_in_the_one_the_file_declares(world: World):
    spec = spec_of(_plain("datetime"))
    stored = spec.kind.from_text(spec, "2026-01-05 09:00", world, Notation(zone="Europe/Berlin"))
    assert spec.kind.dump(spec, stored) == "2026-01-05T08:00:00Z"
    assert spec.kind.from_text(spec, "2026-01-05T08:00:00Z", world, Notation()) == stored


def test_money_has_the_decimals_of_its_currency(world: World):
    yen = spec_of(_plain("money", options={"currency": "JPY"}))
    dinar = spec_of(_plain("money", options={"currency": "KWD"}))
    assert yen.kind.load(yen, "1200", world) == 1200
    assert dinar.kind.load(dinar, "1.234", world) == 1234
    with pytest.raises(Wrong):
        yen.kind.load(yen, "1200.5", world)


def test_a_person_who_shares_a_name_must_be_named_by_mail_or_id(world: World):
    spec = spec_of(_plain("person"))
    with pytest.raises(Wrong, match="Several"):
        spec.kind.load(spec, "Li Na", world)
    assert spec.kind.load(spec, "wang@example.com", world) == PERSON
    assert spec.kind.to_text(spec, "u-twin-1", world, Notation()) == "u-twin-1"


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("广东省深圳市南山区", ["广东", "深圳", "南山区"]),
        ("北京市朝阳区", ["北京", "", "朝阳区"]),
        ("杭州市", ["浙江", "杭州", ""]),
        ("新疆维吾尔自治区 喀什地区", ["新疆", "喀什", ""]),
    ],
)
def test_a_region_is_read_from_running_text(world: World, text: str, parts: list[str]):
    spec = spec_of(_plain("region"))
    stored = spec.kind.from_text(spec, text, world, Notation())
    assert list(spec.kind.dump(spec, stored).values()) == parts


@pytest.mark.parametrize(
    ("html", "clean"),
    [
        ("<p onclick=x()>a</p>", "<p>a</p>"),
        ('<a href="javascript:alert(1)">a</a>', '<a href="" rel="noopener noreferrer nofollow">a</a>'),
        ("<a href=' java\nscript:x'>a</a>", '<a href="" rel="noopener noreferrer nofollow">a</a>'),
        ("<svg><a href='https://x.cn'>y</a></svg>z", "z"),
        ("<b><i>a</b>b", "<b><i>a</i></b>b"),
        ("1 < 2 & 3", "1 &lt; 2 &amp; 3"),
        ("<img src=x onerror=y>text", "text"),
    ],
)
def test_rich_text_keeps_only_what_is_harmless(html: str, clean: str):
    assert sanitised(html) == clean
    assert sanitised(clean) == clean


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1 + 2 * 3", "7"), ("(1 + 2) * -3", "-9"), ("10 / 4", "2.5"), ("1 / 0", None), ("missing + 1", None),
        ('if(price >= 100, "large", "small")', "large"), ('name & " " & missing', "Ann "), ("round(2.345, 2)", "2.35"),
        ("days(born, met)", "31"), ("year(born)", "2026"), ("first(missing, 3)", "3"), ("missing < 1", False),
        ("born + 1", "2026-01-02"), ('and(price = 100, name <> "Bob")', True), ("sum(price, missing, 1)", "101"),
        ('contains(name, "nn")', True), ("left(name, 2)", "An"), ("0.1 + 0.2 = 0.3", True),
    ],
)  # fmt: skip
def test_formulas_work_out_what_they_say(text: str, value: object):
    from datetime import date
    from decimal import Decimal

    record = {"price": Decimal(100), "name": "Ann", "born": date(2026, 1, 1), "met": date(2026, 2, 1)}
    found = formula(text).value(record.get)
    assert (found if found is None or isinstance(found, bool) else str(found)) == value


@pytest.mark.parametrize(
    "text", ["", "1 +", "foo(1)", "a b", "(1", "import os", "__class__", "price.a.b", '"open', "if()"]
)
def test_formulas_that_cannot_be_read_are_refused(text: str):
    with pytest.raises(Wrong):
        formula(text)


@pytest.mark.parametrize("pattern", ["(a+)+b", r"(a)\1", "(?=a)a", "[", "a*b*c*d*", "(a|b)*"])
def test_patterns_that_might_never_end_are_refused(pattern: str):
    with pytest.raises(SpecWrong):
        spec_of(_plain("text", options={"pattern": pattern}))


def test_a_pattern_gives_the_form_of_a_text(world: World):
    spec = spec_of(_plain("text", options={"pattern": "[A-Z]{2}-[0-9]+"}))
    assert spec.kind.load(spec, "AB-12", world) == "AB-12"
    with pytest.raises(Wrong):
        spec.kind.load(spec, "ab-12", world)


@pytest.mark.parametrize(
    ("definition", "place"),
    [
        ({"kind": "choice", "options": {}}, "options.choices"),
        ({"kind": "choice", "options": {"choices": [{"value": "a"}, {"value": "a"}]}}, "options.choices"),
        ({"kind": "formula", "options": {"formula": "1 +"}}, "options.formula"),
        ({"kind": "money", "options": {"currency": "XXQ"}}, "options.currency"),
        ({"kind": "number", "options": {"decimals": 9}}, "options.decimals.0"),
        ({"kind": "number", "options": {"colour": "red"}}, "options.colour.0"),
        ({"kind": "long_text", "unique": True}, "unique"),
        ({"kind": "formula", "options": {"formula": "1"}, "required": True}, "required"),
        ({"kind": "nothing"}, "kind.0"),
        ({"kind": "text", "key": "Not A Key"}, "key.0"),
        ({"kind": "text", "label": {}}, "label"),
        (
            {"kind": "sub_table", "options": {"columns": [{"key": "a", "kind": "sub_table", "label": {"en": "A"}}]}},
            "options",
        ),
    ],
)
def test_a_wrong_definition_names_its_place(definition: dict, place: str):
    body = {"key": "thing", "label": {"en": "Thing"}, **definition}
    with pytest.raises(SpecWrong) as refused:
        spec_of(body)
    assert any(
        each == place or each.removesuffix(".0") == place.removesuffix(".0") or each.startswith(place)
        for each in refused.value.flat()
    )


def _plain(kind: str, **more: object) -> dict:
    return {"key": "thing", "kind": kind, "label": {"en": "Thing"}, **more}
