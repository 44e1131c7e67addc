"""Every log line passes the same handler, and no secret passes it."""

import json
import logging
from typing import Any

import pytest
import structlog
from tests.conftest import plain_settings

from sophia import logs

TOKEN = "EAAsecretsecretsecretsecret1"
KEY = "sophia_1234abcd_abcdefghijklmnopqrstuvwxyz012345"


@pytest.fixture(autouse=True)
def _as_before() -> Any:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


@pytest.mark.parametrize("form", ["console", "json"])
def test_no_secret_is_logged(form: str, capsys: pytest.CaptureFixture[str]) -> None:
    """D2: in the event, in a value, in a traceback, from us or from a library."""
    logs.configure(plain_settings(log_format=form))
    log = structlog.get_logger("sophia.somewhere")
    log.info(
        "asked", url=f"https://graph.facebook.com/me?access_token={TOKEN}", headers={"Authorization": f"Bearer {TOKEN}"}
    )
    log.warning("key %s", KEY)
    logging.getLogger("uvicorn.error").error("failed with %s", TOKEN)
    try:
        json.loads(f"input_token={TOKEN}")
    except ValueError:
        log.exception("broken", what=f"input_token={TOKEN}")
    written = capsys.readouterr()
    assert written.out == ""
    assert TOKEN not in written.err
    assert KEY not in written.err
    assert written.err.count("[secret]") >= 5
    assert "JSONDecodeError" in written.err


def test_lines_for_machines_are_json(capsys: pytest.CaptureFixture[str]) -> None:
    """K10: one event, one line, with its moment in UTC."""
    logs.configure(plain_settings(log_format="json"))
    structlog.get_logger("sophia.jobs").info("job_finished", job="collect_daily", seconds=1.5)
    logging.getLogger("uvicorn.error").info("Started")
    ours, theirs = (json.loads(line) for line in capsys.readouterr().err.splitlines())
    assert (ours["event"], ours["job"], ours["level"], ours["logger"]) == (
        "job_finished",
        "collect_daily",
        "info",
        "sophia.jobs",
    )
    assert ours["timestamp"].endswith("Z")
    assert theirs["event"] == "Started"


def test_requests_to_meta_are_not_logged_by_the_http_library(capsys: pytest.CaptureFixture[str]) -> None:
    """D2: httpx says every address at INFO, parameters included."""
    logs.configure(plain_settings(log_level="debug"))
    logging.getLogger("httpx").info("HTTP Request: GET https://graph.facebook.com/me?x=1")
    assert capsys.readouterr().err == ""
