"""The links in a mail: its report as it was sent, and the end of the subscription."""

from sqlalchemy import update
from tests.dashboard.conftest import Browser
from tests.reporting.schedules.conftest import ANNA, BEN, WEEK, PostOffice

from sophia.access.users import UserRole
from sophia.analytics.reports.schedule_models import ReportDelivery, ReportSchedule
from sophia.display.values import Table
from sophia.reporting.notes import save_note
from sophia.reporting.schedules.deliveries import send_again
from sophia.reporting.schedules.store import add_recipient, list_deliveries, list_schedules

BASE = "https://sophia.example"


def links_of(office: PostOffice, address: str) -> tuple[str, str]:
    """The paths of the share link and of the unsubscribe link in the newest mail."""
    message = office.mailbox.mails(address)[-1]
    text = message.get_body(("plain",))
    assert text is not None
    shared = next(word for word in text.get_content().split() if word.startswith(f"{BASE}/shared/"))
    return shared.removeprefix(BASE), message["List-Unsubscribe"].strip("<>").removeprefix(BASE)


def test_the_share_link_shows_the_report_as_it_was_sent(office: PostOffice) -> None:
    """A note that was written later is not in it; another link of the same client shows the report of today."""
    office.schedule(ANNA, attaches_pdf=False)
    office.round()
    with office.database.write() as session:
        save_note(session, office.agencies.hats, WEEK, "Written later", "Olga", office.now)
    shared, _ = links_of(office, ANNA)
    reader = Browser(office.agencies.app)
    answer = reader.get(shared)
    assert answer.status == 200
    assert answer.page.document.edition.startswith("Edition 1 of")
    assert "Written later" not in answer.text
    assert reader.get(f"{shared}/pdf").content.startswith(b"%PDF")


def test_one_click_unsubscribes_and_opening_the_link_does_not(office: PostOffice) -> None:
    """A mail program posts without a session, as RFC 8058 says; another recipient is not affected."""
    office.schedule(ANNA, BEN, attaches_pdf=False)
    office.schedule(ANNA, attaches_pdf=False, every="month", day=1)
    office.round()
    _, path = links_of(office, ANNA)
    reader = Browser(office.agencies.app)
    opened = reader.get(path)
    assert (opened.status, opened.page.button) == (200, "Unsubscribe")
    assert opened.page.text == f"Stop sending the reports of Hats to {ANNA}?"
    assert not any(unsubscribed(office))
    body = b"List-Unsubscribe=One-Click"
    for _ in range(2):
        answer = reader.send(path, body, {"content-type": "application/x-www-form-urlencoded"})
        assert (answer.status, answer.page.button) == (200, "")
    assert unsubscribed(office) == [True, False, True]
    # Complete or not: after a day each report is sent.
    with office.database.write() as session:
        session.execute(update(ReportSchedule).values(send_anyway_days=1))
    office.later(days=7)
    office.round()
    assert sorted(office.mailbox.addresses) == [ANNA, BEN, BEN]
    assert reader.get("/unsubscribe/unknown").status == 404


def unsubscribed(office: PostOffice) -> list[bool]:
    with office.database.read() as session:
        records = list_schedules(session, office.agencies.hats, office.now)
    return [item.unsubscribed_at is not None for record in records for item in record.recipients]


def test_a_queued_mail_is_not_sent_after_its_recipient_unsubscribed(office: PostOffice) -> None:
    """Until a person adds the address again."""
    record = office.schedule(ANNA, attaches_pdf=False)
    office.round()
    _, path = links_of(office, ANNA)
    with office.database.write() as session:
        session.execute(update(ReportDelivery).values(state="unknown"))
        (mail,) = list_deliveries(session, office.agencies.hats)
        send_again(session, office.agencies.hats, mail.id, office.now)
    Browser(office.agencies.app).post(path)
    office.send()
    assert office.mailbox.addresses == [ANNA]
    with office.database.write() as session:
        (mail,) = list_deliveries(session, office.agencies.hats)
        again = add_recipient(session, office.agencies.hats, record.id, ANNA.upper(), "user Olga", office.now)
    assert (mail.state, again.address, again.unsubscribed_at) == ("cancelled", ANNA, None)


def test_the_page_of_schedules_shows_what_went_to_whom(office: PostOffice) -> None:
    office.schedule(ANNA, attaches_pdf=False)
    office.round()
    page = office.agencies.browser(UserRole.OPERATOR).get(f"/clients/{office.agencies.hats}/schedules").page
    mails: Table = page.deliveries
    assert [cell.value.text for cell in mails.rows[0]][3:5] == [ANNA, "sent"]
    assert page.periods.rows[0][2].value.text == "released"
