"""A real mail server receives exactly one mail for each recipient and edition."""

from tests.reporting.schedules.conftest import ANNA, BEN, WEEK, PostOffice

from sophia.reporting.schedules.store import list_deliveries, list_periods


def test_a_due_report_reaches_each_recipient_once(office: PostOffice) -> None:
    office.schedule(ANNA, BEN)
    counts = office.round()
    for _ in range(3):
        office.later(hours=1)
        office.round()
    assert (counts["released"], counts["sent"]) == (1, 2)
    assert sorted(office.mailbox.addresses) == [ANNA, BEN]
    with office.database.read() as session:
        (period,) = list_periods(session, office.agencies.hats)
        deliveries = list_deliveries(session, office.agencies.hats)
    assert (period.state, period.start_date) == ("released", WEEK.start)
    assert {(item.address, item.state, item.edition_id) for item in deliveries} == {
        (ANNA, "sent", period.edition_id),
        (BEN, "sent", period.edition_id),
    }
    (mail,) = office.mailbox.mails(ANNA)
    assert mail["Message-ID"] == next(item.message_id for item in deliveries if item.address == ANNA)
