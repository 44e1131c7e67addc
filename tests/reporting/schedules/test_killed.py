"""Killed with SIGKILL around the moment in which the server takes a mail: each recipient gets it at most once."""

import subprocess
import sys
from pathlib import Path

import pytest
from tests.conftest import PATIENCE_SECONDS
from tests.reporting.schedules.conftest import ANNA, BEN, PostOffice

from sophia.errors import ConflictError
from sophia.reporting.schedules.deliveries import send_again
from sophia.reporting.schedules.store import list_deliveries

CHILD = Path(__file__).parent / "child.py"


def killed_while_sending(office: PostOffice, moment: str) -> None:
    """Let another process send, and kill it while the server handles the command RCPT or the message for Anna."""
    url = office.database.engine.url.render_as_string(hide_password=False)
    arguments = [sys.executable, str(CHILD), url, str(office.mailbox.port)]
    process = subprocess.Popen([*arguments, office.now.isoformat()])

    def kill(address: str) -> None:
        if address == ANNA:
            process.kill()
            process.wait(PATIENCE_SECONDS)

    setattr(office.mailbox, moment, kill)
    process.wait(PATIENCE_SECONDS)
    assert process.returncode == -9
    setattr(office.mailbox, moment, lambda _: None)


def states(office: PostOffice) -> dict[str, str]:
    with office.database.read() as session:
        return {item.address: item.state for item in list_deliveries(session, office.agencies.hats)}


def test_killed_after_the_server_took_the_mail(office: PostOffice) -> None:
    """The mail is not sent again by itself; the other recipient gets the report; the operator decides."""
    office.schedule(ANNA, BEN, attaches_pdf=False)
    office.release()
    killed_while_sending(office, "on_message")
    assert (office.mailbox.addresses, states(office)[ANNA]) == ([ANNA], "sending")
    for _ in range(5):
        office.round()
        office.later(minutes=10)
    assert sorted(office.mailbox.addresses) == [ANNA, BEN]
    assert states(office) == {ANNA: "unknown", BEN: "sent"}
    with office.database.read() as session:
        by_address = {item.address: item for item in list_deliveries(session, office.agencies.hats)}
    assert "not known whether it arrived" in (by_address[ANNA].problem or "")
    with office.database.write() as session:
        send_again(session, office.agencies.hats, by_address[ANNA].id, office.now)
    office.round()
    first, second = office.mailbox.mails(ANNA)
    assert first["Message-ID"] == second["Message-ID"] == by_address[ANNA].message_id
    assert states(office) == {ANNA: "sent", BEN: "sent"}
    with office.database.write() as session, pytest.raises(ConflictError):
        send_again(session, office.agencies.hats, by_address[ANNA].id, office.now)


def test_killed_before_the_server_has_the_mail(office: PostOffice) -> None:
    """Nothing was handed over, so the next process sends it."""
    office.schedule(ANNA, BEN, attaches_pdf=False)
    office.release()
    killed_while_sending(office, "on_recipient")
    assert (office.mailbox.addresses, states(office)[ANNA]) == ([], "queued")
    for _ in range(3):
        office.round()
        office.later(minutes=10)
    assert sorted(office.mailbox.addresses) == [ANNA, BEN]
    assert states(office) == {ANNA: "sent", BEN: "sent"}
