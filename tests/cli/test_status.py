"""`sophia status`: the action for each failing family."""

from datetime import UTC, datetime, timedelta

from tests.cli.conftest import Shell
from tests.demo.faults import graph_fault

from sophia.analytics.readings.run_models import BudgetPause
from sophia.database.engine import Database
from sophia.demo.meta.graph.errors import GraphError
from sophia.meta.pacing import APPLICATION


def what_to_do(shell: Shell) -> dict[str, str | None]:
    """{platform: what to do} of the first client's accounts."""
    accounts = shell.ask("status", "--client", shell.world.businesses[0].name)["accounts"]
    return {account["platform"]: account["what_to_do"] for account in accounts}


def test_a_family_that_fails_in_every_run_is_shown(shell: Shell) -> None:
    """L27: media and stories that fail in every run are something to do, although readings come in."""
    shell.connect()
    shell.run("collect")
    assert set(what_to_do(shell).values()) == {None}
    shell.meta.api.faults.append(graph_fault(r"/(stories|media)\?", 2, "Service temporarily unavailable", status=500))
    assert shell.run("collect").exit_code == 3
    advice = what_to_do(shell)["instagram"] or ""
    assert {"media", "stories"} <= set(advice.replace(",", " ").split())
    assert "failed in the last run" in advice
    assert "Service temporarily unavailable" in advice
    shell.run("collect")
    advice = what_to_do(shell)["instagram"] or ""
    assert "failed in the last 2 runs" in advice
    assert "metastatus.com" in advice
    assert "stories failed in the last 2 runs" in shell.run("status", COLUMNS="400").stdout.replace("\n", " ")
    shell.meta.api.faults.clear()
    shell.run("collect")
    assert set(what_to_do(shell).values()) == {None}


def test_a_family_of_which_every_post_fails_has_failed(shell: Shell) -> None:
    """L27, L7: no medium has insights, each for a fault that passes: the list alone is no success."""
    shell.connect()
    account = shell.world.businesses[0].instagram.id
    media = [medium for medium in shell.world.media(account) if not medium.is_story]
    for medium in media:
        shell.meta.api.break_insights(medium.id, GraphError("Service temporarily unavailable", 2, status=500))
    shell.run("collect")
    assert "media failed in the last run" in (what_to_do(shell)["instagram"] or "")
    shell.meta.api.simulation.broken.clear()
    shell.run("collect")
    assert what_to_do(shell)["instagram"] is None


def test_an_account_that_a_limit_keeps_from_its_first_run_waits(shell: Shell) -> None:
    """C5, L27: the limit of the application was reached before this account had its turn, so there is no run of it."""
    shell.connect()
    store = Database(f"sqlite:///{shell.environment['SOPHIA_DATA_DIR']}/sophia.db")
    with store.write() as session:
        session.add(BudgetPause(budget=APPLICATION.key, until=datetime.now(UTC) + timedelta(hours=1), reason="limit"))
    store.close()
    assert {advice and advice[:4] for advice in what_to_do(shell).values()} == {"Wait"}
