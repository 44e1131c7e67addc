"""An incomplete report waits, the operator learns of it once, and it goes out once when it is complete."""

from datetime import timedelta

import pytest
from sqlalchemy import delete, select, update
from tests.conftest import ONE_DAY, Filling
from tests.reporting.schedules.conftest import ANNA, OLGA, WEEK, PostOffice

from sophia.analytics.readings.models import EngagementMetric, MetricSeries
from sophia.analytics.readings.run_models import Watermark
from sophia.portfolio.models import Account
from sophia.reporting.schedules.records import PeriodRecord
from sophia.reporting.schedules.store import list_periods

MISSING_DAY = WEEK.start + 2 * ONE_DAY


def accounts_of(office: PostOffice) -> list[int]:
    with office.database.read() as session:
        return list(session.scalars(select(Account.id).where(Account.client_id == office.agencies.hats)))


def lose_a_day(office: PostOffice) -> list[tuple[int, float]]:
    """Delete the readings of a day, and return them by series."""
    with office.database.write() as session:
        series = select(MetricSeries.id).where(
            MetricSeries.account_id.in_(accounts_of(office)), MetricSeries.post_id.is_(None)
        )
        condition = EngagementMetric.series_id.in_(series), EngagementMetric.metric_date == MISSING_DAY
        rows = session.scalars(select(EngagementMetric).where(*condition)).all()
        lost = [(row.series_id, row.metric_value) for row in rows]
        session.execute(delete(EngagementMetric).where(*condition))
    assert lost
    return lost


def collect_the_day(office: PostOffice, lost: list[tuple[int, float]]) -> None:
    (account, *_) = accounts_of(office)
    filling = Filling(office.database)
    fetch = filling.fetch(account, office.now)
    for series, value in lost:
        filling.readings(account, series, {MISSING_DAY: value}, fetch)


def period(office: PostOffice) -> PeriodRecord:
    with office.database.read() as session:
        (record,) = list_periods(session, office.agencies.hats)
        return record


def test_a_report_waits_for_the_missing_day_and_goes_out_once(office: PostOffice) -> None:
    office.schedule(ANNA, attaches_pdf=False)
    lost = lose_a_day(office)
    for _ in range(4):
        office.round()
        office.notes()
        office.later(minutes=15)
    assert office.mailbox.addresses == [OLGA]
    assert period(office).state == "waiting"
    assert f"has 6 of 7 days, the first missing is {MISSING_DAY}" in (period(office).reason or "")
    (note,) = office.mailbox.mails(OLGA)
    text = note.get_content()
    assert f"The report of Hats for {WEEK.start} to {max(WEEK)} waits." in text
    assert "https://sophia.example/clients/" in text
    collect_the_day(office, lost)
    for _ in range(4):
        office.round()
        office.notes()
        office.later(minutes=15)
    assert office.mailbox.addresses == [OLGA, ANNA]
    assert period(office).state == "released"
    assert "not complete" not in office.mailbox.mails(ANNA)[0].as_string()


def test_an_account_that_must_be_connected_again_holds_the_report(office: PostOffice) -> None:
    office.schedule(ANNA, attaches_pdf=False)
    change = update(Account).where(Account.client_id == office.agencies.hats)
    with office.database.write() as session:
        session.execute(change.values(status="needs_reconnect", status_reason="The token has ended."))
    office.round()
    office.notes()
    assert office.mailbox.addresses == [OLGA]
    assert "must be connected again" in (period(office).reason or "")
    with office.database.write() as session:
        session.execute(change.values(status="active", status_reason=None))
    office.later(minutes=15)
    office.round()
    assert office.mailbox.addresses == [OLGA, ANNA]


def test_a_report_waits_until_every_account_was_collected_through_its_last_day(office: PostOffice) -> None:
    office.schedule(ANNA)
    with office.database.write() as session:
        session.execute(update(Watermark).values(through_day=max(WEEK) - ONE_DAY))
    office.round()
    assert f"was collected through {max(WEEK) - ONE_DAY}, and the report needs {max(WEEK)}." in (
        period(office).reason or ""
    )
    assert office.mailbox.addresses == []


def test_a_report_that_is_sent_anyway_says_what_is_missing(office: PostOffice) -> None:
    office.schedule(ANNA, attaches_pdf=False, send_anyway_days=8, language="de")
    lose_a_day(office)
    office.round()
    assert office.mailbox.addresses == []
    office.now = period(office).due_at + timedelta(days=8, minutes=1)
    office.round()
    (mail,) = office.mailbox.mails(ANNA)
    for part in mail.walk():
        if part.get_content_maintype() == "text":
            assert "Für 1 von 7 Tagen fehlen Zahlen" in part.get_content()


def test_an_edition_that_was_kept_too_early_is_corrected_first(office: PostOffice) -> None:
    office.schedule(ANNA, attaches_pdf=False)
    lost = lose_a_day(office)
    early = office.maker.keep(office.agencies.hats, WEEK, "user Olga")
    office.later(hours=1)
    collect_the_day(office, lost)
    office.later(hours=1)
    office.round()
    (mail,) = office.mailbox.mails(ANNA)
    assert "The missing days were added" in mail.as_string()
    assert period(office).edition_id != early.edition.id


@pytest.mark.parametrize("addresses", [(), (ANNA,)])
def test_a_schedule_that_began_later_sends_nothing_of_before(office: PostOffice, addresses: tuple[str, ...]) -> None:
    record = office.schedule(*addresses)
    from sophia.reporting.schedules.store import save_schedule  # noqa: PLC0415

    settings = record.settings
    with office.database.write() as session:
        save_schedule(session, office.agencies.hats, type(settings)(hour=10), "user Olga", office.now, record.id)
    office.round()
    assert office.mailbox.addresses == []
