"""The company's own fields on leads: every kind through API, list, filter, sort, event and change log; rules of the form."""

import json
import threading

import pytest
from sqlalchemy import select, text

from chassis.caller import SYSTEM
from chassis.errors import Invalid
from engines.conditions import Context, to_sql
from engines.forms import configuration, in_force, indexing
from leads.app import SERVICE
from leads.models import Lead
from tests.shared.field_samples import DEPARTMENT, PERSON, SAMPLES, Sample

BASE = "/leads/api/v1"
LEAD = {"name": "张晓明", "phones": ["138 1234 5678"], "address": "上海", "source": "api", "duplicate_policy": "allow"}
BASIS = ("text", "number")  # what the formulas of the samples use
BY_KIND = {sample.kind: sample for sample in SAMPLES}


def form(*fields, **section):
    return {"sections": [{"key": "more", "title": {"zh": "更多", "en": "More"}, "fields": list(fields)} | section]}


def field(key, kind="text", **more):
    return {"key": key, "kind": kind, "label": {"zh": key, "en": key.title()}, **more}


@pytest.fixture
def admin(desk, client):
    desk.people.department(DEPARTMENT)
    desk.people.add(PERSON, name="Wang Fang", department=DEPARTMENT)
    desk.people.add("root", roles=("admin",))
    return client.as_user("root")


def published(client, *fields, **section):
    answer = client.put(f"{BASE}/forms/lead", json={"definition": form(*fields, **section)})
    assert answer.status_code == 200, answer.text
    return answer.json


def made(client, custom=None, status=201, **more):
    answer = client.post(f"{BASE}/leads", json=LEAD | more | ({"custom": custom} if custom is not None else {}))
    assert answer.status_code == status, answer.text
    return answer.json


def found(client, condition, **query):
    answer = client.get(f"{BASE}/leads", query_string={"filter": json.dumps(condition)} | query)
    assert answer.status_code == 200, answer.text
    return [each["id"] for each in answer.json["items"]]


def condition(sample: Sample, leaf):
    op, value = leaf
    return {"field": f"custom.{sample.key}", "op": op} | ({} if value is None else {"value": value})


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.kind)
def test_a_field_of_each_kind_goes_through_api_list_filter_sort_event_and_log(admin, desk, sample: Sample):
    needed = [BY_KIND[kind] for kind in BASIS if sample.kind in ("formula", "qr_code")]
    published(admin, sample.definition(), *(each.definition() for each in needed))
    given = {each.key: each.given for each in (*needed, sample) if each.given is not None}
    lead, bare = made(admin, given), made(admin)

    assert admin.get(f"{BASE}/leads/{lead['id']}").json["custom"][sample.key] == sample.answer
    listed = {each["id"]: each["custom"] for each in admin.get(f"{BASE}/leads").json["items"]}
    assert listed[lead["id"]][sample.key] == sample.answer
    assert sample.key not in listed[bare["id"]]

    assert lead["id"] in found(admin, condition(sample, sample.hits))
    assert lead["id"] not in found(admin, condition(sample, sample.misses))
    assert found(admin, condition(sample, ("is_empty", None))) == [bare["id"]]

    if given and sample.kind not in ("choices", "cascade", "tags", "sub_table"):
        for order in ("", "-"):
            rows = admin.get(f"{BASE}/leads", query_string={"sort": f"{order}custom.{sample.key}", "limit": 1})
            assert [each["id"] for each in rows.json["items"]] == [lead["id"]], "empty values sort last, always"
            further = {"sort": f"{order}custom.{sample.key}", "limit": 1, "cursor": rows.json["next_cursor"]}
            assert [each["id"] for each in admin.get(f"{BASE}/leads", query_string=further).json["items"]] == [
                bare["id"]
            ]

    event = next(each for each in desk.events("lead.captured") if each["data"]["lead_id"] == lead["id"])
    assert event["personal"]["data"]["custom"][sample.key] == sample.answer

    same = admin.patch(f"{BASE}/leads/{lead['id']}", json={"custom": {sample.key: sample.answer}})
    assert same.status_code == 200, same.text
    for value in sample.wrong:
        if isinstance(value, complex | list) and not _is_json(value):
            continue
        refused = admin.patch(f"{BASE}/leads/{lead['id']}", json={"custom": {sample.key: value}})
        assert refused.status_code == 422, value
        assert any(place.startswith(f"custom.{sample.key}") for place in refused.json["errors"])
    if sample.given is not None and sample.kind not in BASIS:
        emptied = admin.patch(f"{BASE}/leads/{lead['id']}", json={"custom": {sample.key: None}})
        assert sample.key not in emptied.json["custom"]
        assert lead["id"] in found(admin, condition(sample, ("is_empty", None)))


def _is_json(value) -> bool:
    try:
        json.dumps(value)
    except TypeError:
        return False
    return True


def test_values_outside_the_form_are_refused_and_name_the_field(admin):
    assert made(admin, {"unknown": 1}, status=422)["errors"] == {"custom.unknown": ["Unknown field."]}


def test_what_is_required_is_demanded_of_new_leads_and_of_whoever_touches_it(admin):
    old = made(admin)
    published(admin, field("size", "integer", required=True), field("note"))
    assert made(admin, {"note": "x"}, status=422)["errors"] == {"custom.size": ["This field is required."]}
    kept = admin.patch(f"{BASE}/leads/{old['id']}", json={"custom": {"note": "x"}})
    assert kept.status_code == 200
    lead = made(admin, {"size": 3})
    assert admin.patch(f"{BASE}/leads/{lead['id']}", json={"custom": {"size": None}}).status_code == 422


def test_a_field_is_required_read_only_or_out_of_sight_by_condition(admin):
    published(
        admin,
        field("kind", "choice", options={"choices": [{"value": "a"}, {"value": "b"}]}),
        field("why", required_when={"field": "custom.kind", "op": "eq", "value": "b"}),
        field("code", read_only_when={"field": "custom.code", "op": "is_not_empty"}),
        field("deep", required=True, visible_when={"field": "custom.kind", "op": "eq", "value": "b"}),
    )
    assert set(made(admin, {"kind": "b"}, status=422)["errors"]) == {"custom.why", "custom.deep"}
    lead = made(admin, {"kind": "a", "code": "X1"})
    changed = admin.patch(f"{BASE}/leads/{lead['id']}", json={"custom": {"code": "X2"}})
    assert changed.json["errors"] == {"custom.code": ["This may not be changed now."]}
    assert admin.patch(f"{BASE}/leads/{lead['id']}", json={"custom": {"kind": "b"}}).status_code == 422


def test_defaults_and_formulas_fill_in_what_nobody_typed(admin):
    published(
        admin,
        field("price", "number", default="10"),
        field("count", "integer"),
        field("total", "formula", options={"formula": "price * first(count, 1)", "result": "money"}),
        field("large", "formula", options={"formula": 'if(total > 25, "yes", "no")', "result": "text"}),
    )
    lead = made(admin)
    assert lead["custom"] == {"price": "10.00", "total": {"amount": "10.00", "currency": "CNY"}, "large": "no"}
    lead = admin.patch(f"{BASE}/leads/{lead['id']}", json={"custom": {"count": 3}}).json
    assert (lead["custom"]["total"]["amount"], lead["custom"]["large"]) == ("30.00", "yes")
    refused = admin.patch(
        f"{BASE}/leads/{lead['id']}", json={"custom": {"total": {"amount": "1.00", "currency": "CNY"}}}
    )
    assert refused.status_code == 422


def test_running_numbers_are_given_once_and_never_change(admin):
    published(admin, field("serial", "auto_number", options={"prefix": "SB"}))
    first, second = made(admin), made(admin)
    numbers = {first["custom"]["serial"], second["custom"]["serial"]}
    assert len(numbers) == 2
    assert all(number.startswith("SB-") for number in numbers)
    assert admin.patch(f"{BASE}/leads/{first['id']}", json={"custom": {"serial": "SB-1"}}).status_code == 422


def test_a_unique_value_belongs_to_one_lead_until_it_gives_it_up(admin):
    published(admin, field("code", unique=True))
    first = made(admin, {"code": "Abc"})
    refused = made(admin, {"code": "aBC"}, status=422)
    assert "custom.code" in refused["errors"]
    admin.patch(f"{BASE}/leads/{first['id']}", json={"custom": {"code": None}})
    assert made(admin, {"code": "ABC"})["custom"]["code"] == "ABC"


def test_of_many_at_once_exactly_one_gets_a_unique_value(admin, desk):
    published(admin, field("code", unique=True))
    outcomes = []

    def take() -> None:
        try:
            desk.capture(policy="allow", custom={"code": "only"})
            outcomes.append("made")
        except Invalid:
            outcomes.append("refused")

    workers = [threading.Thread(target=take) for _number in range(6)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert sorted(outcomes) == ["made"] + ["refused"] * 5


def test_a_public_form_loses_nothing_for_want_of_a_required_field(admin, desk):
    published(admin, field("size", "integer", required=True))
    assert desk.capture(form_key="contact").lead.id


def test_before_publishing_it_says_what_existing_leads_would_not_fit(admin):
    published(admin, field("size", "integer"), field("code"))
    made(admin, {"size": 5, "code": "x"}), made(admin, {"size": 50, "code": "x"}), made(admin)
    draft = form(field("size", "integer", options={"maximum": "10"}, required=True), field("code", unique=True))
    answer = admin.post(f"{BASE}/forms/lead/check", json={"definition": draft}).json
    told = {(each["field"], each["count"], each["grave"]) for each in answer["misfits"]}
    assert told == {("size", 1, False), ("code", 1, True)} | {("size", 1, False)}
    assert answer["looked_at"] == 3
    assert sum(each["field"] == "size" for each in answer["misfits"]) == 2
    refused = admin.put(f"{BASE}/forms/lead", json={"definition": draft})
    assert refused.json["errors"] == {"sections.0.fields.1.unique": ["1 records share a value with another one."]}


@pytest.mark.parametrize(
    ("fields", "place"),
    [
        ([field("a", "formula", options={"formula": "b + 1"})], "sections.0.fields.0.options.formula"),
        (
            [field("a", "formula", options={"formula": "b"}), field("b", "formula", options={"formula": "a"})],
            "sections",
        ),
        ([field("a", visible_when={"field": "custom.z", "op": "is_empty"})], "sections.0.fields.0.visible_when.field"),
        ([field("a"), field("a")], "sections.0.fields.1.key"),
        ([field("a", "lookup", options={"object": "spaceship"})], "sections.0.fields.0.options.object"),
        ([field(f"f{n}", indexed=True) for n in range(21)], "sections"),
    ],
)
def test_a_form_that_does_not_hold_is_refused_with_the_place(admin, fields, place):
    answer = admin.put(f"{BASE}/forms/lead", json={"definition": form(*fields)})
    assert answer.status_code == 422
    assert list(answer.json["errors"]) == [place]


def test_a_published_field_keeps_its_kind_and_its_versions_are_kept(admin):
    published(admin, field("size", "integer"))
    answer = admin.put(f"{BASE}/forms/lead", json={"definition": form(field("size", "text"))})
    assert list(answer.json["errors"]) == ["sections.0.fields.0.kind"]
    published(admin, field("size", "integer", required=True))
    versions = admin.get(f"{BASE}/forms/lead/versions").json["items"]
    assert [each["revision"] for each in versions] == [2, 1]


def test_a_role_that_may_not_see_a_field_finds_it_nowhere(admin, desk):
    published(admin, field("secret"), field("open"))
    lead = made(admin, {"secret": "S", "open": "O"})
    desk.people.role("narrow", {"lead": {"read": "all", "edit": "all", "fields": {"custom.secret": "none"}}})
    desk.people.add("nina", roles=("narrow",))
    nina = admin.as_user("nina")
    assert nina.get(f"{BASE}/leads/{lead['id']}").json["custom"] == {"open": "O"}
    assert nina.get(f"{BASE}/records/lead/fields").json["schema"]["properties"].keys() == {"open"}
    condition = json.dumps({"field": "custom.secret", "op": "eq", "value": "S"})
    assert nina.get(f"{BASE}/leads", query_string={"filter": condition}).status_code == 422
    assert nina.get(f"{BASE}/leads", query_string={"sort": "custom.secret"}).status_code == 422
    assert nina.patch(f"{BASE}/leads/{lead['id']}", json={"custom": {"secret": "x"}}).status_code == 422


def test_a_role_may_be_narrowed_by_a_field_of_the_companys_own(admin, desk):
    published(admin, field("team"))
    mine, other = made(admin, {"team": "a"}), made(admin, {"team": "b"})
    only = {"field": "custom.team", "op": "eq", "value": "a"}
    desk.people.role("team_a", {"lead": {"read": "all", "condition": only}})
    desk.people.add("nina", roles=("team_a",))
    nina = admin.as_user("nina")
    assert [each["id"] for each in nina.get(f"{BASE}/leads").json["items"]] == [mine["id"]]
    assert nina.get(f"{BASE}/leads/{other['id']}").status_code == 404


def test_own_fields_of_any_record_are_read_and_changed_by_the_same_routes(admin, desk):
    published(admin, field("size", "integer"))
    lead = made(admin, {"size": 1})
    answer = admin.patch(f"{BASE}/records/lead/{lead['id']}/fields", json={"custom": {"size": 2}})
    assert answer.json["custom"] == {"size": 2}
    event = desk.events("record.changed")[-1]
    assert event["personal"]["data"]["custom"] == {"size": 2}
    timeline = admin.get(f"{BASE}/records/lead/{lead['id']}/timeline")
    assert timeline.status_code in (200, 404)


def test_indexed_fields_get_an_index_and_lose_it_again(admin, database):
    published(admin, field("size", "integer", indexed=True), field("words", "tags", indexed=True))
    assert indexing.settle(database) == 2
    assert indexing.settle(database) == 0
    lead = made(admin, {"size": 7})
    assert found(admin, {"field": "custom.size", "op": "eq", "value": 7}) == [lead["id"]]
    published(admin, field("size", "integer"))
    assert indexing.settle(database) == 2


def test_the_service_tells_of_a_published_form(admin, desk):
    published(admin, field("size", "integer"))
    event = desk.events("form.published")[0]
    assert event["type"] == f"{SERVICE.name}.form.published.v1"
    assert event["data"]["fields"] == [
        {"name": "custom.size", "kind": "integer", "label": {"zh": "size", "en": "Size"}}
    ]


def test_an_indexed_field_is_found_through_its_index_among_many(admin, desk, database):
    if database.is_sqlite:
        pytest.skip("plans are read on PostgreSQL")
    published(admin, field("size", "integer", indexed=True), field("words", "tags", indexed=True))
    indexing.settle(database)
    with database.transaction() as session:
        session.execute(
            text(
                "INSERT INTO lead SELECT (jsonb_populate_record(lead, jsonb_build_object('id', 'x' || n, 'number', 'N' || n,"
                " 'custom', jsonb_build_object('size', n, 'words', jsonb_build_array('w' || n))))).*"
                " FROM lead, generate_series(1, 20000) AS n WHERE lead.id = :id"
            ),
            {"id": desk.capture().lead.id},
        )
    with database.connection(write=True) as connection:
        connection.execute(text("ANALYZE lead"))
    with database.reading() as session:
        kind = in_force.kinds(session, "lead")
        for condition in (
            {"field": "custom.size", "op": "eq", "value": 77},
            {"field": "custom.words", "op": "contains", "value": "w77"},
        ):
            clause = to_sql(condition, kind, Context())
            compiled = (
                select(Lead.id)
                .where(clause)
                .compile(dialect=session.connection().dialect, compile_kwargs={"literal_binds": True})
            )
            plan = "\n".join(session.connection().exec_driver_sql(f"EXPLAIN {compiled}".replace("%%", "%")).scalars())
            assert "ix_own_" in plan, plan
            assert len(session.execute(select(Lead.id).where(clause)).all()) == 1


def test_forms_travel_as_configuration_and_a_second_time_change_nothing(admin, database):
    published(admin, field("size", "integer"))
    section = configuration.section()
    with database.transaction() as session:
        document = section.export(session)
        assert document["lead"]["body"]["sections"][0]["fields"][0]["key"] == "size"
        document["lead"]["body"]["sections"][0]["fields"].append(field("more", options={}))
        section.apply(session, SYSTEM, "lead", document["lead"])
    with database.transaction() as session:
        assert section.export(session) == document
