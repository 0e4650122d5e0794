"""The demo data of sales goes again; pipelines stay, and so does what the company entered itself."""

from decimal import Decimal

from sqlalchemy import func, select

from chassis import clock
from chassis import testing_demo as demo_data
from chassis.caller import SYSTEM
from engines.timeline import Activity, Task
from sales import accounts, rates, starting
from sales.app import SERVICE
from sales.models import ExchangeRate, Pipeline, Price, StageHistory


def test_customers_deals_and_what_hangs_on_them_go_and_own_customers_stay(database):
    held = demo_data.filled(SERVICE, database)
    assert held["account"] > 10
    with database.transaction() as session:
        accounts.create(session, caller=SYSTEM, name="自家客户有限公司", allow_duplicate=True)
        rates.set_rate(session, currency="USD", rate=Decimal("7.12"), valid_from=clock.today("Asia/Shanghai"))
    assert demo_data.emptied(SERVICE, database) == {"account": 1, "pipeline": held["pipeline"]}
    with database.reading() as session:
        for model in (Activity, Task, StageHistory, Price):
            assert session.scalar(select(func.count()).select_from(model)) == 0, model
        assert session.scalars(select(ExchangeRate.currency)).all() == ["USD"], "a rate of the company's own stays"


def test_the_chosen_template_becomes_the_default_and_an_unused_one_is_switched_off(database):
    for template, expected in (("consultative", {"consultative": True}), ("standard", {"standard": True})):
        with database.transaction() as session:
            starting.choose_pipeline(session, template)
            starting.choose_pipeline(session, "unheard_of")
        with database.reading() as session:
            found = session.scalars(select(Pipeline)).all()
            assert {each.key: each.is_default for each in found if each.active} == expected
