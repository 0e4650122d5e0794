"""The demo data of approvals goes again; the shipped flows stay."""

from sqlalchemy import func, select

from approvals.app import SERVICE
from approvals.models import InstanceEvent, Task
from chassis import testing_demo as demo_data


def test_requests_and_their_tasks_go_and_flows_stay(database):
    held = demo_data.filled(SERVICE, database)
    assert held["approval"] > 5
    assert demo_data.emptied(SERVICE, database) == {"approval_definition": held["approval_definition"]}
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Task)) == 0
        assert session.scalar(select(func.count()).select_from(InstanceEvent)) == 0
