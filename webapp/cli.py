"""Commands for the operator: `flask --app webapp portal --help`."""

import os
import sys

import click
from flask import Flask, current_app, url_for
from flask.cli import AppGroup

from webapp import audit, tables
from webapp.auth import people
from webapp.auth.forms import clean_login
from webapp.retention import delete_expired
from webapp.studies.manifest import export_feedback


def _keep_private() -> None:
    """What is written, a database or pages with opinions, is for the operator's own eyes."""
    os.umask(0o077)


portal = AppGroup("portal", help="Runs the portal's household.", callback=_keep_private)
portal.add_command(export_feedback)


def init_app(app: Flask) -> None:
    """Adds the commands."""
    app.cli.add_command(portal)


@portal.command("upgrade")
def upgrade_database() -> None:
    """Makes the database, or brings it up to date."""
    tables.upgrade()


@portal.command("invite")
def invite() -> None:
    """Prints an address under which one person can sign up, within a week."""
    config = current_app.config
    scheme = "https" if config["EXPOSED"] else "http"
    port = "" if config["PROXIES"] else f":{config['PORT']}"
    with current_app.test_request_context(
        base_url=f"{scheme}://{config['TRUSTED_HOSTS'][0]}{port}"
    ):
        click.echo(url_for("auth.sign_up", invitation=people.invite(), _external=True))


@portal.command("new-password")
@click.argument("login")
def new_password(login: str) -> None:
    """Prints a new password for the person who logs in as LOGIN, and ends their sessions."""
    password = people.new_password(clean_login(login))
    if password is None:
        click.echo("Nobody has this log-in name.", err=True)
        sys.exit(1)
    click.echo(password)


@portal.command("verify-audit-log")
@click.option("--since", default="", help="A seal noted earlier; it has to be in the log still.")
def verify_audit_log(since: str) -> None:
    """Checks every event of the audit log; exit status 1 if one was changed or removed."""
    count, head, wrong = audit.verify(since)
    if wrong:
        click.echo(f"The audit log was tampered with: {wrong}.", err=True)
        sys.exit(1)
    click.echo(f"{count} events, all in order; the newest has the seal {head}.")


@portal.command("delete-expired")
def delete_expired_studies() -> None:
    """Deletes studies older than ECG_TF_RETENTION_DAYS, and files that belong to none."""
    click.echo(f"{delete_expired()} studies deleted.")
