"""Alembic's entry point: runs the migrations on the connection, and in the transaction, of `storage.migrate`."""

from alembic import context

from storage.metadata import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=True,
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
