"""What a mail server refuses: for now, for good, and when it cannot be reached at all."""

import pytest
from tests.reporting.schedules.conftest import ANNA, BEN, PostOffice, free_port, server_of

from sophia.access.share_links import list_share_links
from sophia.reporting.schedules.deliveries import WAITS
from sophia.reporting.schedules.records import DeliveryRecord
from sophia.reporting.schedules.sending import send_due
from sophia.reporting.schedules.store import list_deliveries


def delivery_to(office: PostOffice, address: str) -> DeliveryRecord:
    with office.database.read() as session:
        return next(item for item in list_deliveries(session, office.agencies.hats) if item.address == address)


@pytest.mark.parametrize("command", ["RCPT", "DATA"])
def test_a_temporary_refusal_is_tried_again_with_longer_waits(office: PostOffice, command: str) -> None:
    """The other recipient is not affected; each attempt waits as long as WAITS says, and the link works once it is sent."""
    office.schedule(ANNA, BEN, attaches_pdf=False)
    office.mailbox.answers[command, ANNA] = "451 4.7.1 Greylisted\x07, try again"
    office.release()
    assert office.send() == {"unknown": 0, "sent": 1, "later": 1}
    item = delivery_to(office, ANNA)
    assert (item.state, item.attempts, item.problem) == ("queued", 1, "451 4.7.1 Greylisted , try again")
    assert item.next_try_at == office.now + WAITS[0]
    assert office.send() == {"unknown": 0}
    office.now = item.next_try_at
    office.send()
    assert delivery_to(office, ANNA).next_try_at == office.now + WAITS[1]
    del office.mailbox.answers[command, ANNA]
    office.now = delivery_to(office, ANNA).next_try_at
    office.send()
    assert delivery_to(office, ANNA).state == "sent"
    assert sorted(office.mailbox.addresses) == [ANNA, BEN]
    with office.database.read() as session:
        links = list_share_links(session, office.agencies.hats)
    assert len([link for link in links if link.revoked_at is None and ANNA in link.label]) == 1


def test_a_temporary_refusal_ends_as_refused(office: PostOffice) -> None:
    office.schedule(ANNA)
    office.mailbox.answers["RCPT", ANNA] = "450 Busy"
    office.release()
    for _ in range(len(WAITS) + 1):
        office.send()
        office.now = max(office.now, delivery_to(office, ANNA).next_try_at)
    assert (delivery_to(office, ANNA).state, delivery_to(office, ANNA).problem) == ("refused", "450 Busy")
    assert office.send() == {"unknown": 0}


@pytest.mark.parametrize("command", ["RCPT", "DATA"])
def test_a_permanent_refusal_is_shown_and_not_repeated(office: PostOffice, command: str) -> None:
    office.schedule(ANNA, BEN, attaches_pdf=False)
    office.mailbox.answers[command, ANNA] = "550 5.1.1 No such user"
    office.round()
    office.later(days=2)
    office.round()
    assert (delivery_to(office, ANNA).state, delivery_to(office, ANNA).problem) == ("refused", "550 5.1.1 No such user")
    assert office.mailbox.addresses == [BEN]


def test_a_server_that_cannot_be_reached_loses_nothing(office: PostOffice) -> None:
    office.schedule(ANNA, BEN, attaches_pdf=False)
    office.release()
    nowhere = server_of(free_port())
    assert send_due(office.database, nowhere, lambda: office.now) == {"unknown": 0, "later": 1}
    assert {delivery_to(office, address).attempts for address in (ANNA, BEN)} == {0}
    assert "cannot be reached" in (delivery_to(office, ANNA).problem or "")
    office.later(minutes=6)
    assert office.send() == {"unknown": 0, "sent": 2}
