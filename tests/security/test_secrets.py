"""No secret is shown, whatever is printed, described, exported or answered."""

import json
import traceback
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from pydantic import SecretStr
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError
from tests.cli.conftest import Shell
from tests.conftest import NOW, Api, Filling, plain_settings

from sophia.access.keys import Viewer, identify
from sophia.database.engine import Database
from sophia.errors import ConfigurationError
from sophia.jobs.context import graph_client
from sophia.portfolio.models import Account
from sophia.vault import Vault, redact_secrets

TOKEN = "EAAsecretsecretsecretsecret1"
SECRET = "0123456789abcdef0123456789abcdef"
PASSWORD = "hush-hush-password"
KEY = Fernet.generate_key().decode()
SECRETS = (TOKEN, SECRET, PASSWORD, KEY)


def expect_none(shown: str, *more: str) -> None:
    assert [secret for secret in (*SECRETS, *more) if secret in shown] == []


def test_nothing_that_is_printed_shows_a_secret(filling: Filling) -> None:
    """D1, D2, D5: settings, vault, clients of Meta, callers, viewers and rows, as a debugger or a log shows them."""
    settings = plain_settings(
        database_url=f"postgresql://me:{PASSWORD}@db/x",
        encryption_key=KEY,
        facebook_app_id="1",
        facebook_app_secret=SECRET,
        facebook_access_token=TOKEN,
        instagram_access_token=TOKEN,
    )
    graph = graph_client(settings, lambda: NOW)
    caller = graph.caller(SecretStr(TOKEN))
    vault = Vault([KEY])
    account = filling.account(filling.client("Hats"), token_encrypted=vault.encrypt(SecretStr(TOKEN)))
    api_key = filling.key()
    with filling.database.read() as session:
        row = session.get_one(Account, account)
        viewer = identify(session, api_key)
        assert isinstance(viewer, Viewer)
        for thing in (settings, vault, graph, caller, row, viewer, Database(settings.resolved_database_url).engine):
            expect_none(f"{thing!r} {thing} {getattr(thing, '__dict__', '')!r}", api_key)
    expect_none(str(settings.model_dump()))
    expect_none(settings.model_dump_json())
    assert {secret.get_secret_value() for secret in settings.secrets} >= set(SECRETS)


@pytest.mark.parametrize(
    "address", [f"postgresql://me:{PASSWORD}@db:x/y", f"{PASSWORD}", f"mysql://me:{PASSWORD}@db/x"]
)
def test_an_address_that_is_none_is_not_shown(address: str) -> None:
    """D2: neither in the error nor in what it came from."""
    with pytest.raises(ConfigurationError) as refused:
        Database(address)
    expect_none("".join(traceback.format_exception(refused.value)))


def test_errors_of_the_database_hold_no_values(filling: Filling) -> None:
    """D2: what was sent along with a statement is in no message."""
    with pytest.raises(DBAPIError) as refused, filling.database.write() as session:
        session.execute(text("INSERT INTO nowhere (a) VALUES (:a)"), {"a": "odd value"})
    assert "odd value" not in str(refused.value)


def test_the_description_of_the_api_holds_no_key(api: Api) -> None:
    """D2: no example that could be taken for a secret."""
    described = json.dumps(api.app.openapi())
    assert redact_secrets(described) == described


def test_an_export_holds_no_secret(shell: Shell) -> None:
    """D1, D5: nor anything that was encrypted."""
    shell.connect()
    key = shell.ask("key", "create", "shop")["key"]
    shell.run("collect", "--account", "1")
    shell.run("db", "export", str(shell.folder / "out"))
    written = "\n".join(path.read_text() for path in (shell.folder / "out").rglob("*") if path.is_file())
    assert len(written) > 10_000
    store = Database(f"sqlite:///{Path(shell.environment['SOPHIA_DATA_DIR']) / 'sophia.db'}")
    with store.read() as session:
        encrypted = list(session.scalars(select(Account.token_encrypted)))
    store.close()
    tokens = [page.access_token for page in shell.world.pages]
    expect_none(written, key, shell.world.app_secret, shell.world.user_token, *tokens, *map(str, encrypted))


def test_what_a_command_says_holds_no_secret(shell: Shell) -> None:
    """D2, C11: with all lines logged, also when Meta refuses and repeats what it was sent."""
    token, secret = shell.world.user_token, shell.world.app_secret
    said = [shell.run("connect", "--yes", stdin=token, SOPHIA_LOG_LEVEL="debug")]
    said += [shell.run(*command, SOPHIA_LOG_LEVEL="debug") for command in (("collect",), ("tokens", "check"))]
    said.append(shell.run("connect", "--yes", stdin="EAA" + "x" * 60, SOPHIA_LOG_LEVEL="debug"))
    said.append(shell.run("status", SOPHIA_DATABASE_URL=f"postgresql://me:{PASSWORD}@127.0.0.1:9/x"))
    said.append(shell.run("status", SOPHIA_DATABASE_URL=f"postgresql://me:{PASSWORD}@127.0.0.1:none/x"))
    said.append(shell.run("status", SOPHIA_GRAPH_BASE_URL=f"http://me:{PASSWORD}@127.0.0.1/x"))
    tokens = [page.access_token for page in shell.world.pages]
    shown = "\n".join(f"{one.output} {one.stderr} {one.exception!r}" for one in said)
    expect_none(shown, token, secret, *tokens, "EAA" + "x" * 60)
