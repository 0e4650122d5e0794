"""forms"""

import sqlalchemy as sa
from alembic import op

from chassis.db import Id, Json, UtcDateTime

revision = "engines_0007"
down_revision = "engines_0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "forms",
        sa.Column("subject_kind", sa.String(length=60), nullable=False),
        sa.Column("own", sa.Boolean(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("title", Json, nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("body", Json, nullable=False),
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
        sa.PrimaryKeyConstraint("id", name=op.f("pk_forms")),
        sa.UniqueConstraint("subject_kind", name=op.f("uq_forms_subject_kind")),
    )
    with op.batch_alter_table("forms", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_forms_number"), ["number"], unique=False)
        batch_op.create_index(batch_op.f("ix_forms_owner_id"), ["owner_id"], unique=False)

    op.create_table(
        "unique_values",
        sa.Column("subject_kind", sa.String(length=60), nullable=False),
        sa.Column("field", sa.String(length=60), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("subject_id", Id, nullable=False),
        sa.PrimaryKeyConstraint("subject_kind", "field", "digest", name=op.f("pk_unique_values")),
    )
    with op.batch_alter_table("unique_values", schema=None) as batch_op:
        batch_op.create_index("ix_unique_values_subject", ["subject_kind", "subject_id"], unique=False)

    op.create_table(
        "form_versions",
        sa.Column("form_id", Id, nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("body", Json, nullable=False),
        sa.Column("published_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("published_by", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["form_id"], ["forms.id"], name=op.f("fk_form_versions_form_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("form_id", "revision", name=op.f("pk_form_versions")),
    )


def downgrade() -> None:
    op.drop_table("form_versions")
    with op.batch_alter_table("unique_values", schema=None) as batch_op:
        batch_op.drop_index("ix_unique_values_subject")

    op.drop_table("unique_values")
    with op.batch_alter_table("forms", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_forms_owner_id"))
        batch_op.drop_index(batch_op.f("ix_forms_number"))

    op.drop_table("forms")
