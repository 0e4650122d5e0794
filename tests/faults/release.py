"""A newer release of the suite, made in scratch: a revision more for every service, and a subscription more for one."""

import shutil
from pathlib import Path

from chassis import places, revisions
from tests.faults.family import ROOT

SUBSCRIBER, GROUP = "service-desk", "release_probe"
REVISION = '''"""a new release"""

import sqlalchemy as sa
from alembic import op

revision = "{package}_next"
down_revision = "{head}"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table("release_probe", sa.Column("event_id", sa.String(36), nullable=False))
    with op.batch_alter_table("event_log") as batch_op:
        batch_op.add_column(sa.Column("release_note", sa.String(20), nullable=True))
    op.execute("UPDATE event_log SET release_note = 'old'")


def downgrade() -> None:
    with op.batch_alter_table("event_log") as batch_op:
        batch_op.drop_column("release_note")
    op.drop_table("release_probe")
'''
SUBSCRIPTION = """

@on("leads.lead.captured.v1", group="release_probe", kind="reaction")
def probe(session, event):
    from sqlalchemy import text

    session.connection().execute(text("INSERT INTO release_probe (event_id) VALUES (:event)"), {"event": event.id})
"""


def make(tree: Path) -> Path:
    """Copy the source into `tree` and add what is new; returns `tree`."""
    if tree.exists():
        return tree
    for part in ("shared", "services", "demo"):
        shutil.copytree(ROOT / part, tree / part, ignore=shutil.ignore_patterns("__pycache__", "node_modules"))
    packages = Path("shared/console/node_modules")
    (tree / packages).symlink_to(ROOT / packages)
    for place in places.places():
        package = tree / place.package_folder.relative_to(ROOT)
        own = revisions.folders(place.package_folder)[place.package]
        head = next(
            name for name in revisions.code_heads(place.package_folder) if name.startswith(f"{own.parents[1].name}_")
        )
        target = package / "migrations" / "versions" / f"{place.package}_next.py"
        target.write_text(REVISION.format(package=place.package, head=head))
        if place.name == SUBSCRIBER:
            with open(package / "subscriptions.py", "a") as file:
                file.write(SUBSCRIPTION)
    return tree


def environment(tree: Path) -> dict[str, str]:
    """What makes a process run from `tree`."""
    folders = [tree / "shared", *sorted((tree / "services").iterdir())]
    return {"CRM_TREE": str(tree), "PYTHONPATH": ":".join(str(folder) for folder in folders)}
