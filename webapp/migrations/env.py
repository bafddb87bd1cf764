"""Runs the migrations on the portal's database; `flask --app webapp db` and the tests use it."""

from alembic import context
from flask import current_app

config = context.config
extension = current_app.extensions["migrate"]
database = extension.db


def run() -> None:
    """One transaction for all migrations, where the database can do that."""
    connection = config.attributes.get("connection")
    if connection is not None:
        _run_on(connection)
        return
    with database.engine.connect() as connection:
        _run_on(connection)


def _run_on(connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=database.metadata,
        **extension.configure_args,
    )
    with context.begin_transaction():
        context.run_migrations()


if context.is_offline_mode():
    raise SystemExit("The migrations need a database; leave out --sql.")
run()
