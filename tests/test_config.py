"""Settings: what they may hold, and what is said of those that hold something else."""

from pathlib import Path

import pytest
from pydantic import SecretStr, ValidationError
from tests.conftest import plain_settings

from sophia.config import load_settings, unknown_variables
from sophia.errors import ConfigurationError


@pytest.mark.parametrize(
    "address",
    [
        "https://graph.facebook.com",
        "https://proxy.example:8443/meta",
        "http://127.0.0.1:8001",
        "http://[::1]:8001",
        "http://localhost",
    ],
)
def test_addresses_of_meta(address: str) -> None:
    assert plain_settings(graph_base_url=address).graph_base_url == address


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("http://graph.facebook.com", "plain http is for this machine only"),
        ("http://127.0.0.1.example.com", "plain http is for this machine only"),
        ("http://localhost.example.com", "plain http is for this machine only"),
        ("ftp://graph.facebook.com", "begins with https"),
        ("graph.facebook.com", "begins with https"),
        ("https://", "begins with https"),
        ("https:///v22.0", "begins with https"),
        ("https://graph.facebook.com:99999", "begins with https"),
        ("https://graph.facebook.com\n.example.com", "begins with https"),
        ("https://me:hush@graph.facebook.com", "neither a user"),
        ("https://graph.facebook.com?x=1", "neither a user"),
    ],
)
def test_addresses_that_tokens_must_not_be_sent_to(address: str, reason: str) -> None:
    """D2, B10: tokens leave this machine encrypted, to a host that is named."""
    with pytest.raises(ValidationError, match=reason):
        plain_settings(graph_base_url=address)


@pytest.mark.parametrize("name", ["facebook_page_id", "instagram_business_account_id", "facebook_app_id"])
@pytest.mark.parametrize("value", ["me", "1/../me", "-1", "1.0", "\uff11", " 1", "1\n", "1" * 31])
def test_ids_are_digits(name: str, value: str) -> None:
    """B10: what becomes part of an address is an id."""
    with pytest.raises(ValidationError):
        plain_settings(**{name: value})


def test_variables_that_mean_nothing_are_found() -> None:
    """E7: with the name that was probably meant."""
    names = ["SOPHIA_DATABSE_URL", "SOPHIA_BANANA", "SOPHIA_PORT", "sophia_hots", "PATH", "SOPHIA_TEST_POSTGRES_URL"]
    assert unknown_variables(names) == {
        "SOPHIA_BANANA": None,
        "SOPHIA_DATABSE_URL": "SOPHIA_DATABASE_URL",
        "SOPHIA_HOTS": "SOPHIA_HOST",
    }


@pytest.mark.parametrize(
    "address",
    [
        "postgresql://u:hush@hunter@127.0.0.1:1/db",
        "postgresql+psycopg://u:hush@hunter@db.example/name",
        "postgres://u@example.com:hush@hunter/db",
        "postgresql://u:hu?sh@hunter@127.0.0.1/db",
    ],
)
def test_a_bare_at_sign_in_a_password_is_refused_without_its_value(
    address: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """D2, L21: the message names the variable and what to write, and shows no part of the address."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SOPHIA_DATABASE_URL", address)
    with pytest.raises(ConfigurationError) as raised:
        load_settings()
    message = str(raised.value)
    assert "SOPHIA_DATABASE_URL" in message
    assert "%40" in message
    assert not [part for part in ("hush", "hunter", "127.0.0.1", "example") if part in message]


@pytest.mark.parametrize("address", ["postgresql://u:p%40w@127.0.0.1/db", "sqlite:///folder@home/a@b.db"])
def test_addresses_of_databases_with_an_encoded_at_sign(address: str) -> None:
    settings = plain_settings(database_url=SecretStr(address))
    assert settings.resolved_database_url == address
