"""imports are those of every kind of record: what was taken in before keeps its ledger"""

import sqlalchemy as sa
from alembic import op

from chassis.db import Id, Json, UtcDateTime

revision = "leads_0004"
down_revision = "leads_0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    if sa.inspect(op.get_bind()).has_table("imports"):  # the shared branches go first; alone, there is nothing to keep
        _keep_ledgers()
    op.drop_table("import_row")
    op.drop_table("lead_import")


def _keep_ledgers() -> None:
    # no plan and no caller are known of them: an empty document, as in their column `custom`
    op.execute(
        "INSERT INTO imports (id, version, kind, file_name, size, format, status, dry_run, plan, caller, total, cursor,"
        " rows, created, updated, skipped, failed, undone, kept, stop, created_by, created_at, started_at, finished_at)"
        " SELECT id, version, 'lead', file_name, 0, 'csv', 'done', false, custom, custom, rows, 0,"
        " rows, created, updated, skipped, failed, 0, 0, false, COALESCE(created_by, 'system'), created_at, created_at,"
        " updated_at FROM lead_import"
    )
    op.execute(
        "INSERT INTO import_rows (import_id, line, outcome, kind, record_id, reason, undo)"
        " SELECT import_id, line, outcome, 'lead', lead_id, reason, 'kept' FROM import_row"
    )


def downgrade() -> None:
    op.create_table(
        "lead_import",
        sa.Column("file_name", sa.String(length=200), nullable=False),
        sa.Column("encoding", sa.String(length=20), nullable=False),
        sa.Column("status", sa.String(length=12), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("created", sa.Integer(), nullable=False),
        sa.Column("updated", sa.Integer(), nullable=False),
        sa.Column("skipped", sa.Integer(), nullable=False),
        sa.Column("failed", sa.Integer(), nullable=False),
        sa.Column("id", Id, nullable=False),
        sa.Column("number", sa.String(length=40), nullable=True),
        sa.Column("external_ids", Json, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("updated_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.String(length=64), nullable=True),
        sa.Column("owner_id", Id, nullable=True),
        sa.Column("department_id", Id, nullable=True),
        sa.Column("tags", Json, nullable=False),
        sa.Column("custom", Json, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lead_import")),
    )
    op.create_index(op.f("ix_lead_import_number"), "lead_import", ["number"])
    op.create_index(op.f("ix_lead_import_owner_id"), "lead_import", ["owner_id"])
    op.create_table(
        "import_row",
        sa.Column("import_id", Id, nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("outcome", sa.String(length=10), nullable=False),
        sa.Column("lead_id", Id, nullable=True),
        sa.Column("reason", Json, nullable=False),
        sa.ForeignKeyConstraint(
            ["import_id"], ["lead_import.id"], name=op.f("fk_import_row_import_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("import_id", "line", name=op.f("pk_import_row")),
    )
