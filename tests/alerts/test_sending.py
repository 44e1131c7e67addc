"""Alerts are sent once when they begin and once when they end, at the hours of each route."""

import asyncio
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, update
from tests.alerts.conftest import Hook, Mailbox, World
from tests.conftest import ON_BOTH, YESTERDAY

from sophia.alerts.deliveries import reserve, route_problems, unknown_deliveries
from sophia.alerts.routes import Timing, list_routes, pause_route
from sophia.alerts.sending import send_test
from sophia.portfolio.alert_models import AlertDelivery
from sophia.portfolio.models import Account

DEAD = "Birch: an account must be connected again"


def collected(world: World, name: str = "Birch", **values: Any) -> int:
    """An account of a new client that was collected through yesterday."""
    account = world.filling.account(world.filling.client(name), token_encrypted="x", **values)
    world.filling.run(account)
    world.filling.watermark(account, "page_insights", YESTERDAY, YESTERDAY)
    return account


def change(world: World, account: int, **values: Any) -> None:
    with world.database.write() as session:
        session.execute(update(Account).where(Account.id == account).values(**values))


def kill_token(world: World, account: int) -> None:
    change(world, account, status="needs_reconnect", status_reason="Connect this account again: sophia connect")


def revive_token(world: World, account: int) -> None:
    change(world, account, status="active", status_reason=None)


def at(hour: int, day: int = 22) -> datetime:
    return datetime(2026, 11, day, hour, tzinfo=UTC)


def statuses(world: World) -> list[tuple[str, str, int]]:
    """The phase, status and attempts of each delivery."""
    with world.database.read() as session:
        rows = session.scalars(select(AlertDelivery).order_by(AlertDelivery.id))
        return [(row.phase, row.status, row.attempts) for row in rows]


@ON_BOTH
def test_a_dead_token_is_reported_once_and_its_end_once(world: World, mailbox: Mailbox) -> None:
    account = collected(world)
    world.route(mailbox.address)
    assert world.run() == {"sent": 0, "failed": 0}
    kill_token(world, account)
    for _ in range(3):
        world.run(minutes=1)
    [mail] = mailbox.mails
    assert (mail["subject"], mail["to"]) == (DEAD, "ann@example.com")
    text, html = (mail.get_body((form,)) for form in ("plain", "html"))
    assert text is not None
    assert html is not None
    assert "https://sophia.example.com/connect" in text.get_content()
    assert 'href="https://sophia.example.com/connect"' in html.get_content()
    revive_token(world, account)
    for _ in range(3):
        world.run(minutes=1)
    assert [mail["subject"] for mail in mailbox.mails] == [DEAD, f"Ended: {DEAD}"]
    kill_token(world, account)
    world.run(minutes=1)
    assert [mail["subject"] for mail in mailbox.mails] == [DEAD, f"Ended: {DEAD}", DEAD]


def test_quiet_hours_hold_messages_until_they_end(world: World, hook: Hook) -> None:
    """22:00 to 07:00 in Berlin, which is an hour ahead of UTC."""
    account = collected(world)
    world.route(hook.address, timing=Timing(timezone="Europe/Berlin", quiet_from=22, quiet_until=7))
    kill_token(world, account)
    world.now = at(21)
    world.run()
    world.now = at(5, day=23)
    world.run(minutes=59)
    assert hook.titles == []
    world.run(minutes=1)
    assert hook.titles == [DEAD]


def test_an_alert_that_ended_in_quiet_hours_is_not_sent(world: World, hook: Hook) -> None:
    account = collected(world)
    world.route(hook.address, timing=Timing(quiet_from=22, quiet_until=7))
    world.now = at(23)
    kill_token(world, account)
    world.run()
    revive_token(world, account)
    world.run(minutes=1)
    world.run(hours=9)
    assert hook.titles == []


@ON_BOTH
def test_a_digest_is_one_message_a_day(world: World, hook: Hook) -> None:
    first, second = collected(world), collected(world, "Garnet")
    world.now = at(7)
    world.route(hook.address, timing=Timing(digest_hour=9))
    kill_token(world, first)
    world.run()
    kill_token(world, second)
    world.now = at(9)
    world.run()
    assert hook.titles == [f"2 alerts, first: {DEAD}"]
    assert "Garnet: an account must be connected again" in hook.posts[0]["message"]
    revive_token(world, first)
    for _ in range(3):
        world.run(hours=4)
    assert len(hook.posts) == 1
    world.now = at(9, day=23)
    world.run()
    world.run(minutes=1)
    assert hook.titles[1:] == [f"Ended: {DEAD}"]


def test_a_digest_that_failed_is_sent_again_the_same_day(world: World, hook: Hook) -> None:
    account = collected(world)
    world.now = at(7)
    world.route(hook.address, timing=Timing(digest_hour=9))
    kill_token(world, account)
    hook.status = 500
    world.now = at(9)
    world.run()
    hook.status = 200
    world.run(minutes=2)
    world.run(minutes=2)
    assert statuses(world) == [("began", "sent", 2)]
    assert len(hook.posts) == 2


def test_a_route_of_a_client_gets_alerts_of_that_client_and_of_its_kinds(world: World, hook: Hook) -> None:
    birch, garnet = collected(world), collected(world, "Garnet")
    world.route(hook.address, client_id=1, kinds=("token",))
    world.route(hook.address, client_id=1, kinds=("goal",))
    kill_token(world, birch)
    kill_token(world, garnet)
    world.run()
    assert hook.titles == [DEAD]


def test_a_killed_process_never_sends_twice(world: World, hook: Hook) -> None:
    """It reserved the delivery and died: nobody knows whether the message arrived, so the status says so."""
    account = collected(world)
    world.route(hook.address)
    kill_token(world, account)
    world.look()
    with world.database.write() as session:
        assert len(reserve(session, world.now)) == 1
    world.run(hours=1)
    assert hook.titles == []
    with world.database.read() as session:
        [problem] = route_problems(list_routes(session, None), unknown_deliveries(session, world.now))
    assert "1 alerts may not have arrived" in problem
    revive_token(world, account)
    world.run(minutes=1)
    assert hook.titles == [f"Ended: {DEAD}"]


@ON_BOTH
def test_two_servers_send_each_alert_once(world: World, hook: Hook) -> None:
    for number in range(4):
        kill_token(world, collected(world, f"Client {number}"))
    world.route(hook.address)
    world.look()
    world.look()

    async def both() -> None:
        from sophia.alerts.sending import send_alerts  # noqa: PLC0415 - the test's own use

        work = (send_alerts(world.database, world.vault, world.settings, lambda: world.now) for _ in range(2))
        await asyncio.gather(*work)

    asyncio.run(both())
    assert [post["title"][:8] for post in hook.posts] == ["4 alerts"]
    assert statuses(world) == [("began", "sent", 1)] * 4


def test_a_failing_route_is_tried_again_with_growing_waits_and_delays_no_other(
    world: World, hook: Hook, mailbox: Mailbox
) -> None:
    account = collected(world)
    failing = world.route("json://127.0.0.1:1/closed", name="Closed")
    world.route(mailbox.address)
    kill_token(world, account)
    assert world.run() == {"sent": 1, "failed": 1}
    assert len(mailbox.mails) == 1
    waits = []
    for _ in range(3):
        with world.database.read() as session:
            route = next(route for route in list_routes(session, None) if route.id == failing.id)
            problems = route_problems([route], {})
        assert route.retry_at is not None
        waits.append((route.retry_at - world.now) / timedelta(minutes=1))
        assert problems == [f"Alert route {failing.id} (Closed) failed: {route.last_error}"]
        assert world.run(seconds=30) == {"sent": 0, "failed": 0}
        world.now = route.retry_at
        assert world.send() == {"sent": 0, "failed": 1}
    assert waits == [1, 2, 4]
    assert len(mailbox.mails) == 1


def test_a_service_that_hangs_is_given_up_and_the_message_is_not_sent_again(world: World, hook: Hook) -> None:
    account = collected(world)
    hook.seconds = 60
    world.route(hook.address + "?rto=30")
    kill_token(world, account)
    world.look()
    began = time.monotonic()

    async def give_up() -> tuple[dict[str, int], float]:
        from sophia.alerts.sending import send_alerts  # noqa: PLC0415 - the test's own use

        counts = await send_alerts(world.database, world.vault, world.settings, lambda: world.now, seconds=0.2)
        elapsed = time.monotonic() - began
        hook.released.set()
        return counts, elapsed

    counts, elapsed = asyncio.run(give_up())
    assert counts == {"sent": 0, "failed": 1}
    assert elapsed < 20
    world.run(hours=7)
    assert len(hook.posts) == 1
    assert statuses(world) == [("began", "reserved", 1)]


def test_a_paused_route_sends_what_is_still_open_when_it_is_resumed(world: World, hook: Hook) -> None:
    account = collected(world)
    route = world.route(hook.address)
    with world.database.write() as session:
        pause_route(session, None, route.id, world.now, is_paused=True)
    kill_token(world, account)
    world.run()
    assert hook.titles == []
    with world.database.write() as session:
        pause_route(session, None, route.id, world.now, is_paused=False)
    world.run()
    assert hook.titles == [DEAD]


@pytest.mark.parametrize("status", [200, 500])
def test_a_test_message_shows_whether_the_service_accepts_it(world: World, hook: Hook, status: int) -> None:
    """Also in quiet hours; a failed test does not delay alerts."""
    route = world.route(hook.address, timing=Timing(quiet_from=0, quiet_until=23))
    hook.status = status
    outcome = asyncio.run(send_test(world.database, world.vault, world.settings, None, route.id, world.now))
    assert outcome.result == ("sent" if status == 200 else "refused")
    assert hook.titles == ["Test message of Sophia"]
    with world.database.read() as session:
        [route] = list_routes(session, None)
    assert (route.last_error is None, route.retry_at) == (status == 200, None)
