"""A lead becomes account, contact and opportunity exactly once, or its owner is shown the choice."""

from sqlalchemy import func, select

from sales.models import Account, Contact, Conversion, Opportunity

LEAD = {
    "lead_id": "lead-1",
    "owner_id": "lin",
    "department_id": "east",
    "source": "website",
    "region": "华东",
    "industry": "制造业",
    "company": "苏州锐成精密机械有限公司",
    "name": "陈晓峰",
    "title": "信息部经理",
    "phones": ["+8613800138000"],
    "emails": ["chen@ruicheng.example"],
    "opportunity": {"name": "MES 项目", "amount": "380000.00", "currency": "CNY"},
}


def ask(office, **more):
    office.hear("leads.lead.conversion_requested.v1", LEAD | more)


def count(office, model):
    with office.database.reading() as session:
        return session.scalar(select(func.count()).select_from(model))


def test_a_lead_becomes_account_contact_and_opportunity(office):
    ask(office)
    (done,) = office.events("conversion.completed")
    account = office.get(Account, done["data"]["account_id"])
    contact = office.get(Contact, done["data"]["contact_id"])
    deal = office.get(Opportunity, done["data"]["opportunity_id"])
    assert (account.name, account.owner_id, account.region) == ("苏州锐成精密机械有限公司", "lin", "华东")
    assert (contact.name, contact.phones, contact.account_id) == ("陈晓峰", ["+8613800138000"], account.id)
    assert (deal.name, deal.amount_minor, deal.lead_id, deal.source) == ("MES 项目", 38_000_000, "lead-1", "website")
    assert deal.contacts == [{"contact_id": contact.id, "role": "contact"}]
    created = office.events("contact.created")[0]
    assert "陈晓峰" not in str(created["data"])


def test_a_second_request_for_the_same_lead_gets_the_same_answer(office):
    ask(office)
    ask(office)
    assert (count(office, Account), count(office, Opportunity), count(office, Conversion)) == (1, 1, 1)
    first, second = office.events("conversion.completed")
    assert {**first["data"], "account_created": None} == {**second["data"], "account_created": None}


def test_another_lead_of_the_company_in_another_spelling_is_linked(office):
    ask(office)
    ask(
        office,
        lead_id="lead-2",
        company="苏州锐成精密机械 有限责任公司",
        name="赵敏",
        phones=[],
        emails=["zhao@ruicheng.example"],
    )
    assert (count(office, Account), count(office, Contact), count(office, Opportunity)) == (1, 2, 2)


def test_the_same_person_is_not_entered_twice(office):
    ask(office)
    ask(office, lead_id="lead-2", name="陈先生", emails=["second@ruicheng.example"])
    assert count(office, Contact) == 1
    with office.database.reading() as session:
        assert session.scalars(select(Contact.emails)).one() == ["chen@ruicheng.example", "second@ruicheng.example"]


def test_an_ambiguous_company_is_refused_with_candidates_until_the_owner_chooses(office):
    one = office.account("苏州锐成精密机械有限公司")
    two = office.account("苏州锐成精密机械（集团）有限公司")
    ask(office)
    (refused,) = office.events("conversion.failed")
    assert refused["data"]["reason"] == "ambiguous_account"
    assert {candidate["id"] for candidate in refused["names"]["candidates"]} == {one, two}
    assert count(office, Opportunity) == 0
    ask(office, account_id=two)
    (done,) = office.events("conversion.completed")
    assert done["data"]["account_id"] == two
    assert count(office, Account) == 2


def test_the_credit_code_decides_where_names_do_not(office):
    code = "91320594MA1P0X4H7L"
    from sales import names

    code = names.with_check_character(code[:17])
    same = office.account("锐成精密", credit_code=code)
    office.account("苏州锐成精密机械有限公司")
    ask(office, credit_code=code)
    (done,) = office.events("conversion.completed")
    assert done["data"]["account_id"] == same


def test_the_owner_can_insist_on_a_new_account(office):
    office.account("苏州锐成精密机械有限公司")
    office.account("苏州锐成精密机械有限公司")
    ask(office, new_account=True)
    assert count(office, Account) == 3


def test_an_amount_that_cannot_be_booked_is_a_refusal_and_no_poison(office):
    ask(office, opportunity={"name": "x", "amount": "1.001", "currency": "CNY"})
    ask(office, lead_id="lead-2", opportunity={"name": "x", "amount": "5", "currency": "USD"})
    assert [event["data"]["reason"] for event in office.events("conversion.failed")] == ["bad_amount", "bad_amount"]
    assert count(office, Account) == 0


def test_a_lead_without_a_company_becomes_a_personal_account(office):
    ask(office, company=None)
    assert office.events("account.created")[0]["names"]["name"] == "陈晓峰"
