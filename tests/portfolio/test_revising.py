"""What a client is called and where it is, changed and kept, on both databases."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from cryptography.fernet import Fernet
from pydantic import SecretStr
from sqlalchemy import select
from sqlalchemy.orm import Session
from tests.conftest import NOW, ONE_DAY, Filling

from sophia.analytics.kpis.measured_clients import measured_clients
from sophia.errors import ConflictError, InvalidInputError
from sophia.portfolio.models import Client, ClientRevision
from sophia.portfolio.revising import rename_client, set_industry, set_zone
from sophia.portfolio.service import Connection, connect_account
from sophia.vault import Vault


def described(filling: Filling, *moments: int | None) -> list[tuple[str, str, str | None]]:
    """The only client as of so many days after NOW; None is today."""
    found = []
    for days in moments:
        with filling.database.read() as session:
            (one,) = measured_clients(session, as_of=None if days is None else NOW + days * ONE_DAY)
        found.append((one.name, one.zone.key, one.industry))
    return found


def test_what_a_client_was_is_known_of_every_moment(filling: Filling) -> None:
    """A13, G1: name, zone and industry each as they were, to the moment of the change, and nothing is kept twice."""
    client = filling.client("Hats", industry="retail")
    changes: tuple[Callable[[Session, datetime], object], ...] = (
        lambda session, now: rename_client(session, client, " Caps  & More ", now),
        lambda session, now: set_zone(session, client, "Asia/Tokyo", now),
        lambda session, now: set_industry(session, client, "fashion", now),
        lambda session, now: set_industry(session, client, None, now),
    )
    for day, change in enumerate(changes, 1):
        for again in (timedelta(0), timedelta(hours=1)):
            with filling.database.write() as session:
                change(session, NOW + day * ONE_DAY + again)
    told = described(filling, -9, 0, 1, 2, 3, 4, None)
    assert told[:2] == [("Hats", "UTC", "retail")] * 2
    assert told[2:5] == [
        ("Caps & More", "UTC", "retail"),
        ("Caps & More", "Asia/Tokyo", "retail"),
        ("Caps & More", "Asia/Tokyo", "fashion"),
    ]
    assert told[5:] == [("Caps & More", "Asia/Tokyo", None)] * 2
    with filling.database.read() as session:
        assert len(session.scalars(select(ClientRevision)).all()) == len(changes)


def test_several_changes_of_one_moment(filling: Filling) -> None:
    """A13: before it all of them are undone, whatever their order."""
    client = filling.client("Hats", industry="retail")
    with filling.database.write() as session:
        set_zone(session, client, "Asia/Tokyo", NOW)
        rename_client(session, client, "Caps", NOW)
        set_industry(session, client, "fashion", NOW)
    assert described(filling, -1, 0) == [("Hats", "UTC", "retail"), ("Caps", "Asia/Tokyo", "fashion")]


def test_names_and_zones_that_cannot_be(filling: Filling) -> None:
    """J3: another client's name, none at all, a zone that nobody knows: refused, and nothing is kept."""
    client = filling.client("Hats")
    filling.client("Shoes")
    with pytest.raises(ConflictError, match="named 'Shoes'"), filling.database.write() as session:
        rename_client(session, client, "Shoes", NOW)
    with pytest.raises(InvalidInputError), filling.database.write() as session:
        rename_client(session, client, " ", NOW)
    with pytest.raises(InvalidInputError, match="not a time zone"), filling.database.write() as session:
        set_zone(session, client, "Mars/Olympus", NOW)
    with filling.database.read() as session:
        assert session.scalars(select(ClientRevision)).all() == []
        assert session.get_one(Client, client).slug == "hats"


def test_connecting_again_leaves_the_past_alone(filling: Filling) -> None:
    """A13: an account with a new token was there all the time, also in a report as of a moment before that token."""
    vault = Vault([Fernet.generate_key().decode()])
    given = Connection("facebook", "100", "Hats", None, SecretStr("EAAhats"), frozenset())
    client = filling.client("Hats")
    for moment in (NOW - 9 * ONE_DAY, NOW):
        with filling.database.write() as session:
            connect_account(session, vault, session.get_one(Client, client), given, moment)
    with filling.database.read() as session:
        (then,), (before,) = (measured_clients(session, as_of=NOW - days * ONE_DAY) for days in (1, 10))
    assert (len(then.accounts), len(before.accounts)) == (1, 0)
