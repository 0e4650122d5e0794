"""The flows every company starts with, as they are at this revision; the first change of one announces it."""

import hashlib

import orjson
import sqlalchemy as sa
from alembic import op

from approvals.shipped import SHIPPED
from chassis import clock
from chassis.db import Id, Json, UtcDateTime
from chassis.ids import uuid7

revision = "approvals_0002"
down_revision = "approvals_0001"
branch_labels = None
depends_on = None

FLOW = sa.table(
    "definition",
    sa.column("id", Id),
    sa.column("external_ids", Json),
    sa.column("version", sa.Integer),
    sa.column("created_at", UtcDateTime),
    sa.column("updated_at", UtcDateTime),
    sa.column("created_by", sa.String),
    sa.column("tags", Json),
    sa.column("custom", Json),
    sa.column("key", sa.String),
    sa.column("title", Json),
    sa.column("subject_kind", sa.String),
    sa.column("revision", sa.Integer),
    sa.column("active", sa.Boolean),
)
VERSION = sa.table(
    "definition_version",
    sa.column("definition_id", Id),
    sa.column("revision", sa.Integer),
    sa.column("subject_kind", sa.String),
    sa.column("body", Json),
    sa.column("digest", sa.String),
    sa.column("published_at", UtcDateTime),
    sa.column("published_by", sa.String),
)


def upgrade() -> None:
    present = set(op.get_bind().execute(sa.select(FLOW.c.key)).scalars())
    now = clock.now()
    record = {
        "external_ids": {},
        "version": 1,
        "created_at": now,
        "updated_at": now,
        "created_by": "system",
        "tags": [],
    }
    for key, (subject_kind, title, body) in SHIPPED.items():
        if key in present:
            continue
        id_ = uuid7()
        digest = hashlib.sha256(orjson.dumps(body, option=orjson.OPT_SORT_KEYS)).hexdigest()
        flow = {"id": id_, "key": key, "title": title, "subject_kind": subject_kind, "revision": 1, "active": True}
        op.bulk_insert(FLOW, [record | flow | {"custom": {}}])
        version = {"definition_id": id_, "revision": 1, "subject_kind": subject_kind, "body": body, "digest": digest}
        op.bulk_insert(VERSION, [version | {"published_at": now, "published_by": "system"}])


def downgrade() -> None:
    """The flows stay: instances may run on them, and the tables go with the revision before."""
