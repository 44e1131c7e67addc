"""The heartbeat: an outside watchdog is told that Sophia runs, and its address is not told to anybody else."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
from pydantic import SecretStr, ValidationError
from sqlalchemy.exc import OperationalError
from tests.alerts.conftest import SECRET, Hook, hook
from tests.conftest import plain_settings
from tests.jobs.conftest import agency, database, meta
from tests.portfolio.conftest import Agency

from sophia.database.engine import Database
from sophia.errors import StoreError
from sophia.heartbeat import send_heartbeat
from sophia.jobs.table import JOBS

__all__ = ["agency", "database", "hook", "meta"]


def address(hook: Hook) -> SecretStr:
    return SecretStr(f"http://127.0.0.1:{hook.port}/ping/{SECRET}")


def test_a_store_that_cannot_be_read_sends_no_heartbeat(agency: Agency, hook: Hook, tmp_path: Path) -> None:
    agency.change(heartbeat_url=address(hook))
    agency.database = Database(f"sqlite:///{tmp_path / 'missing' / 'sophia.db'}")
    beat = next(job for job in JOBS if job.name == "heartbeat")
    with pytest.raises((OperationalError, StoreError)):
        agency.run(beat.run)
    assert hook.paths == []
    agency.database.close()


@pytest.fixture
def lines() -> Iterator[list[dict[str, object]]]:
    with structlog.testing.capture_logs() as captured:
        yield captured  # type: ignore[misc]


def test_the_address_is_requested_after_a_daily_collection_and_hourly(agency: Agency, hook: Hook) -> None:
    jobs = {job.name: job for job in JOBS}
    agency.connect()
    agency.run(jobs["collect_daily"].run)
    assert hook.paths == []
    agency.change(heartbeat_url=address(hook))
    agency.run(jobs["collect_daily"].run)
    assert hook.paths == [f"/ping/{SECRET}"]
    agency.run(jobs["heartbeat"].run)
    assert hook.paths == [f"/ping/{SECRET}"] * 2
    assert jobs["heartbeat"].schedule.every == "hour"


def test_a_failure_is_logged_without_the_address(lines: list[dict[str, object]]) -> None:
    assert asyncio.run(send_heartbeat(SecretStr(f"http://127.0.0.1:1/ping/{SECRET}"))) is False
    assert [(line["event"], line["reason"]) for line in lines] == [("heartbeat_failed", "ConnectError")]
    assert SECRET not in str(lines)


@pytest.mark.parametrize(
    "url", ["ftp://127.0.0.1/", "http://127.0.0.1:99999999/", "https:///", "http://127.0.0.1:0/", ""]
)
def test_an_address_that_cannot_be_requested_is_refused_at_the_start(url: str) -> None:
    with pytest.raises(ValidationError) as caught:
        plain_settings(heartbeat_url=f"{url}{SECRET}")
    assert SECRET not in caught.value.errors()[0]["msg"]


def test_a_refusal_and_a_silent_server_are_failures(hook: Hook, lines: list[dict[str, object]]) -> None:
    hook.status = 404
    assert asyncio.run(send_heartbeat(address(hook))) is False
    hook.status, hook.seconds = 200, 60
    assert asyncio.run(send_heartbeat(address(hook), timeout_seconds=0.2)) is False
    assert [line.get("status", line.get("reason")) for line in lines] == [404, "ReadTimeout"]
    assert SECRET not in str(lines)


def test_the_settings_hide_the_address(hook: Hook) -> None:
    settings = plain_settings(heartbeat_url=address(hook))
    assert SECRET not in repr(settings)
    assert address(hook) in settings.secrets
