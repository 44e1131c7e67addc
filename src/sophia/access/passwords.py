"""Hashes of passwords with argon2. Each call takes a fifth of a second of processor time: call it in a worker thread."""

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pwdlib import PasswordHash


@cache
def _hasher() -> "PasswordHash":
    from pwdlib import PasswordHash  # noqa: PLC0415 - only sign-in needs it

    return PasswordHash.recommended()


def hash_password(password: str) -> str:
    """Return the argon2 hash of a password, with its salt and parameters."""
    return _hasher().hash(password)


def verify_password(password: str, password_hash: str | None) -> bool:
    """Return whether the password belongs to the hash.

    Without a hash it verifies against a hash of its own, so that the time of an answer does not tell whether the user
    exists.
    """
    if password_hash is None:
        _hasher().verify(password, _unknown_user_hash())
        return False
    return _hasher().verify(password, password_hash)


@cache
def _unknown_user_hash() -> str:
    return hash_password("no user has this password")
