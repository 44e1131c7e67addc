"""The vault: keys that come and go without a token being lost, and secrets that no text keeps."""

import json
import os
import re
import string
import time
from base64 import urlsafe_b64encode
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr
from structlog.testing import capture_logs

from sophia.errors import ConfigurationError
from sophia.vault import KEY_FILE, REDACTED, Vault, make_key_file, open_vault, redact_secrets, remember

TOKEN = SecretStr("EAAsecretsecretsecretsecret1")


def test_a_key_file_is_made_when_something_is_encrypted(tmp_path: Path) -> None:
    """D5, K9: opening makes nothing; the file is its owner's alone, and nothing else is left beside it."""
    folder = tmp_path / "data"
    vault = open_vault(None, folder)
    assert vault.key_count == 0
    assert not folder.exists()
    assert vault.decrypt(vault.encrypt(TOKEN)) == TOKEN
    assert [path.name for path in folder.iterdir()] == [KEY_FILE]
    assert (folder / KEY_FILE).stat().st_mode & 0o777 == 0o600


def test_a_vault_that_runs_follows_a_rotation(tmp_path: Path) -> None:
    """D5: without a new start it reads what the new key encrypted, encrypts with it, and still reads what it had read."""
    running, rotating = Vault(path=tmp_path / KEY_FILE), Vault(path=tmp_path / KEY_FILE)
    old = running.encrypt(TOKEN)
    rotating.add_key()
    assert len((tmp_path / KEY_FILE).read_text().split()) == 2
    new = rotating.encrypt(TOKEN)
    assert rotating.is_newest(new)
    assert not rotating.is_newest(old)
    assert Vault(path=tmp_path / KEY_FILE).decrypt(old) == TOKEN, "the old key stays until it is dropped"
    assert running.decrypt(new) == TOKEN
    rotating.drop_old_keys()
    assert (tmp_path / KEY_FILE).stat().st_mode & 0o777 == 0o600
    assert rotating.is_newest(running.encrypt(TOKEN))
    assert running.decrypt(old) == TOKEN, "read from the store just before the rotation"
    with pytest.raises(ConfigurationError):
        Vault(path=tmp_path / KEY_FILE).decrypt(old)


def test_a_key_that_does_not_fit_names_what_holds_it(tmp_path: Path) -> None:
    """D5, E7: the setting, or the file; never a key."""
    key, other = (Fernet.generate_key().decode() for _ in range(2))
    text = Vault([key]).encrypt(TOKEN)
    with pytest.raises(ConfigurationError, match="SOPHIA_ENCRYPTION_KEY") as wrong:
        Vault([other]).decrypt(text)
    assert other not in str(wrong.value)
    with pytest.raises(ConfigurationError, match=f"{tmp_path}/key is missing.*SOPHIA_DATA_DIR"):
        open_vault(None, tmp_path).decrypt(text)
    make_key_file(tmp_path / KEY_FILE)
    with pytest.raises(ConfigurationError, match=f"another key than that in {tmp_path}/key"):
        open_vault(None, tmp_path).decrypt(text)
    with pytest.raises(ConfigurationError, match="SOPHIA_ENCRYPTION_KEY is not a key"):
        open_vault(SecretStr("hush"), tmp_path)


@pytest.mark.parametrize("content", [b"", b"hushhush", b"\xff\xfe", b"A" * 43])
def test_a_key_file_that_holds_no_key_is_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / KEY_FILE).write_bytes(content)
    with pytest.raises(ConfigurationError, match=f"key file {tmp_path}/key") as refused:
        open_vault(None, tmp_path)
    assert "hushhush" not in str(refused.value)
    assert refused.value.__cause__ is None


def test_a_key_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / KEY_FILE).mkdir()
    with pytest.raises(ConfigurationError, match=f"key file {tmp_path}/key cannot be read: Is a directory"):
        open_vault(None, tmp_path)


@pytest.mark.skipif(os.name == "nt", reason="files have no modes there")
def test_a_key_file_that_others_may_read_is_warned_about(tmp_path: Path) -> None:
    make_key_file(tmp_path / KEY_FILE)
    with capture_logs() as said:
        open_vault(None, tmp_path)
        assert said == []
        (tmp_path / KEY_FILE).chmod(0o640)
        open_vault(None, tmp_path)
    assert [line["event"] for line in said] == ["key_file_open_to_others"]
    assert said[0]["what_to_do"] == f"chmod 600 {tmp_path / KEY_FILE}"


# -- striking out ------------------------------------------------------------------------------------------------------

letters = string.ascii_letters + string.digits
url_letters = letters + "-_"
key_of_fernet = st.binary(min_size=32, max_size=32).map(lambda raw: urlsafe_b64encode(raw).decode())


def random(alphabet: str, least: int, most: int) -> st.SearchStrategy[str]:
    return st.text(alphabet, min_size=least, max_size=most)


# (the text around the secret, the secret): a shape gives itself away wherever it stands, a named value by its name.
SHAPED = st.one_of(
    st.tuples(st.just("{}"), random(letters, 20, 200).map("EAA".__add__)),
    st.tuples(st.just("{}"), random(url_letters, 20, 200).map("IGAA".__add__)),
    st.tuples(st.just("{}"), st.tuples(random("0123456789abcdef", 8, 8), random(url_letters, 43, 43)).map(
        lambda parts: f"sophia_{parts[0]}_{parts[1]}")),
    st.tuples(st.just("{}"), key_of_fernet),
    st.tuples(st.just("{}"), random(url_letters, 60, 300).map("gAAAAAB".__add__)),
    st.tuples(st.just(" 1234567890123456|{} "), random("0123456789abcdef", 32, 32)),
    st.tuples(st.just(" postgresql+psycopg://sophia:{}@db.example:5432/x "), random(letters + "!$%*-./:@_~", 1, 40)),
    st.tuples(st.just(" https://me:{}@proxy.example/ "), random(letters + "!$%*-._~", 1, 40)),
    st.tuples(
        st.sampled_from(
            [
                "&access_token={}&",
                "?input_token={} ",
                " appsecret_proof={},",
                "{{'client_secret': '{}'}}",
                '{{"fb_exchange_token": "{}"}}',
                '"{{\\"app_secret\\": \\"{}\\"}}"',
                " Authorization: Bearer {}\n",
                " authorization: Basic {}\n",
                "{{'Authorization': 'Bearer {}'}}",
                " X-API-Key: {}\n",
                " SOPHIA_ENCRYPTION_KEY={}\n",
                " password={} ",
                " Bearer {} ",
            ]
        ),
        random(letters + "-._~", 8, 60),
    ),
)  # fmt: skip


@given(before=st.text(max_size=60), shaped=SHAPED, after=st.text(max_size=60))
def test_no_secret_survives(before: str, shaped: tuple[str, str], after: str) -> None:
    """D2: in whatever text it stands; and striking out twice is striking out once."""
    form, secret = shaped
    struck = redact_secrets(f"{before} {form.format(secret)} {after}")
    assert REDACTED in struck
    # A short one may stand in the text around by itself.
    if len(secret) > 7 and secret not in before + after:
        assert secret not in struck
    assert redact_secrets(struck) == struck


WORDS = st.sampled_from(
    [
        "page_media_view",
        "collected 17 readings of 3 posts",
        "https://graph.facebook.com/v22.0/123456789_987654321/insights?metric=reach&since=2026-01-01",
        "sqlite:////data/sophia.db",
        "http://127.0.0.1:8000/healthz",
        "postgresql://db.example:5432/sophia",
        "mailto:somebody@example.com",
        "2026-11-22T12:00:00Z",
        "sha256 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "There is no client 7.",
        "The token ends on 2026-12-02. Connect this account again: sophia connect",
        "sophia key create shop",
        "has_token=True",
        'W/"3f2a"',
        "größe: 3 | 4",
    ]
)  # fmt: skip


@given(st.lists(WORDS | st.text(string.ascii_lowercase + " äßЖ\n", max_size=20), max_size=8).map(" ".join))
def test_what_is_no_secret_stays(text: str) -> None:
    """D2: a log that hides what happened is none."""
    assert redact_secrets(text) == text


@given(st.text(letters + " ,;}'\\\n\"", min_size=1, max_size=30), st.sampled_from(["access_token", "password"]))
def test_json_stays_json(value: str, name: str) -> None:
    """D2, K10: a line for machines can still be read by them, and what was named is gone."""
    line = json.dumps({"event": "x", name: f"q{value}", "inside": json.dumps({name: f"q{value}"}), "last": 1})
    read = json.loads(redact_secrets(line))
    assert read[name] == REDACTED
    assert json.loads(read["inside"]) == {name: REDACTED}
    assert (read["event"], read["last"]) == ("x", 1)


@pytest.mark.parametrize(
    "piece", ["a", "a:", "postgres", "password", "EAA", "1", " ", "//:", "@", '\\"', "x=", "bearer "]
)
def test_long_texts_take_no_time(piece: str) -> None:
    """D7: what others write into a text cannot make striking out slow."""

    def cpu_seconds(length: int) -> float:
        began = time.thread_time()
        redact_secrets(piece * (length // len(piece)))
        return time.thread_time() - began

    # Ten times the text takes about ten times as long; time that grows with the square would be a hundred times.
    shortest = min(cpu_seconds(50_000) for _ in range(3))
    assert cpu_seconds(500_000) < 40 * shortest


def test_secrets_of_this_installation_are_known_by_heart() -> None:
    """D2: a value without any shape is struck out once the vault or the settings have had it in their hands."""
    odd = "correct horse battery staple"
    assert odd in redact_secrets(f"it is {odd}")
    Vault([Fernet.generate_key().decode()]).encrypt(SecretStr(odd))
    assert redact_secrets(f"it is {odd}") == f"it is {REDACTED}"
    remember(SecretStr("sophia"))
    remember(None)
    assert redact_secrets("sophia") == "sophia", "a short one would be struck out of every sentence"


def test_the_vault_shows_no_key() -> None:
    """D2, D5."""
    key = Fernet.generate_key().decode()
    vault = Vault([key])
    assert key not in f"{vault!r} {vault}"
    assert not re.search(key, repr(vars(vault)))
