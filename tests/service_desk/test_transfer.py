"""Tickets in and out as files."""

import pytest
from sqlalchemy import select

from service_desk.models import Ticket
from tests.transferring import Transfer


@pytest.fixture
def files(desk, client, database, settings):
    return Transfer(client.as_role("admin"), database, settings, service="service-desk")


def test_tickets_are_taken_in_dispatched_and_exported_again(files, database):
    job = files.take(
        "ticket", "主题,类型,优先级,请求人,请求人邮箱,正文\n打印机坏了,故障,高,张三,zs@hx.cn,不能打印\n,故障,高,,,\n"
    )
    assert (job["created"], job["failed"]) == (1, 1), files.rows(job)
    with database.reading() as session:
        ticket = session.scalars(select(Ticket)).one()
        assert (ticket.priority, ticket.type) == ("high", "incident")
        assert ticket.next_due_at is not None
        version = ticket.version
    again = files.take("ticket", files.export("tickets"))
    assert again["skipped"] == 1, files.rows(again)
    with database.reading() as session:
        assert session.scalars(select(Ticket.version)).one() == version
    done = files.undo(job)
    assert (done["undone"], done["kept"]) == (1, 0), files.rows(job)
