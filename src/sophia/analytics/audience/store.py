"""Writes ideal customer profiles: one for each name of a client."""

from dataclasses import replace
from datetime import datetime

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from sophia.analytics.audience.fit import Profile, country_code
from sophia.analytics.audience.models import IdealCustomer
from sophia.database import insert_for
from sophia.errors import ConflictError, InvalidInputError, NotFoundError

MOST_PROFILES = 50
NOTHING_WANTED = "A profile must ask for something: ages, genders, countries or places."


def put_ideal_customer(session: Session, client_id: int, profile: Profile, now: datetime) -> None:
    """Keep a profile under its name, in the place of an earlier one; the same again changes nothing.

    Raises InvalidInputError for a profile that asks for nothing, ConflictError when the client has too many.
    """
    profile = tidy(profile)
    wanted = {
        "youngest": None if profile.ages is None else profile.ages[0],
        "oldest": None if profile.ages is None else profile.ages[1],
        "genders": list(profile.genders),
        "countries": list(profile.countries),
        "places": list(profile.places),
    }
    row = _find(session, client_id, profile.name)
    if row is not None and all(getattr(row, name) == value for name, value in wanted.items()):
        return
    count = session.scalar(
        select(func.count()).select_from(IdealCustomer).where(IdealCustomer.client_id == client_id)
    )  # fmt: skip
    if row is None and (count or 0) >= MOST_PROFILES:
        raise ConflictError(f"A client has {MOST_PROFILES} profiles at most; delete one first.")
    given = insert_for(session, IdealCustomer).values(
        client_id=client_id, name=profile.name, created_at=now, updated_at=now, **wanted
    )  # fmt: skip
    # Two may write the same name at once: the later one stands.
    session.execute(
        given.on_conflict_do_update(index_elements=["client_id", "name"], set_={**wanted, "updated_at": now})
    )


def tidy(profile: Profile) -> Profile:
    """Each gender, country and place once, countries by their codes. Raises InvalidInputError when nothing is asked."""
    if profile.ages is None and not (profile.genders or profile.countries or profile.places):
        raise InvalidInputError(NOTHING_WANTED)
    return replace(
        profile,
        genders=tuple(sorted(set(profile.genders))),
        countries=tuple(sorted({country_code(country) for country in profile.countries})),
        places=tuple(dict.fromkeys(" ".join(one.split()) for one in profile.places)),
    )


def delete_ideal_customer(session: Session, client_id: int, name: str) -> None:
    """Raises NotFoundError when the client has no profile of that name."""
    found = _find(session, client_id, name)
    if found is None:
        raise NotFoundError(f"Client {client_id} has no profile named {name!r}.")
    session.execute(delete(IdealCustomer).where(IdealCustomer.id == found.id))


def _find(session: Session, client_id: int, name: str) -> IdealCustomer | None:
    return session.scalar(select(IdealCustomer).where(IdealCustomer.client_id == client_id, IdealCustomer.name == name))
