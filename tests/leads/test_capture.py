"""A capture normalises, finds duplicates, scores, assigns and opens the follow-up, all in one transaction."""

import pytest
from sqlalchemy import func, select

from chassis.caller import SYSTEM
from engines import explain, timeline
from leads import capture
from leads.errors import DuplicateRefused, NotReachable
from leads.models import Lead, LeadKey


def test_a_captured_lead_is_normalised_scored_assigned_and_followed_up(desk, time):
    made = desk.capture(
        name=" 张 晓明 ", company="上海华信(集团)  有限公司", phones=["0086-138 1234 5678", "021-51234567转801"],
        emails=["Zhang＠HuaXin.CN"], address="上海市浦东新区", company_size="1000+",
    )  # fmt: skip
    lead = desk.lead(made.lead.id)
    assert (lead.name, lead.company) == ("张晓明", "上海华信（集团）有限公司")
    assert lead.phones == ["+8613812345678", "+862151234567;ext=801"]
    assert lead.emails == ["zhang@huaxin.cn"]
    assert (lead.region, lead.city, lead.country) == ("华东", "上海", "CN")
    assert (lead.score, lead.grade, lead.status, lead.owner_id) == (70, "A", "assigned", "anna")
    assert lead.number.startswith("L-")
    assert (lead.response_due_at - time.moment).total_seconds() == 3600
    with desk.database.reading() as session:
        (task,) = timeline.open_tasks(session, "lead", lead.id)
    assert (task.assignee_id, task.due_at, task.key) == ("anna", lead.response_due_at, "first_response")
    types = [each["type"] for each in desk.events() if not each["type"].startswith("leads.definition")]
    assert types == [
        "leads.lead.captured.v1", "leads.lead.assigned.v1", "leads.task.created.v1", "leads.notification.requested.v1"
    ]  # fmt: skip


def test_names_and_numbers_are_only_in_the_personal_part_of_the_event(desk):
    desk.capture()
    (event,) = desk.events("lead.captured")
    assert event["personal"]["data"]["name"] == "张晓明"
    assert "张晓明" not in str(event["data"])
    assert "13812345678" not in str(event["data"])
    assert "name" not in event["changes"]


def test_the_decisions_say_why_in_both_languages(desk):
    lead = desk.capture(address="杭州").lead
    with desk.database.reading() as session:
        found = {each.kind: each for each in explain.decisions_of(session, f"lead/{lead.id}")}
    assert "有电话：+20 分" in explain.text(found["score"], "zh")
    assert "Big company: not met, 0 points" in explain.text(found["score"], "en")
    assert found["score"].inputs["region"] == "华东"
    assert "张晓明" not in str(found["score"].inputs)
    assert explain.text(found["assignment"], "en") == "Rule “East” (Round robin) gives it to Anna"
    assert found["assignment"].version == 1


def test_the_rule_takes_turns_and_a_full_day_goes_to_the_pool(desk):
    owners = [desk.capture(phones=[f"1381234567{n}"], address="上海").lead.owner_id for n in range(4)]
    assert owners == ["anna", "bo", "anna", "bo"]
    elsewhere = [desk.capture(phones=[f"1391234567{n}"]).lead for n in range(4)]
    assert [lead.owner_id for lead in elsewhere] == ["wu", "wu", "wu", None]
    assert (elsewhere[3].pool, elsewhere[3].status) == ("default", "new")


def test_an_absent_seller_is_passed_over(desk):
    desk.people.add("anna", roles=("seller",), department="east", absent=True)
    assert {desk.capture(phones=[f"1381234567{n}"], address="上海").lead.owner_id for n in range(3)} == {"bo"}


@pytest.mark.parametrize(
    "disguise",
    [
        {"phones": ["+86 (138) 1234-5678"], "name": "小张"},
        {"phones": ["１３８１２３４５６７８"]},
        {"name": "Zhang Xiaoming", "company": "华信（上海）信息技术有限公司", "phones": ["13999999999"]},
        {"name": "X", "phones": [], "emails": ["ZHANG@HUAXIN.CN"]},
    ],
)
def test_a_duplicate_in_disguise_is_linked_and_goes_to_the_same_owner(desk, disguise):
    first = desk.capture(company="上海华信信息技术股份有限公司", emails=["zhang@huaxin.cn"]).lead
    second = desk.capture(**disguise)
    assert second.outcome == "linked"
    assert [each["lead_id"] for each in second.lead.duplicates] == [first.id]
    assert second.lead.owner_id == first.owner_id


def test_policy_merge_fills_the_known_lead_and_makes_no_other(desk):
    first = desk.capture(source="website", company="").lead
    made = desk.capture(source="website", company="华信科技有限公司", emails=["z@huaxin.cn"], message="请回电")
    assert (made.outcome, made.lead.id) == ("merged", first.id)
    (lead,) = desk.leads()
    assert (lead.company, lead.emails) == ("华信科技有限公司", ["z@huaxin.cn"])
    with desk.database.reading() as session:
        assert timeline.activities(session, "lead", lead.id)[0].text == "请回电"
    assert desk.capture(source="website", phones=["+49 30 901820"], emails=["z@huaxin.cn"]).lead.id == first.id


def test_policy_merge_only_links_names_that_look_alike(desk):
    desk.capture(source="website", company="华信科技有限公司", phones=["13800000001"])
    made = desk.capture(source="website", company="华信科技股份有限公司", phones=["13800000002"])
    assert made.outcome == "linked"


def test_policy_refuse_names_the_candidates_and_stores_nothing(desk):
    first = desk.capture(source="manual").lead
    with pytest.raises(DuplicateRefused) as refused:
        desk.capture(source="manual")
    assert refused.value.facts["candidates"][0]["lead_id"] == first.id
    assert len(desk.leads()) == 1


def test_policy_allow_makes_another(desk):
    desk.capture(source="event")
    assert desk.capture(source="event").outcome == "allowed"
    assert len(desk.leads()) == 2


def test_what_cannot_be_read_is_kept_in_the_message(desk):
    lead = desk.capture(phones=["1.38E+10", "13812345678"], emails=["no address"], message="你好").lead
    assert lead.phones == ["+8613812345678"]
    assert lead.message == "你好\nPhone: 1.38E+10\nE-mail: no address"


@pytest.mark.parametrize(
    "given", [{"phones": []}, {"phones": ["12"]}, {"phones": [], "company": "\x00 "}, {"phones": [], "company": "N/A"}]
)
def test_a_lead_nobody_could_reach_is_refused(desk, given):
    with pytest.raises(NotReachable):
        desk.capture(**given)


def test_hostile_text_is_stored_as_text(desk):
    lead = desk.capture(
        name="<script>alert(1)</script>",
        company="Robert'); DROP TABLE lead",
        message="\u202egnp.exe\x00 =1+1 😀",
        title="x" * 300,
    ).lead
    assert lead.name == "<script>alert(1)</script>"
    assert lead.company == "Robert'); DROP TABLE lead"
    assert lead.message == "gnp.exe =1+1 😀"
    assert len(lead.title) == 100


def test_duplicates_are_found_by_index_keys_alone(desk):
    lead = desk.capture(company="华信科技有限公司", emails=["z@huaxin.cn"]).lead
    with desk.database.transaction() as session:
        assert session.scalar(select(func.count()).where(LeadKey.lead_id == lead.id)) >= 4
        session.query(LeadKey).delete()
        _record, found = capture.preview(session, {"name": "张晓明", "phones": ["13812345678"]})
    assert found == []


def test_a_failure_leaves_nothing_behind(desk):
    def broken():
        with desk.database.transaction() as session:
            capture.capture(session, caller=SYSTEM, source="api", name="张三", phones=["13812345678"])
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        broken()
    with desk.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Lead)) == 0
    assert desk.events("lead.") == []
