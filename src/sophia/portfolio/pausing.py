"""Pauses and resumes the collection of single accounts.

Every function works inside the caller's transaction.
"""

from sqlalchemy.orm import Session

from sophia.errors import ConflictError, NotFoundError
from sophia.portfolio.models import Account

PAUSED_BY_OPERATOR = "An operator paused this account. Resume it to collect it again."


def pause_account(session: Session, client_id: int, account_id: int) -> None:
    """Stop collecting an account; its data and its token stay.

    Raises NotFoundError for an account of another client, ConflictError for one that is paused or must be reconnected.
    """
    account = account_of_client(session, client_id, account_id)
    if account.status != "active":
        raise ConflictError(f"{account.name} is not being collected, so there is nothing to pause.")
    account.status, account.status_reason = "paused", PAUSED_BY_OPERATOR


def resume_account(session: Session, client_id: int, account_id: int) -> None:
    """Collect a paused account again. Raises NotFoundError, and ConflictError for an account that is not paused."""
    account = account_of_client(session, client_id, account_id)
    if account.status != "paused":
        raise ConflictError(f"{account.name} is not paused.")
    account.status, account.status_reason = "active", None


def account_of_client(session: Session, client_id: int, account_id: int) -> Account:
    """Return an account of this client. Raises NotFoundError."""
    account = session.get(Account, account_id)
    if account is None or account.client_id != client_id:
        raise NotFoundError(f"This client has no account {account_id}.")
    return account
