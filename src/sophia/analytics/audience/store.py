"""Writes target audiences: one for each name of a client."""

from dataclasses import replace
from datetime import datetime

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from sophia.analytics.audience.matching import TargetAudience, country_code
from sophia.analytics.audience.models import TargetAudienceEntry
from sophia.database.statements import insert_for
from sophia.errors import ConflictError, InvalidInputError, NotFoundError

MOST_TARGET_AUDIENCES = 50
NO_CRITERION = "A target audience must have a criterion: ages, genders, countries or places."


def put_target_audience(session: Session, client_id: int, target: TargetAudience, now: datetime) -> None:
    """Save a target audience under its name and replace an earlier one; an equal one changes nothing.

    Raises InvalidInputError without a criterion, ConflictError if the client has too many target audiences.
    """
    target = normalize(target)
    values = {
        "youngest": None if target.ages is None else target.ages.youngest,
        "oldest": None if target.ages is None else target.ages.oldest,
        "genders": list(target.genders),
        "countries": list(target.countries),
        "places": list(target.places),
    }
    row = _find(session, client_id, target.name)
    if row is not None and all(getattr(row, name) == value for name, value in values.items()):
        return
    count = session.scalar(select(func.count()).select_from(TargetAudienceEntry).filter_by(client_id=client_id))
    if row is None and (count or 0) >= MOST_TARGET_AUDIENCES:
        raise ConflictError(f"A client has {MOST_TARGET_AUDIENCES} target audiences at most; delete one first.")
    statement = insert_for(session, TargetAudienceEntry).values(
        client_id=client_id, name=target.name, created_at=now, updated_at=now, **values
    )  # fmt: skip
    # If two requests write the same name at once, the later one wins.
    session.execute(
        statement.on_conflict_do_update(index_elements=["client_id", "name"], set_={**values, "updated_at": now})
    )


def normalize(target: TargetAudience) -> TargetAudience:
    """Return the target audience with each value once and countries as codes. Raises InvalidInputError without criterion."""
    if target.ages is None and not (target.genders or target.countries or target.places):
        raise InvalidInputError(NO_CRITERION)
    return replace(
        target,
        genders=tuple(sorted(set(target.genders))),
        countries=tuple(sorted({country_code(country) for country in target.countries})),
        places=tuple(dict.fromkeys(" ".join(name.split()) for name in target.places)),
    )


def delete_target_audience(session: Session, client_id: int, name: str) -> None:
    """Delete a target audience. Raises NotFoundError if the client has none with this name."""
    row = _find(session, client_id, name)
    if row is None:
        raise NotFoundError(f"Client {client_id} has no target audience named {name!r}.")
    session.execute(delete(TargetAudienceEntry).where(TargetAudienceEntry.id == row.id))


def _find(session: Session, client_id: int, name: str) -> TargetAudienceEntry | None:
    return session.scalar(select(TargetAudienceEntry).filter_by(client_id=client_id, name=name))
