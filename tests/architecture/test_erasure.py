"""Every personal column has an eraser, and a column that looks personal is marked as such or named here with a reason."""

import re

import pytest

from chassis.db import Base
from chassis.erasure import erasing
from chassis.erasure.declaring import missing
from chassis.testing import import_all

LOOKS_PERSONAL = re.compile(
    r"(^|_)(name|phones?|mobile|emails?|address|wechat|birthday|comment|message|text|notes?|payload|participants|member)$"
)
OF_NO_PERSON = {
    "company.name",  # the company this installation serves
    # names of things
    "directory_departments.name", "directory_roles.name", "tags.name", "event_cursors.group_name",
    "event_applied.group_name", "event_parked.group_name", "imports.file_name", "pipeline.name", "price_book.name",
    "product.name", "approval_task.node_name", "fact_approval_task.node_name", "api_client.name", "connector.name",
    "department.name", "role.name", "import_mappings.name", "saved_views.name",
    "saved_views.list_name", "chosen_views.list_name",
    # of customers that are companies; erased all the same
    "account_replica.name", "dim_account.name", "fact_opportunity.name",
    # of papers that the law wants kept
    "payment.note",
    # of the service itself
    "timers.payload",
    # erased by the user's own erasers
    "log_in_session.address", "chat_card.member", "contact_check.member", "notification.text",
}  # fmt: skip


@pytest.fixture(scope="module")
def shared():
    for name in ("chassis", "engines"):
        import_all(name)
    return Base.metadata


def test_every_personal_column_has_an_eraser(services, shared):
    for service in services.values():
        lacking = missing((*erasing.OWN, *service.erasers), (shared, service.metadata))
        assert not lacking, f"{service.name}: say in its erasers how these are erased: {', '.join(lacking)}"


def test_a_column_that_looks_personal_is_marked(services, shared):
    seen = set()
    for metadata in (shared, *(service.metadata for service in services.values())):
        for table in metadata.sorted_tables:
            for column in table.c:
                if LOOKS_PERSONAL.search(column.name) and not column.info.get("personal"):
                    seen.add(f"{table.name}.{column.name}")
    assert seen <= OF_NO_PERSON, (
        f'mark info={{"personal": True}} or give the reason here: {sorted(seen - OF_NO_PERSON)}'
    )
    assert seen == OF_NO_PERSON, f"no longer there: {sorted(OF_NO_PERSON - seen)}"


def test_what_an_eraser_names_exists(services):
    for service in services.values():
        for item in (*erasing.OWN, *service.erasers):
            named = {*item.columns, *item.of, *item.about, *item.phones, *item.emails, *item.mentions, *item.links}
            unknown = named - set(item.table.c.keys())
            assert not unknown, f"{service.name}: {item.table.name} has no {sorted(unknown)}"
