"""Slows down guessing. Every limit ends by itself, so nobody can be locked out for good."""

import hashlib

from flask import Response, g, request
from flask_limiter.util import get_remote_address

from webapp.auth.forms import clean_login
from webapp.extensions import limiter


def failed(_: Response) -> bool:
    """Only failed tries count."""
    return g.get("try_failed", False)


def _name() -> str:
    """The name that is tried, unreadable, since limits may be kept in Redis."""
    return hashlib.sha256(clean_login(request.form.get("login")).encode()).hexdigest()


def _name_and_address() -> str:
    return f"{_name()} {get_remote_address()}"


def guesses(view):
    """Ten failed tries on a name from one address, thirty from the address on any names (people
    of one hospital share one), a hundred on a name from everywhere."""
    post = {"methods": ["POST"], "deduct_when": failed}
    view = limiter.limit("10 per 10 minutes", key_func=_name_and_address, **post)(view)
    view = limiter.limit("30 per 10 minutes", key_func=get_remote_address, **post)(view)
    return limiter.limit("100 per hour", key_func=_name, **post)(view)
