"""Writes the mail of a report in HTML and text, in the language and with the brand of its document."""

from base64 import b64decode
from dataclasses import dataclass
from datetime import date, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from functools import cache
from hashlib import sha256

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from sophia.access.mail_links import MailTokens
from sophia.display.languages import Language, full_day, language
from sophia.meta.reporting_zone import DateRange
from sophia.reporting.document import Document
from sophia.reporting.files import pdf_name
from sophia.reporting.pdf import DATA_ADDRESS, print_pdf

# RFC 5322, 2.1.1. Python would otherwise encode long addresses of links as words, which no mail program decodes.
HEADERS = SMTP.clone(max_line_length=998)
# Mail programs refuse or cut off large messages; a logo that Sophia stored has a few kB.
MOST_LOGO_BYTES = 200_000
LONGEST_SUBJECT = 200


@dataclass(frozen=True, slots=True)
class Links:
    """The addresses in a mail. `unsubscribe` is empty for a rehearsal, and `expires_on` None."""

    report: str
    unsubscribe: str = ""
    expires_on: date | None = None


@dataclass(frozen=True, slots=True)
class MissingData:
    """How many of the days of an incomplete report have all figures."""

    days_with_data: int
    days: int


@dataclass(frozen=True, slots=True)
class Mail:
    """What a mail says, to whom, and in whose name. `sent_at` is aware; `pdf` is the attached file, or nothing."""

    document: Document
    window: DateRange
    sender: str
    recipient: str
    message_id: str
    sent_at: datetime
    pdf: bytes = b""
    missing: MissingData | None = None
    is_rehearsal: bool = False


def links_of(public_url: str, tokens: MailTokens, expires_on: date) -> Links:
    """Return the addresses behind the tokens of a mail."""
    return Links(f"{public_url}/shared/{tokens.share}", f"{public_url}/unsubscribe/{tokens.unsubscribe}", expires_on)


def message_id(edition_sha256: str, address: str, sender: str) -> str:
    """Return the Message-ID of an edition for a recipient: the same each time, so that a duplicate can be recognised."""
    name = sha256(f"{edition_sha256} {address}".encode()).hexdigest()[:32]
    return f"<{name}@{sender.rpartition('@')[2]}>"


def attached_pdf(document: Document) -> bytes:
    return print_pdf(document)


def write_mail(mail: Mail, links: Links) -> bytes:
    """Return the message as bytes for SMTP: text and HTML, the logo inside, the PDF attached."""
    words = language(mail.document.language)
    branding = mail.document.branding
    subject = one_line(words.say("mail.subject", name=mail.document.name, period=mail.document.period))
    if mail.is_rehearsal:
        subject = f"[{words.say('mail.rehearsal')}] {subject}"
    message = EmailMessage(policy=SMTP)
    message["From"] = Address(one_line(branding.sender or branding.name), addr_spec=mail.sender)
    message["To"] = Address(addr_spec=mail.recipient)
    message["Subject"] = subject[:LONGEST_SUBJECT]
    message["Date"] = mail.sent_at
    message["Message-ID"] = mail.message_id
    # RFC 3834: no answering machine answers.
    message["Auto-Submitted"] = "auto-generated"
    if links.unsubscribe:
        message["List-Unsubscribe"] = f"<{links.unsubscribe}>"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    logo = logo_of(mail.document)
    texts = texts_of(mail, links, words) | {"subject": subject, "logo": "logo" if logo else ""}
    message.set_content(render("mail.txt", texts), cte="quoted-printable")
    message.add_alternative(render("mail.html", texts), subtype="html", cte="quoted-printable")
    if logo:
        html = message.get_payload()[1]  # type: ignore[index] # the alternatives are text and HTML
        html.add_related(logo, "image", "png", cid="<logo>", disposition="inline", filename="logo.png")  # type: ignore[union-attr]
    if mail.pdf:
        message.add_attachment(mail.pdf, maintype="application", subtype="pdf", filename=pdf_name(mail.window))
    return message.as_bytes(policy=HEADERS)


def texts_of(mail: Mail, links: Links, words: Language) -> dict[str, object]:
    """Return what the templates print around the document's own texts."""
    document = mail.document
    parts = [(part.heading, part.sentences) for part in (document.outlook, document.needs) if part is not None]
    if document.changes is not None:
        parts.insert(0, (document.changes.heading, (*document.changes.sentences, *document.changes.causes)))
    sender = document.branding.sender or document.branding.name
    why = words.say("mail.reason", sender=sender, name=document.name)
    if not sender:
        why = words.say("mail.reason_unnamed", name=document.name)
    return {
        "doc": document,
        "links": links,
        "words": {"open": words.say("mail.open"), "unsubscribe": words.say("mail.unsubscribe")},
        "parts": [(heading, sentences) for heading, sentences in parts if sentences],
        "incomplete": incomplete_text(mail.missing, words),
        "notes": notes_of(mail, links, words),
        "why": why,
    }


def incomplete_text(missing: MissingData | None, words: Language) -> str:
    """Return the sentence that says how much of an incomplete report is missing."""
    if missing is None:
        return ""
    absent = missing.days - missing.days_with_data
    return words.say("mail.incomplete", missing=str(absent), days=str(missing.days))


def notes_of(mail: Mail, links: Links, words: Language) -> list[str]:
    """Return until when the link works, and that a file is attached."""
    notes = []
    if links.expires_on is not None:
        notes.append(words.say("mail.expires", day=full_day(links.expires_on, words.code)))
    if mail.pdf:
        notes.append(words.say("mail.attached"))
    return notes


def logo_of(document: Document) -> bytes:
    """Return the logo as PNG, or nothing if there is none or it is too large for a mail."""
    match = DATA_ADDRESS.fullmatch(document.branding.logo)
    content = b"" if match is None else b64decode(match[1])
    return content if len(content) <= MOST_LOGO_BYTES else b""


def one_line(text: str) -> str:
    """Return a text for a header: a line break in a name would begin another header."""
    return " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())


@cache
def templates() -> Environment:
    return Environment(
        loader=PackageLoader("sophia.reporting.schedules", ""),
        autoescape=select_autoescape(["html"]),
        undefined=StrictUndefined,
        keep_trailing_newline=True,
    )


def render(name: str, texts: dict[str, object]) -> str:
    return templates().get_template(name).render(texts)
