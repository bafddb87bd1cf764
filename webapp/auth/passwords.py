"""Argon2id hashes of passwords, one at a time: each takes 64 MiB while it is computed."""

import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from webapp.problems import Busy

LONGEST_WAIT = 15.0  # seconds for one's turn

_hasher = PasswordHasher()
_turn = threading.BoundedSemaphore(1)


def hash_password(password: str) -> str:
    """The hash to store. Raises Busy if too many others wait."""
    with _in_turn():
        return _hasher.hash(password)


def is_right(password_hash: str | None, password: str) -> bool:
    """Whether the password fits. None (nobody has that name) takes as long and is never right.

    Raises Busy if too many others wait.
    """
    with _in_turn():
        nobodys_hash = _nobodys_hash()
        try:
            _hasher.verify(password_hash or nobodys_hash, password)
        except (VerificationError, InvalidHashError):
            return False
    return password_hash is not None


def is_outdated(password_hash: str) -> bool:
    """Whether the hash was made with other parameters than today's."""
    return _hasher.check_needs_rehash(password_hash)


@cache
def _nobodys_hash() -> str:
    return _hasher.hash(secrets.token_hex(32))


@contextmanager
def _in_turn() -> Iterator[None]:
    if not _turn.acquire(timeout=LONGEST_WAIT):
        raise Busy("Many people are logging in just now; please try again in a moment.")
    try:
        yield
    finally:
        _turn.release()
