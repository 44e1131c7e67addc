"""Logins and offers of accounts that wait for a person: in memory, bound to the browser's session, for a quarter of an hour.

An offer holds tokens, so it is neither stored nor sent to the browser. A restart ends it, and the person logs in again.
"""

import hmac
import secrets
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sophia.database.engine import Database
from sophia.errors import InvalidInputError
from sophia.portfolio.connecting import Connected, Connecting, Offer, store_page
from sophia.portfolio.service import AccountInfo, Connection, owner_of
from sophia.vault import Vault

PATIENCE = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class LoginAttempt:
    """A login that was sent to Meta's dialog. `account_id` is the account to reconnect, None for new ones."""

    state: str
    redirect_uri: str
    account_id: int | None
    begun_at: datetime


@dataclass(frozen=True, slots=True)
class PendingOffer:
    """The accounts from which a person chooses."""

    offer: Offer
    begun_at: datetime


@dataclass(frozen=True, slots=True)
class RefusedLogin:
    """Why a login connected nothing. `asks_again`: the person may allow more the next time."""

    problem: str
    asks_again: bool
    ended_at: datetime


class PendingConnections:
    """The logins, refusals and offers of all sessions of this process, at most one of each per session."""

    def __init__(self, connecting: Connecting) -> None:
        self.connecting = connecting
        self._clock: Callable[[], datetime] = connecting.clock
        self._attempts: dict[int, LoginAttempt] = {}
        self._refusals: dict[int, RefusedLogin] = {}
        self._offers: dict[int, PendingOffer] = {}

    def begin_login(self, session_id: int, redirect_uri: str, account_id: int | None) -> LoginAttempt:
        """Return a new attempt; an earlier one of the session ends."""
        self._forget_old()
        attempt = LoginAttempt(secrets.token_urlsafe(32), redirect_uri, account_id, self._clock())
        self._attempts[session_id] = attempt
        return attempt

    def end_login(self, session_id: int, state: str) -> LoginAttempt | None:
        """Return the attempt of a browser session with this state, once. A wrong state leaves the attempt alone."""
        self._forget_old()
        attempt = self._attempts.get(session_id)
        if attempt is None or not hmac.compare_digest(attempt.state.encode(), state.encode()):
            return None
        return self._attempts.pop(session_id, None)

    def keep_refusal(self, session_id: int, problem: str, *, asks_again: bool) -> None:
        """Keep why a login was refused, for the page to which the browser is led."""
        self._forget_old()
        self._refusals[session_id] = RefusedLogin(problem, asks_again, self._clock())

    def take_refusal(self, session_id: int) -> RefusedLogin | None:
        """Return the refusal of a browser session, once."""
        self._forget_old()
        return self._refusals.pop(session_id, None)

    def keep_offer(self, session_id: int, offer: Offer) -> None:
        """Keep an offer until the person has chosen."""
        self._forget_old()
        self._offers[session_id] = PendingOffer(offer, self._clock())

    def find_offer(self, session_id: int) -> Offer | None:
        """Return the offer of a browser session, or None when there is none or it is too old."""
        self._forget_old()
        pending = self._offers.get(session_id)
        return None if pending is None else pending.offer

    def drop_offer(self, session_id: int) -> None:
        self._offers.pop(session_id, None)

    def _forget_old(self) -> None:
        oldest = self._clock() - PATIENCE
        self._attempts = {key: attempt for key, attempt in self._attempts.items() if attempt.begun_at > oldest}
        self._refusals = {key: refusal for key, refusal in self._refusals.items() if refusal.ended_at > oldest}
        self._offers = {key: pending for key, pending in self._offers.items() if pending.begun_at > oldest}


def account_key(connection: Connection) -> str:
    """Return the text that names an account in a form."""
    return f"{connection.platform}:{connection.external_id}"


def with_accounts(offer: Offer, keys: Collection[str]) -> Offer:
    """Return the offer with only these accounts."""
    connections = {
        page_id: tuple(connection for connection in accounts if account_key(connection) in keys)
        for page_id, accounts in offer.connections.items()
    }
    return replace(offer, connections={page_id: accounts for page_id, accounts in connections.items() if accounts})


def reconnect(database: Database, vault: Vault, offer: Offer, account: AccountInfo, now: datetime) -> list[Connected]:
    """Store the new token of an account, and of the other account of its Page if the same client has it.

    Raises InvalidInputError when the offer does not contain the account.
    """
    key = f"{account.platform}:{account.external_id}"
    pages = offer.connections.values()
    accounts = next((accounts for accounts in pages if key in {account_key(item) for item in accounts}), None)
    if accounts is None:
        raise InvalidInputError(
            " ".join(
                [
                    f"This token gives no access to {account.label}, so nothing was changed.",
                    *offer.warnings,
                    "Log in as a person who manages its Page, and choose this Page in Meta's dialog.",
                ]
            )
        )
    with database.read() as session:
        own = [item for item in accounts if owner_of(session, item.platform, item.external_id) == account.client_name]
    # The client exists, so its time zone stays.
    return store_page(database, vault, tuple(own), account.client_name, "UTC", now)
