"""Routes: what is allowed, who manages them, and that nothing shows their addresses."""

import io
import logging
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy import select
from tests.alerts.conftest import SECRET, Hook, World
from tests.alerts.test_sending import collected, kill_token
from tests.conftest import ENCRYPTION_KEY, NOW, Api, Filling, plain_settings
from typer.testing import CliRunner, Result

from sophia import logs
from sophia.access.roles import Role
from sophia.alerts.routes import NewRoute, Timing, add_route, delete_route, list_routes, route_address
from sophia.alerts.services import describe_address
from sophia.analytics.maintenance.exporting import export_store
from sophia.cli import app
from sophia.database.engine import Database
from sophia.errors import ConflictError, InvalidInputError, NotFoundError
from sophia.portfolio.alert_models import AlertRoute
from sophia.portfolio.service import forget_tokens, rotate_keys
from sophia.vault import open_vault

WRONG = [
    f"{SECRET}",
    f"nothing://{SECRET}",
    f"{SECRET}://example.com",
    f"tgram://{SECRET}",
    f"slack://{SECRET}",
    "mailto://",
    "",
    "json://" + "x" * 3000,
]


@pytest.mark.parametrize("address", WRONG)
def test_a_wrong_address_is_refused_without_repeating_it(address: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        describe_address(SecretStr(address))
    assert SECRET not in str(caught.value)
    assert SECRET.lower() not in str(caught.value).lower()
    assert len(str(caught.value)) < 200


def test_services_are_named_and_addresses_of_one_service_differ() -> None:
    first = describe_address(SecretStr("tgram://123456789:abcdefg_hijklmnop/12315544/"))
    second = describe_address(SecretStr("tgram://123456789:abcdefg_hijklmnop/12315545/"))
    assert (first.name, second.name) == ("Telegram", "Telegram")
    assert first.fingerprint != second.fingerprint
    assert len(first.fingerprint) == 8


@pytest.mark.parametrize(
    "values",
    [
        {"timing": Timing(quiet_from=22)},
        {"timing": Timing(quiet_until=7)},
        {"timing": Timing(quiet_from=7, quiet_until=7)},
        {"timing": Timing(quiet_from=22, quiet_until=7, digest_hour=6)},
        {"kinds": ()},
    ],
)
def test_hours_and_kinds_that_make_no_sense_are_refused(world: World, values: dict[str, Any]) -> None:
    with pytest.raises(InvalidInputError):
        world.route("json://127.0.0.1:9/x", **values)
    with world.database.read() as session:
        assert list_routes(session, None) == []


def test_quiet_hours_may_pass_midnight() -> None:
    night, day = Timing(quiet_from=22, quiet_until=7), Timing(quiet_from=9, quiet_until=17)
    assert [hour for hour in range(24) if night.is_quiet(hour)] == [0, 1, 2, 3, 4, 5, 6, 22, 23]
    assert [hour for hour in range(24) if day.is_quiet(hour)] == list(range(9, 17))
    assert not any(Timing().is_quiet(hour) for hour in range(24))


def test_a_viewer_of_some_clients_manages_their_routes_only(world: World) -> None:
    hats, shoes = world.filling.client("Hats"), world.filling.client("Shoes")
    other = world.route("json://127.0.0.1:9/x", client_id=shoes)
    whole = world.route("json://127.0.0.1:9/x")
    scope = frozenset({hats})
    with world.database.write() as session:
        for client_id in (None, shoes, 99):
            new = NewRoute(name="Mine", address=SecretStr("json://127.0.0.1:9/x"), client_id=client_id)
            with pytest.raises(NotFoundError):
                add_route(session, world.vault, scope, new, NOW)
        new = NewRoute(name="Mine", address=SecretStr("json://127.0.0.1:9/x"), client_id=hats)
        mine = add_route(session, world.vault, scope, new, NOW)
        assert list_routes(session, scope) == [mine]
        for route in (other, whole):
            with pytest.raises(NotFoundError):
                delete_route(session, scope, route.id)
        delete_route(session, scope, mine.id)
        assert [route.id for route in list_routes(session, None)] == [whole.id, other.id]


def test_keys_are_rotated_and_lost_for_routes_too(world: World, tmp_path: Path) -> None:
    world.vault = open_vault(None, tmp_path)
    route = world.route(f"json://127.0.0.1:9/{SECRET}")

    def stored() -> str | None:
        with world.database.read() as session:
            return session.scalar(select(AlertRoute.address_encrypted))

    before = stored()
    rotate_keys(world.database, world.vault)
    assert stored() not in (before, None)
    with world.database.read() as session:
        address = route_address(session, open_vault(None, tmp_path), route.id)
    assert address.get_secret_value() == f"json://127.0.0.1:9/{SECRET}"
    with world.database.write() as session:
        forget_tokens(session)
    with world.database.read() as session:
        [left] = list_routes(session, None)
        assert "add it again" in left.state
        with pytest.raises(ConflictError):
            route_address(session, world.vault, route.id)


@pytest.fixture
def log_text(world: World) -> Iterator[io.StringIO]:
    """Everything that any logger writes, at the most detailed level, as the server writes it."""
    text = io.StringIO()
    logs.configure(world.settings.model_copy(update={"log_level": "debug"}))
    handler = logging.StreamHandler(text)
    handler.setFormatter(logging.getLogger().handlers[0].formatter)
    logging.getLogger().addHandler(handler)
    yield text
    logs.configure(plain_settings())


def test_no_log_export_or_store_has_the_secret_of_a_route(
    world: World, hook: Hook, log_text: io.StringIO, tmp_path: Path
) -> None:
    """A service that accepts, refuses or is down, and an address that is wrong."""
    world.route(hook.address)
    world.route(f"json://127.0.0.1:1/{SECRET}/closed")
    world.route(f"mailto://me:{SECRET}@127.0.0.1:1?from=a@example.com&to=b@example.com")
    kill_token(world, collected(world))
    for status in (500, 200):
        hook.status = status
        world.run(hours=8)
    assert hook.titles != []
    assert all(SECRET in path for path in hook.paths)
    assert "alerts_not_sent" in log_text.getvalue()
    assert SECRET not in log_text.getvalue()
    export_store(world.database, tmp_path / "export", NOW)
    files = [path for path in (tmp_path / "export").rglob("*") if path.is_file()]
    assert any("alert_routes" in path.name for path in files)
    for path in files:
        assert SECRET.encode() not in path.read_bytes(), path
    with world.database.read() as session:
        encrypted = session.scalars(select(AlertRoute.address_encrypted)).all()
    exported = b"".join(path.read_bytes() for path in files)
    assert all(text is not None and text.encode() not in exported for text in encrypted)
    store = world.database.path
    if store is not None:
        world.database.sync()
        assert SECRET.encode() not in store.read_bytes()


def test_no_answer_of_the_api_has_the_address(api: Api, filling: Filling, hook: Hook) -> None:
    client = filling.client("Hats")
    body: dict[str, Any] = {"name": "Team", "address": hook.address, "client_id": client}
    added = api.post("/alert-routes", body)
    assert added.status_code == 201, added.text
    answers = [
        added,
        api.get("/alert-routes"),
        api.ask("PUT", f"/alert-routes/{added.json()['id']}/paused", json={"paused": True}),
        api.post(f"/alert-routes/{added.json()['id']}/test", None),
        api.post("/alert-routes", body | {"kinds": ["nonsense"]}),
        api.post("/alert-routes", body | {"address": f"{SECRET}"}),
        api.post("/alert-routes", body | {"address": [hook.address]}),
        api.post("/alert-routes", body | {"timing": {"quiet_from": 3}}),
        api.post("/alert-routes", body, key=filling.key(client, role=Role.WRITE)),
    ]
    assert [answer.status_code for answer in answers] == [201, 200, 200, 200, 422, 422, 422, 422, 403]
    assert answers[3].json() == {"result": "sent", "error": ""}
    assert hook.titles == ["Test message of Sophia"]
    for answer in answers:
        assert SECRET not in answer.text
    assert answers[1].json()[0]["service"] == "JSON"
    assert answers[2].json()["paused_at"] is not None
    assert api.ask("DELETE", f"/alert-routes/{added.json()['id']}").status_code == 204
    assert api.get("/alert-routes").json() == []
    assert api.get("/alerts?all=true").json() == []


@pytest.fixture
def command(sqlite_template: Path, tmp_path: Path) -> Any:
    """Runs a command on a store of its own; the text is standard input, which is not a terminal."""
    shutil.copy(sqlite_template, tmp_path / "sophia.db")
    environment: dict[str, str | None] = {name: None for name in os.environ if name.startswith("SOPHIA_")}
    environment |= {"SOPHIA_DATA_DIR": str(tmp_path), "SOPHIA_ENCRYPTION_KEY": ENCRYPTION_KEY.get_secret_value()}

    def run(*arguments: str, stdin: str = "") -> Result:
        return CliRunner().invoke(app, arguments, input=stdin, env=environment, prog_name="sophia")

    return run


def test_commands_manage_routes(command: Any, hook: Hook, tmp_path: Path) -> None:
    """The address comes through a pipe, and no command shows it."""
    outputs = [
        command("alerts", "route", "add", "Team", "--kind", "token", "--quiet-from", "22", "--quiet-until", "7",
                stdin=f"{hook.address}\n"),
        command("alerts", "route", "list"),
        command("alerts", "route", "test", "1"),
        command("alerts", "route", "pause", "1"),
        command("alerts", "route", "pause", "1", "--resume"),
        command("alerts", "list"),
    ]  # fmt: skip
    assert [result.exit_code for result in outputs] == [0] * 6, [result.output for result in outputs]
    assert hook.titles == ["Test message of Sophia"]
    assert "Added the route 1 to JSON" in outputs[0].output
    hook.status = 500
    failed = command("alerts", "route", "test", "1")
    status = command("status")
    assert failed.exit_code != 0
    assert "Alert route 1 (Team) failed" in status.output
    wrong = command("alerts", "route", "add", "Team", stdin=f"{SECRET}\n")
    assert wrong.exit_code != 0
    unknown = command("alerts", "route", "add", "Team", "--kind", "nonsense", stdin=hook.address)
    assert "There is no kind 'nonsense'" in unknown.output
    deleted = command("alerts", "route", "delete", "1")
    assert deleted.output == "The route Team is deleted.\n"
    for result in (*outputs, failed, status, wrong, unknown, deleted):
        assert SECRET not in result.output
    database = Database(f"sqlite:///{tmp_path / 'sophia.db'}")
    with database.read() as session:
        assert list_routes(session, None) == []
    database.close()
