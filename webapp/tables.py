"""Brings the tables up to date. Alembic is loaded only here and for `flask db`: it takes 11 MB,
which a process that serves pages need not hold."""

import os

from flask import Flask, current_app

from webapp.extensions import db


def init_app(app: Flask) -> None:
    """For the command line: `flask --app webapp db ...` finds the migrations."""
    if os.environ.get("FLASK_RUN_FROM_CLI") == "true":
        _migrate(app)


def upgrade(revision: str = "head") -> None:
    """Makes the tables of the current application's database, or brings them up to date."""
    import flask_migrate

    _migrate(current_app._get_current_object())
    flask_migrate.upgrade(revision=revision)


def downgrade(revision: str = "base") -> None:
    """Takes tables back to an earlier revision; "base" removes them all, with what they hold."""
    import flask_migrate

    _migrate(current_app._get_current_object())
    flask_migrate.downgrade(revision=revision)


def _migrate(app: Flask) -> None:
    from flask_migrate import Migrate

    # SQLite alters little by itself; in a batch, Alembic makes the table anew.
    Migrate(app, db, f"{app.root_path}/migrations", render_as_batch=True, compare_type=True)
