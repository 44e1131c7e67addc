"""`sophia import` before and after a collection of a real account of the simulated Meta, compared with a store without it."""

import sqlite3
from contextlib import closing
from datetime import date
from pathlib import Path

from tests.cli.conftest import Shell

from sophia.meta.reporting_zone import ONE_DAY

VIEWS = (
    "SELECT a.name, f.metric_date, f.metric_value FROM readings_flat f JOIN accounts a ON a.id = f.account_id "
    "WHERE f.metric_name = 'page_media_view' AND f.period = 'day' AND f.breakdown = ''"
)
SESSIONS = (
    "# ----------------------------------------\n# Traffic acquisition\n# ----------------------------------------\n"
    "Date,Session source,Session medium,Session campaign,Session manual ad content,Sessions\n"
    "20260228,facebook,social,spring,{draft},12\n20260228,google,organic,(not set),(not set),30\n"
)


def views(folder: Path) -> dict[tuple[str, date], float]:
    """{(account, day): views}, read without Sophia."""
    with closing(sqlite3.connect(folder / "sophia.db")) as store:
        return {(name, date.fromisoformat(day)): value for name, day, value in store.execute(VIEWS)}


def page_of(folder: Path) -> tuple[int, str]:
    """The id and the name of the first Facebook Page."""
    with closing(sqlite3.connect(folder / "sophia.db")) as store:
        number, name = store.execute("SELECT id, name FROM accounts WHERE platform = 'facebook' ORDER BY id").fetchone()
        return number, name


def test_a_file_before_and_after_a_collection(shell: Shell) -> None:
    """Days that Sophia collects are as in a store that never saw the file; earlier ones are those of the file."""
    plain, mixed = shell.folder / "plain", shell.folder / "mixed"
    for folder in (plain, mixed):
        connected = shell.run("connect", "--yes", stdin=shell.world.user_token, SOPHIA_DATA_DIR=str(folder))
        assert connected.exit_code == 0
    assert shell.run("collect", SOPHIA_DATA_DIR=str(plain)).exit_code == 0
    expected = views(plain)
    account, name = page_of(mixed)
    first = min(day for page, day in expected if page == name)
    days = [first + (number - 10) * ONE_DAY for number in range(12)]
    file = shell.folder / "Views.csv"
    # The collected days have values near those that Meta answers, so that the file is believed.
    values = {day: expected.get((name, day), 500) + 1 for day in days}
    lines = [f'"{day}T00:00:00","{value:.0f}"\r\n' for day, value in values.items()]
    file.write_text(f'sep=,\r\n"Views"\r\n"Date","Primary"\r\n{"".join(lines)}', encoding="utf-16", newline="")
    before = shell.run("import", str(account), str(file), SOPHIA_DATA_DIR=str(mixed))
    assert (before.exit_code, before.stdout.splitlines()[0]) == (
        0,
        "12 readings are imported; 0 were imported before. 0 posts are new.",
    ), before.output
    assert shell.run("collect", SOPHIA_DATA_DIR=str(mixed)).exit_code == 0
    after = shell.ask("import", str(account), str(file), SOPHIA_DATA_DIR=str(mixed))
    assert (after["stored"], after["same"], after["collected"]) == (0, 10, 2)
    found = views(mixed)
    assert {key: value for key, value in found.items() if key in expected} == expected
    assert {day: value for (page, day), value in found.items() if page == name and day < first} == {
        day: value for day, value in values.items() if day < first
    }
    refused = shell.run("import", str(account), str(file), "--column", "x", SOPHIA_DATA_DIR=str(mixed))
    assert refused.exit_code == 2


def test_sessions_of_tagged_links_from_google_analytics(shell: Shell) -> None:
    """GA4's export of sessions by campaign and ad content: clicks on the tagged links of a draft, with a named column."""
    shell.connect()
    client = shell.ask("client", "list")["clients"][0]["name"]
    draft = shell.ask(
        "draft", "create", "--client", client, "--platform", "facebook", "--kind", "feed", "--copy", "Hats"
    )
    file = shell.folder / "sessions.csv"
    file.write_text(SESSIONS.format(draft=f"post_{draft['id']}"), encoding="utf-8")
    command = ("conversions", "import", client, str(file), "--event-type", "utm_click", "--count-column", "Sessions")
    done = shell.ask(*command)
    assert (done["recorded"], done["bad"]) == (42, []), done
    again = shell.ask(*command)
    assert (again["recorded"], again["known_before"]) == (0, 42)
    listed = shell.ask("conversions", "list", client, "--limit", "100")["conversions"]
    drafts = [click["version"]["content_draft_id"] for click in listed]
    assert (drafts.count(draft["id"]), drafts.count(None)) == (12, 30)
