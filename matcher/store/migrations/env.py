"""Alembic's entry: runs on the connection, and in the transaction, that `matcher.store.migrate` opened."""

from alembic import context

from matcher.store.tables import REVISION_TABLE, metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    version_table=REVISION_TABLE,
)
with context.begin_transaction():
    context.run_migrations()
