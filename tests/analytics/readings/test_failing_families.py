"""Which families of an account failed when they were last asked."""

from typing import Any

from tests.conftest import Filling

from sophia.analytics.readings.account_states import FailingFamily, failing_families


def add_run(filling: Filling, account: int, trigger: str = "daily", **ended: str) -> None:
    families: dict[str, Any] = {name: {"answers": 1, "ended": how} for name, how in ended.items()}
    problems = [
        {"family": name, "code": 2, "message": f"{name} is down", "what_to_do": "Wait."}
        for name, how in ended.items()
        if how == "failed"
    ]
    filling.run(account, trigger=trigger, status="partial", families=families, problems=problems)


def failing(filling: Filling, **options: Any) -> dict[int, list[FailingFamily]]:
    with filling.database.read() as session:
        return {account: found for account, found in failing_families(session, **options).items() if found}


def test_every_kind_of_run_is_looked_at(filling: Filling) -> None:
    """L27: a family of the hourly look or of the comments counts like one of the daily collection; the newest run decides."""
    client = filling.client("Bakery")
    page, other = filling.account(client), filling.account(filling.client("Florist"))
    add_run(filling, page, posts="ok", stories="ok", page_insights="failed")
    add_run(filling, page, "fresh", posts="ok", stories="failed")
    add_run(filling, page, "comments", comments="failed")
    add_run(filling, other, posts="ok", stories="ok")
    found = failing(filling)
    assert {account: [one.family for one in families] for account, families in found.items()} == {
        page: ["comments", "page_insights", "stories"]
    }
    assert found[page][2] == FailingFamily("stories", 1, "stories is down", "Wait.")
    assert failing(filling, client_id=client) == found
    add_run(filling, page, posts="ok", stories="ok", page_insights="ok")
    assert [one.family for one in failing(filling)[page]] == ["comments"]


def test_runs_in_a_row_are_counted(filling: Filling) -> None:
    """L27: three at most; a run that did not ask the family, or was stopped by a limit, interrupts nothing."""
    page = filling.account(filling.client("Bakery"))
    add_run(filling, page, stories="ok", posts="failed")
    add_run(filling, page, stories="failed", posts="failed")
    add_run(filling, page, stories="stopped", posts="empty")
    assert {one.family: one.runs for one in failing(filling)[page]} == {"posts": 3, "stories": 1}
    add_run(filling, page, stories="not asked", posts="failed")
    add_run(filling, page, stories="failed", posts="failed")
    assert {one.family: one.runs for one in failing(filling)[page]} == {"posts": 3, "stories": 1}
