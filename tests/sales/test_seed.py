"""The demo data is believable: deals in every stage, a contract half paid, nothing invented past the use cases."""

from sqlalchemy import func, select

from chassis import seeding
from sales import names
from sales.app import SERVICE
from sales.models import Account, Opportunity, Pipeline, Receivable
from sales.seed import companies


def test_the_demo_fills_an_empty_database_once(database):
    assert seeding.decide(SERVICE, database, demo=True) == "seeded"
    assert seeding.decide(SERVICE, database, demo=True) == "done before"
    with database.reading() as session:
        pipelines = session.scalars(select(Pipeline)).all()
        filled = {tuple(row) for row in session.execute(select(Opportunity.pipeline_id, Opportunity.stage).distinct())}
        open_stages = {
            (pipeline.id, stage["key"])
            for pipeline in pipelines
            for stage in pipeline.stages
            if stage["category"] == "open"
        }
        assert len(open_stages - filled) <= 1
        assert session.scalar(select(func.count()).select_from(Account)) == len(companies())
        statuses = session.scalars(select(Receivable.status).order_by(Receivable.term)).all()
        assert statuses == ["closed", "open"]
        codes = session.scalars(select(Account.credit_code)).all()
        assert all(code and names.credit_code(code) == code for code in codes)
