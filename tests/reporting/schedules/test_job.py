"""The job: what a server does each minute, from the schedule to the mail."""

import asyncio
from pathlib import Path

import pytest
from tests.conftest import plain_settings
from tests.reporting.schedules.conftest import ANNA, OLGA, SENDER, PostOffice

from sophia.jobs.context import JobContext, graph_client
from sophia.jobs.reports import send_reports
from sophia.reporting.schedules.store import list_deliveries
from sophia.vault import REDACTED, open_vault, redact_secrets


def test_the_job_sends_what_is_due_once(office: PostOffice, tmp_path: Path) -> None:
    """Nothing without a mail server; then the report; then nothing more."""
    office.schedule(ANNA, attaches_pdf=False)
    settings = plain_settings(
        smtp_host="127.0.0.1", smtp_port=office.mailbox.port, smtp_security="none", smtp_sender=SENDER,
        public_url="https://sophia.example", operator_mail=OLGA, data_dir=tmp_path,
    )  # fmt: skip

    async def run() -> list[dict[str, int]]:
        results = []
        for chosen in (plain_settings(data_dir=tmp_path), settings, settings):
            async with graph_client(chosen, lambda: office.now) as client:
                vault = open_vault(None, tmp_path)
                context = JobContext(office.database, vault, client, chosen, lambda: office.now)
                results.append(await send_reports(context))
        return results

    assert asyncio.run(run()) == [{}, {"opened": 1, "released": 1, "sent": 1}, {}]
    assert office.mailbox.addresses == [ANNA]
    with office.database.read() as session:
        assert [item.state for item in list_deliveries(session, office.agencies.hats)] == ["sent"]


@pytest.mark.parametrize("path", ["shared", "unsubscribe", "sign-in"])
def test_no_log_has_the_token_of_a_link(path: str) -> None:
    assert (
        redact_secrets(f"path=/app/{path}/{'x' * 43}/pdf status=200") == f"path=/app/{path}/{REDACTED}/pdf status=200"
    )
