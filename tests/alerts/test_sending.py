"""Alerts are sent once when they begin and once when they end."""

from typing import Any

from sqlalchemy import update
from tests.alerts.conftest import Mailbox, World
from tests.conftest import YESTERDAY

from sophia.portfolio.models import Account


def collected(world: World, name: str = "Birch", **values: Any) -> int:
    """A client with an account that was collected through yesterday."""
    account = world.filling.account(world.filling.client(name), token_encrypted="x", **values)
    world.filling.run(account)
    world.filling.watermark(account, "page_insights", YESTERDAY, YESTERDAY)
    return account


def change(world: World, account: int, **values: Any) -> None:
    with world.database.write() as session:
        session.execute(update(Account).where(Account.id == account).values(**values))


def test_a_dead_token_is_reported_once_and_its_end_once(world: World, mailbox: Mailbox) -> None:
    account = collected(world)
    world.route(mailbox.address)
    assert world.run() == {"sent": 0, "failed": 0}
    change(world, account, status="needs_reconnect", status_reason="Connect this account again: sophia connect")
    for _ in range(3):
        world.run(minutes=1)
    assert [mail["subject"] for mail in mailbox.mails] == ["Birch: an account must be connected again"]
    [mail] = mailbox.mails
    assert mail["to"] == "ann@example.com"
    text, html = (mail.get_body((form,)) for form in ("plain", "html"))
    assert text is not None
    assert html is not None
    assert "https://sophia.example.com/connect" in text.get_content()
    assert 'href="https://sophia.example.com/connect"' in html.get_content()
    change(world, account, status="active", status_reason=None)
    for _ in range(3):
        world.run(minutes=1)
    assert [mail["subject"] for mail in mailbox.mails][1:] == ["Ended: Birch: an account must be connected again"]
