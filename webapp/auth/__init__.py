"""Sign up, log in, log out, change the password, delete the account."""

from flask import Blueprint

auth = Blueprint("auth", __name__)

from webapp.auth import account, entrance  # noqa: E402, F401  they add their routes to `auth`
