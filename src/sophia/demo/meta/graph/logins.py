"""Logins of people: the codes that the dialog issues, and the tokens that codes are exchanged for.

A code works once, for ten minutes, with the address of its dialog. Its token has the permissions that the person allowed,
and opens the Pages that the person chose.
"""

import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sophia.demo.meta.graph.errors import GraphError

CODE_LIFE = timedelta(minutes=10)
SHORT_LIFE = timedelta(hours=2)


@dataclass(frozen=True, slots=True)
class Login:
    """What the holder of a token may read. `expires_at` is aware."""

    scopes: tuple[str, ...]
    page_ids: frozenset[str]
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Code:
    """A code that the dialog sent to `redirect_uri` at `issued_at` (aware)."""

    redirect_uri: str
    scopes: tuple[str, ...]
    page_ids: frozenset[str]
    issued_at: datetime


@dataclass(slots=True)
class Logins:
    """The codes and tokens of all logins."""

    codes: dict[str, Code] = field(default_factory=dict)
    used_codes: set[str] = field(default_factory=set)
    tokens: dict[str, Login] = field(default_factory=dict)

    def issue(self, code: Code) -> str:
        """Return a new code for the dialog's redirect."""
        text = f"AQ{secrets.token_urlsafe(24)}"
        self.codes[text] = code
        return text

    def redeem(self, text: str, redirect_uri: str, now: datetime) -> str:
        """Return the short-lived token of a code. Raise GraphError as Meta words it."""
        code = self.codes.get(text)
        if code is None:
            raise GraphError("Invalid verification code format.", 100)
        if text in self.used_codes:
            raise GraphError("This authorization code has been used.", 100, 36009)
        if now >= code.issued_at + CODE_LIFE:
            raise GraphError("This authorization code has expired.", 100, 36007)
        if redirect_uri != code.redirect_uri:
            raise GraphError(
                "Error validating verification code. Please make sure your redirect_uri is identical to the one you used "
                "in the OAuth dialog request",
                100,
                36008,
            )
        self.used_codes.add(text)
        return self.grant(Login(code.scopes, code.page_ids, now + SHORT_LIFE))

    def grant(self, login: Login) -> str:
        """Return a new token."""
        token = f"EAAsimLogin{secrets.token_hex(12)}"
        self.tokens[token] = login
        return token
