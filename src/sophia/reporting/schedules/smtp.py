"""Sends one message to one recipient through a mail server, and says what the server answered.

SMTP has one moment that no sender can judge: after it sent the message and before the answer arrives, the message may be
accepted or not. `begin` is called right before that moment, so that the caller can store it (RFC 5321, 4.5.4.1 and 6.1).
"""

import smtplib
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Literal

from pydantic import SecretStr

from sophia.config import Settings, is_loopback
from sophia.errors import ConfigurationError, SophiaError
from sophia.reporting.schedules.addresses import expect_address

# The longest wait for one answer. RFC 5321 (4.5.3.2.6) gives ten minutes for the last one, but none that long are needed.
ANSWER_SECONDS = 60
LONGEST_ANSWER = 300
ACCEPTED = (250, 251)
PERMANENT = 500

Result = Literal["sent", "refused", "later", "unknown", "withdrawn"]


class MailServerError(SophiaError):
    """The mail server cannot be used now."""


@dataclass(frozen=True, slots=True)
class MailServer:
    """How mails leave, and the addresses inside them. `public_url` has no slash at its end."""

    host: str
    port: int
    security: Literal["starttls", "tls", "none"]
    user: str | None
    password: SecretStr | None
    sender: str
    public_url: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What happened to a message, and the server's words.

    later: not accepted, and the server asks to try again; unknown: the connection broke when it may have been accepted;
    withdrawn: `begin` said no.
    """

    result: Result
    answer: str = ""


def mail_server(settings: Settings) -> MailServer | None:
    """Return the mail server of the settings, or None if there is none. Raises ConfigurationError if they are incomplete."""
    if settings.smtp_host is None:
        return None
    if settings.smtp_sender is None or settings.public_url is None:
        raise ConfigurationError("Mails need SOPHIA_SMTP_SENDER and SOPHIA_PUBLIC_URL beside SOPHIA_SMTP_HOST.")
    if settings.smtp_security == "none" and settings.smtp_password is not None and not is_loopback(settings.smtp_host):
        raise ConfigurationError(
            "SOPHIA_SMTP_SECURITY=none would send SOPHIA_SMTP_PASSWORD unencrypted. Use starttls or tls."
        )
    return MailServer(
        host=settings.smtp_host,
        port=settings.smtp_port,
        security=settings.smtp_security,
        user=settings.smtp_user,
        password=settings.smtp_password,
        sender=expect_address(settings.smtp_sender),
        public_url=settings.public_url.rstrip("/"),
    )


@contextmanager
def connect(server: MailServer) -> Iterator[smtplib.SMTP]:
    """Yield a connection that is encrypted and signed in as the settings say. Raises MailServerError."""
    tls = ssl.create_default_context()
    try:
        if server.security == "tls":
            connection: smtplib.SMTP = smtplib.SMTP_SSL(server.host, server.port, timeout=ANSWER_SECONDS, context=tls)
        else:
            connection = smtplib.SMTP(server.host, server.port, timeout=ANSWER_SECONDS)
    except (OSError, smtplib.SMTPException) as error:
        raise MailServerError(
            f"The mail server {server.host}:{server.port} cannot be reached: {reason(error)}"
        ) from None
    try:
        sign_in(connection, server, tls)
        yield connection
    finally:
        with suppress(OSError, smtplib.SMTPException):
            connection.quit()
        connection.close()


def sign_in(connection: smtplib.SMTP, server: MailServer, tls: ssl.SSLContext) -> None:
    """Encrypt the connection and sign in. Raises MailServerError without words of the server, which may repeat a secret."""
    try:
        if server.security == "starttls":
            connection.starttls(context=tls)
        if server.user is not None and server.password is not None:
            connection.login(server.user, server.password.get_secret_value())
    except smtplib.SMTPAuthenticationError as error:
        raise MailServerError(
            f"The mail server refused SOPHIA_SMTP_USER and SOPHIA_SMTP_PASSWORD ({error.smtp_code})."
        ) from None
    except smtplib.SMTPNotSupportedError:
        raise MailServerError("The mail server offers no sign-in or encryption as the settings require.") from None
    except (OSError, smtplib.SMTPException) as error:
        raise MailServerError(f"The mail server did not accept the connection: {type(error).__name__}.") from None


def transmit(connection: smtplib.SMTP, sender: str, recipient: str, begin: Callable[[], bytes | None]) -> Outcome:
    """Send the message that `begin` returns to one recipient; None from `begin` sends nothing.

    `begin` is called when the server has accepted the recipient and has no message yet. When it raises, nothing is sent.
    """
    try:
        code, text = envelope(connection, sender, recipient)
    except (OSError, smtplib.SMTPException) as error:
        return Outcome("later", reason(error))
    if code not in ACCEPTED:
        return refusal(connection, code, text)
    message = begin()
    if message is None:
        with suppress(OSError, smtplib.SMTPException):
            connection.rset()
        return Outcome("withdrawn")
    try:
        code, text = connection.data(message)
    except smtplib.SMTPDataError as error:
        # The server refused the command DATA, before the message.
        return refusal(connection, error.smtp_code, error.smtp_error)
    except (OSError, smtplib.SMTPException) as error:
        return Outcome("unknown", reason(error))
    return Outcome("sent", answer_text(code, text)) if code in ACCEPTED else refusal(connection, code, text)


def envelope(connection: smtplib.SMTP, sender: str, recipient: str) -> tuple[int, bytes]:
    """Name sender and recipient to the server, and return its first answer that is no acceptance, or its last one."""
    connection.ehlo_or_helo_if_needed()
    code, text = connection.mail(sender)
    return (code, text) if code not in ACCEPTED else connection.rcpt(recipient)


def refusal(connection: smtplib.SMTP, code: int, text: bytes | str) -> Outcome:
    """Return the outcome of an answer that is no acceptance, and make the connection ready for the next message."""
    with suppress(OSError, smtplib.SMTPException):
        connection.rset()
    return Outcome("refused" if code >= PERMANENT else "later", answer_text(code, text))


def answer_text(code: int, text: bytes | str) -> str:
    """Return an answer of the server on one line."""
    words = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    line = "".join(sign if sign.isprintable() else " " for sign in words)
    return " ".join(f"{code} {line}".split())[:LONGEST_ANSWER]


def reason(error: Exception) -> str:
    """Return why a connection failed, without the addresses and words that an error may repeat."""
    return getattr(error, "strerror", None) or type(error).__name__
