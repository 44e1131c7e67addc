"""A real SMTP server, and schedules of the invented agency whose reports it receives."""

import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from sqlalchemy import select
from tests.conftest import NOW, ONE_DAY, YESTERDAY, Filling
from tests.dashboard.conftest import Agencies
from tests.reporting.conftest import MakerAt, agencies, furnished, maker_at, template

from sophia.analytics.figures.figures import last_closed_week
from sophia.database.engine import Database
from sophia.portfolio.models import Account
from sophia.reporting.gathering import DocumentMaker
from sophia.reporting.schedules.notes import send_notes
from sophia.reporting.schedules.records import ScheduleRecord, ScheduleSettings
from sophia.reporting.schedules.release import open_periods, release_complete
from sophia.reporting.schedules.sending import send_due
from sophia.reporting.schedules.smtp import MailServer
from sophia.reporting.schedules.store import add_recipient, save_schedule

__all__ = ["agencies", "furnished", "maker_at", "template"]
# NOW is a Sunday; the last Monday at nine has the report of the last closed week.
WEEK = last_closed_week(NOW)
BEFORE = NOW - 7 * ONE_DAY
ANNA, BEN = "anna@hats.example", "ben@hats.example"
# The operator.
OLGA = "olga@agency.example"
SENDER = "reports@agency.example"


@dataclass
class Mailbox:
    """A mail server on this machine. `answers` replaces its answer to RCPT or DATA for an address."""

    port: int = 0
    received: list[tuple[str, bytes]] = field(default_factory=list)
    answers: dict[tuple[str, str], str] = field(default_factory=dict)
    on_message: Callable[[str], None] = lambda _: None
    on_recipient: Callable[[str], None] = lambda _: None

    async def handle_RCPT(self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any) -> str:  # noqa: N802
        answer = self.answers.get(("RCPT", address))
        if answer is not None:
            return answer
        self.on_recipient(address)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802
        (address,) = envelope.rcpt_tos
        answer = self.answers.get(("DATA", address))
        if answer is not None:
            return answer
        self.received.append((address, envelope.content))
        self.on_message(address)
        return "250 Accepted"

    def mails(self, address: str) -> list[EmailMessage]:
        found = [message_from_bytes(content, policy=default) for to, content in self.received if to == address]
        return [mail for mail in found if isinstance(mail, EmailMessage)]

    @property
    def addresses(self) -> list[str]:
        return [address for address, _ in self.received]


def free_port() -> int:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        port: int = bound.getsockname()[1]
        return port


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    box = Mailbox(free_port())
    controller = Controller(box, hostname="127.0.0.1", port=box.port)
    controller.start()
    yield box
    controller.stop()


def server_of(port: int) -> MailServer:
    return MailServer("127.0.0.1", port, "none", None, None, SENDER, "https://sophia.example")


@dataclass
class PostOffice:
    """The agency with a mail server; `now` is the moment of the next round of the job."""

    agencies: Agencies
    mailbox: Mailbox
    maker_at: MakerAt
    now: datetime = NOW

    @property
    def database(self) -> Database:
        return self.agencies.database

    @property
    def server(self) -> MailServer:
        return server_of(self.mailbox.port)

    @property
    def maker(self) -> DocumentMaker:
        return self.maker_at(self.now)

    def later(self, **spans: float) -> None:
        self.now += timedelta(**spans)

    def schedule(self, *addresses: str, client: int | None = None, **settings: Any) -> ScheduleRecord:
        """A schedule of Mondays at nine that began a week ago."""
        client_id = client or self.agencies.hats
        with self.database.write() as session:
            record = save_schedule(session, client_id, ScheduleSettings(**settings), "user Olga", BEFORE)
            for address in addresses:
                add_recipient(session, client_id, record.id, address, "user Olga", BEFORE)
        return record

    def release(self) -> dict[str, int]:
        """Open what is due, and release what is complete."""
        open_periods(self.database, self.now)
        return release_complete(self.maker, SENDER)

    def send(self) -> dict[str, int]:
        return send_due(self.database, self.server, lambda: self.now)

    def notes(self) -> int:
        return send_notes(self.database, self.server, OLGA, self.now)

    def round(self) -> dict[str, int]:
        """What the job does each minute."""
        return self.release() | self.send()


@pytest.fixture
def office(agencies: Agencies, mailbox: Mailbox, maker_at: MakerAt) -> PostOffice:
    """Hats is collected through yesterday."""
    with agencies.database.read() as session:
        accounts = session.scalars(select(Account.id).where(Account.client_id == agencies.hats)).all()
    for account in accounts:
        Filling(agencies.database).watermark(account, "account_series", BEFORE.date() - 60 * ONE_DAY, YESTERDAY)
    return PostOffice(agencies, mailbox, maker_at)
