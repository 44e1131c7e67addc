"""The connection to a mail server: encrypted and signed in, or refused without a word of the secret."""

import socket
import ssl
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult
from pydantic import SecretStr
from tests.conftest import plain_settings
from tests.reporting.schedules.conftest import ANNA, SENDER, Mailbox, free_port, server_of

from sophia.demo.certificates import make_certificate
from sophia.errors import ConfigurationError, InvalidInputError
from sophia.reporting.schedules.smtp import MailServer, MailServerError, connect, mail_server, transmit

PASSWORD = "correct-horse-battery"


def authenticate(_server: Any, _session: Any, _envelope: Any, _mechanism: str, data: Any) -> AuthResult:
    """Accept one password, and repeat any other one in the answer, as a badly made server might."""
    is_right = data.password == PASSWORD.encode()
    return AuthResult(success=is_right, handled=False, message=None if is_right else f"535 {data.password.decode()}")


@pytest.fixture
def strict() -> Iterator[Mailbox]:
    """A mail server that takes mails only encrypted and with a password."""
    with pytest.MonkeyPatch.context() as patch, TemporaryDirectory() as folder:
        certificate, key = make_certificate(Path(folder), "self-signed")
        patch.setenv("SSL_CERT_FILE", str(certificate))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        box = Mailbox(free_port())
        controller = Controller(
            box,
            hostname="127.0.0.1",
            port=box.port,
            tls_context=context,
            require_starttls=True,
            auth_required=True,
            authenticator=authenticate,
        )
        controller.start()
        yield box
        controller.stop()


def server_with(port: int, password: str) -> MailServer:
    return replace(server_of(port), security="starttls", user="sophia", password=SecretStr(password))


def test_a_mail_is_sent_encrypted_and_signed_in(strict: Mailbox) -> None:
    with connect(server_with(strict.port, PASSWORD)) as connection:
        outcome = transmit(connection, SENDER, ANNA, lambda: b"Subject: Hello\r\n\r\n.a line with a dot\r\n")
    assert outcome.result == "sent"
    ((address, content),) = strict.received
    assert (address, content) == (ANNA, b"Subject: Hello\r\n\r\n.a line with a dot\r\n")


def test_a_wrong_password_is_refused_without_repeating_it(strict: Mailbox) -> None:
    message = r"refused SOPHIA_SMTP_USER and SOPHIA_SMTP_PASSWORD \(535\)"
    server = server_with(strict.port, "wrong-horse-battery")
    with pytest.raises(MailServerError, match=message) as caught, connect(server):
        pass
    assert "wrong-horse" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_a_certificate_that_no_authority_signed_is_refused(strict: Mailbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    server = server_with(strict.port, PASSWORD)
    with pytest.raises(MailServerError, match="did not accept the connection"), connect(server):
        pass
    assert strict.received == []


def test_a_server_without_encryption_gets_no_password(mailbox: Mailbox) -> None:
    server = server_with(mailbox.port, PASSWORD)
    with pytest.raises(MailServerError, match="no sign-in or encryption"), connect(server):
        pass


def test_a_message_that_is_not_begun_is_not_sent(mailbox: Mailbox) -> None:
    with connect(server_of(mailbox.port)) as connection:
        assert transmit(connection, SENDER, ANNA, lambda: None).result == "withdrawn"
        assert transmit(connection, SENDER, ANNA, lambda: b"\r\n").result == "sent"
    assert len(mailbox.received) == 1


def test_a_connection_that_breaks_after_the_message_is_unknown(mailbox: Mailbox) -> None:
    """Only then: a connection that breaks before is tried again."""
    with connect(server_of(mailbox.port)) as connection:

        def cut() -> bytes:
            assert connection.sock is not None
            connection.sock.shutdown(socket.SHUT_RDWR)
            return b"Subject: Hello\r\n\r\n"

        assert transmit(connection, SENDER, ANNA, cut).result == "unknown"
        assert transmit(connection, SENDER, ANNA, cut).result == "later"


def test_settings_that_cannot_work_are_named() -> None:
    whole = {"smtp_host": "mail.example", "smtp_sender": SENDER, "public_url": "https://sophia.example/app/"}
    server = mail_server(plain_settings(**whole))
    assert server is not None
    assert (server.port, server.security, server.public_url) == (587, "starttls", "https://sophia.example/app")
    assert mail_server(plain_settings()) is None
    with pytest.raises(ConfigurationError, match="SOPHIA_PUBLIC_URL"):
        mail_server(plain_settings(smtp_host="mail.example"))
    with pytest.raises(ConfigurationError, match="unencrypted"):
        mail_server(plain_settings(**whole, smtp_security="none", smtp_password=SecretStr(PASSWORD)))
    with pytest.raises(InvalidInputError):
        mail_server(plain_settings(**whole | {"smtp_sender": "Sophia <a@b.example>"}))
