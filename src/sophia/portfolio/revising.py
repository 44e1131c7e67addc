"""Changes the name, zone and industry of a client and keeps the earlier values for reports as of an earlier moment.

Every function works inside the caller's transaction.
"""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from sophia.errors import ConflictError, InvalidInputError
from sophia.portfolio.models import Client, ClientRevision
from sophia.portfolio.service import check_zone, checked_name

LONGEST_INDUSTRY = 60


def rename_client(session: Session, client_id: int, name: str, now: datetime) -> str:
    """Rename a client and return the name with single spaces. Its slug, which links contain, stays.

    Raises InvalidInputError for an invalid name, ConflictError when another client has the name.
    """
    name = checked_name(name)
    if session.scalar(select(Client.id).where(Client.name == name, Client.id != client_id)) is not None:
        raise ConflictError(f"There is a client named {name!r} already.")
    try:
        _revise(session, client_id, now, name=name)
    except IntegrityError:
        raise ConflictError(f"Another client was named {name!r} at this very moment.") from None
    return name


def set_zone(session: Session, client_id: int, timezone: str, now: datetime) -> None:
    """Set the time zone of a client. Raises InvalidInputError for an unknown zone."""
    check_zone(timezone)
    _revise(session, client_id, now, timezone=timezone)


def set_industry(session: Session, client_id: int, industry: str | None, now: datetime) -> str | None:
    """Set the industry of a client, None for none, and return it with single spaces. Raises InvalidInputError."""
    tidy = None if industry is None else " ".join(industry.split())
    if tidy is not None and (not tidy or not tidy.isprintable() or len(tidy) > LONGEST_INDUSTRY):
        raise InvalidInputError(f"The name of an industry has 1 to {LONGEST_INDUSTRY} printable characters.")
    _revise(session, client_id, now, industry=tidy)
    return tidy


def _revise(session: Session, client_id: int, now: datetime, **change: str | None) -> None:
    """Change a client and store its previous values as a revision."""
    client = session.get_one(Client, client_id, with_for_update=True, populate_existing=True)
    if all(getattr(client, field) == value for field, value in change.items()):
        return
    session.add(
        ClientRevision(
            client_id=client_id,
            name=client.name,
            timezone=client.timezone,
            industry=client.industry,
            replaced_at=now,
        )
    )
    for field, value in change.items():
        setattr(client, field, value)
    session.flush()
