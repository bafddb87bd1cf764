"""Whether the portal lives, and whether it can answer."""

from flask import Blueprint, jsonify
from sqlalchemy import select

from serving.client import ServingFailed
from webapp.extensions import db, talisman
from webapp.model_server import client
from webapp.models import AuditHead

LONGEST_WAIT = 0.5  # seconds for the model server's word

health = Blueprint("health", __name__)


@health.get("/live")
@talisman(force_https=False)  # a probe comes past the proxy
def live():
    """Always yes while the process answers."""
    return jsonify(status="ok")


@health.get("/ready")
@talisman(force_https=False)
def ready():
    """Yes when the database and both models answer, else 503 and which one does not."""
    checks = {"database": _database(), "model_server": _model_server()}
    good = all(checks.values())
    found = {name: "ok" if fine else "unavailable" for name, fine in checks.items()}
    return jsonify(status="ok" if good else "unavailable", checks=found), 200 if good else 503


def _database() -> bool:
    try:
        db.session.scalar(select(AuditHead.number))  # there only once the tables are
    except Exception:  # whatever a driver raises: the answer is no
        db.session.rollback()
        return False
    return True


def _model_server() -> bool:
    try:
        client().wait_until_ready(LONGEST_WAIT)
    except ServingFailed:
        return False
    return True
