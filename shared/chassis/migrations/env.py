"""Runs the revisions of one service's database on the connection chassis.migration hands over."""

from alembic import context

from chassis.migration import rendered

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=context.config.attributes.get("metadata"),
    include_name=context.config.attributes.get("include_name"),
    render_item=rendered,  # type: ignore[arg-type]
    render_as_batch=True,
    transactional_ddl=True,
    compare_type=True,
)
context.run_migrations()
