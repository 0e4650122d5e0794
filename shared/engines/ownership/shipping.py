"""A pool that comes with the product, written by a migration; the first edit announces it."""

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from chassis import clock
from chassis.db import Id, Json, UtcDateTime
from chassis.ids import uuid7

_RULES = sa.table(
    "pool_rules",
    *(sa.column(name, Json) for name in ("external_ids", "tags", "custom", "title", "body")),
    *(sa.column(name, UtcDateTime) for name in ("created_at", "updated_at")),
    *(sa.column(name, sa.String) for name in ("created_by", "subject_kind", "purpose", "key")),
    *(sa.column(name, sa.Integer) for name in ("version", "revision")),
    sa.column("id", Id),
    sa.column("active", sa.Boolean),
)
_VERSIONS = sa.table(
    "pool_rule_versions",
    sa.column("rule_id", Id),
    sa.column("revision", sa.Integer),
    sa.column("body", Json),
    sa.column("active", sa.Boolean),
    sa.column("published_at", UtcDateTime),
    sa.column("published_by", sa.String),
)


def ship(connection: Connection, subject_kind: str, pool: Mapping[str, Any]) -> None:
    """Insert `pool` ({key, title, body}) unless there is one of this key already, or no such table."""
    if not sa.inspect(connection).has_table("pool_rules"):
        return  # a database with this service's own tables alone, as the comparison of revisions and models makes it
    mine = sa.select(_RULES.c.id).where(_RULES.c.subject_kind == subject_kind, _RULES.c.key == pool["key"])
    if connection.execute(mine).first() is not None:
        return
    id_, now = uuid7(), clock.now()
    connection.execute(
        _RULES.insert().values(
            id=id_, external_ids={}, tags=[], custom={}, title=pool["title"], body=pool["body"], created_at=now,
            updated_at=now, created_by="system", subject_kind=subject_kind, purpose="pool", key=pool["key"], version=1,
            revision=1, active=True,
        )
    )  # fmt: skip
    connection.execute(
        _VERSIONS.insert().values(
            rule_id=id_, revision=1, body=pool["body"], active=True, published_at=now, published_by="system"
        )
    )
