"""Competitors that are due: asked about by one account of their own client, once a day."""

from datetime import datetime, timedelta

import pytest
from tests.conftest import MOSTLY_ON_SQLITE, NOW, Filling

from sophia.analytics.comments.competitor_models import Competitor
from sophia.analytics.comments.competitors import due_competitors


def due(filling: Filling, account: int, now: datetime = NOW) -> list[str]:
    with filling.database.read() as session:
        return [competitor.username for competitor in due_competitors(session, account, now)]


def rival(filling: Filling, client: int, name: str, asked_at: datetime | None = None, status: str = "ok") -> int:
    return filling.add(Competitor(client_id=client, username=name, status=status, added_at=NOW, asked_at=asked_at))


def test_an_account_asks_about_competitors_of_its_own_client(filling: Filling) -> None:
    """D3, H5: one client's token is never spent on whom another client is compared with."""
    first, second = filling.client("First"), filling.client("Second")
    accounts = {client: filling.account(client, "instagram", token_encrypted="x") for client in (first, second)}
    rival(filling, first, "alpha")
    rival(filling, second, "beta")
    assert (due(filling, accounts[first]), due(filling, accounts[second])) == (["alpha"], ["beta"])


def test_one_account_of_a_client_asks(filling: Filling) -> None:
    """H5: the first active Instagram account with a token; Pages, and accounts without one, cannot ask."""
    client = filling.client("Hats")
    rival(filling, client, "alpha")
    page = filling.account(client, "facebook", token_encrypted="x")
    silent = filling.account(client, "instagram")
    lost = filling.account(client, "instagram", token_encrypted="x", status="needs_reconnect")
    able, spare = (filling.account(client, "instagram", token_encrypted="x") for _ in range(2))
    asked = {account: due(filling, account) for account in (page, silent, lost, able, spare)}
    assert asked == {page: [], silent: [], lost: [], able: ["alpha"], spare: []}


@MOSTLY_ON_SQLITE
@pytest.mark.parametrize(
    ("status", "asked_at", "is_due"),
    [
        ("new", None, True),
        ("ok", datetime(2026, 11, 22, 8, tzinfo=NOW.tzinfo), False),
        ("ok", datetime(2026, 11, 22, 7, 59, 59, tzinfo=NOW.tzinfo), True),
        ("refused", NOW - timedelta(days=7), True),
        ("refused", NOW - timedelta(days=7) + timedelta(seconds=1), False),
    ],
)
def test_when_a_competitor_is_due(filling: Filling, status: str, asked_at: datetime | None, is_due: bool) -> None:
    """H5, C10: once on each day of the reporting zone, which begins at 8:00 in UTC; after a refusal in a week."""
    client = filling.client("Hats")
    account = filling.account(client, "instagram", token_encrypted="x")
    rival(filling, client, "alpha", asked_at, status)
    assert bool(due(filling, account)) is is_due
