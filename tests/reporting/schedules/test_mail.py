"""What a mail says and carries: the document's figures, language and brand, in HTML and text, with safe headers."""

import io
import re
from base64 import b64encode
from dataclasses import replace
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from html import unescape

import pytest
from PIL import Image
from tests.conftest import NOW
from tests.dashboard.conftest import Agencies
from tests.reporting.conftest import MakerAt
from tests.reporting.reading import pdf_text
from tests.reporting.schedules.conftest import ANNA, SENDER, WEEK, PostOffice

from sophia.display.languages import LANGUAGES, LanguageCode, language
from sophia.reporting.document import Document
from sophia.reporting.schedules.mail import MOST_LOGO_BYTES, Links, Mail, MissingData, message_id, write_mail
from sophia.reporting.schedules.sending import rehearse
from sophia.reporting.schedules.store import list_deliveries
from sophia.reporting.settings import ReportSettings, save_settings

# Longer than a header line, which Python would fold into encoded words by itself.
LINKS = Links("https://sophia.example/shared/" + "s" * 43, "https://sophia.example/unsubscribe/" + "u" * 43, NOW.date())


def parsed(document: Document, **values: object) -> EmailMessage:
    mail = Mail(document, WEEK, SENDER, ANNA, message_id("a" * 64, ANNA, SENDER), NOW)
    message = message_from_bytes(write_mail(replace(mail, **values), LINKS), policy=default)  # type: ignore[arg-type]
    assert isinstance(message, EmailMessage)
    return message


def bodies(message: EmailMessage) -> tuple[str, str]:
    """(text, HTML without tags)"""
    text, html = message.get_body(("plain",)), message.get_body(("html",))
    assert text is not None
    assert html is not None
    plain = unescape(re.sub(r"<[^>]*>", " ", html.get_content()))
    return " ".join(text.get_content().split()), " ".join(plain.split())


@pytest.mark.parametrize("code", LANGUAGES)
def test_both_forms_have_every_text_of_the_document(agencies: Agencies, maker_at: MakerAt, code: LanguageCode) -> None:
    document = maker_at().document(agencies.hats, WEEK, code)
    assert document.result is not None
    assert document.changes is not None
    message = parsed(document, missing=MissingData(6, 7))
    words = language(code)
    wanted = [document.lead, document.period, *document.changes.sentences]
    wanted += [part for card in document.result.cards for part in (card.label, card.value.text)]
    wanted += [card.change.text for card in document.result.cards if card.change is not None]
    wanted += [words.say("mail.open"), words.say("mail.incomplete", missing="1", days="7")]
    for body in bodies(message):
        assert [text for text in wanted if " ".join(text.split()) not in body] == []
        assert "{" not in body
    assert document.name in message["Subject"]
    for link in (LINKS.report, LINKS.unsubscribe):
        html = message.get_body(("html",))
        assert html is not None
        assert f'href="{link}"' in html.get_content()
        assert link in bodies(message)[0]


def test_a_mail_can_be_unsubscribed_with_one_click(agencies: Agencies, maker_at: MakerAt) -> None:
    """RFC 8058; the address stays on its line and unencoded, however long it is."""
    raw = write_mail(
        Mail(maker_at().document(agencies.hats, WEEK), WEEK, SENDER, ANNA, "<x@agency.example>", NOW), LINKS
    )
    assert f"\r\nList-Unsubscribe: <{LINKS.unsubscribe}>\r\n".encode() in raw
    assert b"\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n" in raw
    assert max(len(line) for line in raw.split(b"\r\n")) <= 998
    assert raw.isascii()


def test_line_breaks_in_names_make_no_headers(agencies: Agencies, maker_at: MakerAt) -> None:
    document = maker_at().document(agencies.hats, WEEK)
    evil = "Hats\r\nBcc: eve@evil.example\r\n\r\nBody\u2028\x00"
    branding = replace(document.branding, name=evil, sender=evil)
    message = parsed(replace(document, name=evil, period=evil, branding=branding))
    assert message["Bcc"] is None
    assert message["To"] == ANNA
    assert message["From"].addresses[0].addr_spec == SENDER
    assert message["From"].addresses[0].display_name.startswith("Hats Bcc: eve@evil.example Body")
    assert "\n" not in message["Subject"]
    names = list(message)
    assert names == ["From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", *names[6:]]
    assert set(names[6:]) == {"List-Unsubscribe", "List-Unsubscribe-Post", "MIME-Version", "Content-Type"}


def png(size: int) -> bytes:
    """A picture of noise, which no compression makes smaller."""
    target = io.BytesIO()
    Image.effect_noise((size, size), 100).save(target, "PNG")
    return target.getvalue()


def test_a_logo_is_inside_the_mail_unless_it_is_too_large(agencies: Agencies, maker_at: MakerAt) -> None:
    document = maker_at().document(agencies.hats, WEEK)
    for content, is_inside in ((png(60), True), (png(700), False)):
        address = f"data:image/png;base64,{b64encode(content).decode()}"
        message = parsed(replace(document, branding=replace(document.branding, logo=address, name="Studio Norte")))
        pictures = [part for part in message.walk() if part.get_content_type() == "image/png"]
        assert [part.get_content() for part in pictures] == ([content] if is_inside else [])
        assert (len(content) <= MOST_LOGO_BYTES) is is_inside
        html = message.get_body(("html",))
        assert html is not None
        assert ('src="cid:logo"' in html.get_content()) is is_inside
        assert "Studio Norte" in html.get_content()


def test_the_mail_of_a_schedule_is_in_its_language_and_brand_with_its_edition_as_pdf(office: PostOffice) -> None:
    with office.database.write() as session:
        settings = ReportSettings(name="Studio Norte", sender="Ana Pérez", colour="#7a1f5b")
        save_settings(session, office.agencies.hats, settings, office.now)
    office.schedule(ANNA, language="es")
    office.round()
    (message,) = office.mailbox.mails(ANNA)
    assert message["Subject"].startswith("Informe de Hats: ")
    assert str(message["From"]) == f"Ana Pérez <{SENDER}>"
    html = message.get_body(("html",))
    assert html is not None
    assert "#7a1f5b" in html.get_content()
    (pdf,) = (part for part in message.iter_attachments())
    assert pdf.get_filename() == f"report-{WEEK.start}-{max(WEEK)}.pdf"
    assert "Edición1" in pdf_text(pdf.get_content()) or "Edición 1" in pdf_text(pdf.get_content())
    # The hash of the edition is in the Message-ID, so it is the same for each attempt.
    with office.database.read() as session:
        (delivery,) = list_deliveries(session, office.agencies.hats)
    assert message["Message-ID"] == delivery.message_id


def test_a_rehearsal_marks_nothing_as_sent(office: PostOffice) -> None:
    office.schedule(ANNA, attaches_pdf=False)
    outcome = rehearse(office.maker, office.server, office.agencies.hats, WEEK, "olga@bücher.example", with_pdf=False)
    assert outcome.result == "sent"
    (message,) = office.mailbox.mails("olga@xn--bcher-kva.example")
    assert message["Subject"].startswith("[Rehearsal] Report for Hats")
    assert message["List-Unsubscribe"] is None
    with office.database.read() as session:
        assert list_deliveries(session, office.agencies.hats) == []
    office.round()
    assert office.mailbox.addresses == ["olga@xn--bcher-kva.example", ANNA]
