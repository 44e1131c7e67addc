"""How accounts and clients stand."""

from datetime import timedelta
from typing import Any

import pytest
from tests.conftest import NOW, ONE_DAY, YESTERDAY, Filling

from sophia.analytics.readings.account_states import account_states, client_states, unknown_metrics

DAY_BEFORE = YESTERDAY - ONE_DAY


def only_state(filling: Filling) -> Any:
    with filling.database.read() as session:
        (state,) = client_states(session, None, NOW)
    return state


def collected(filling: Filling, account: int, **run: Any) -> None:
    filling.watermark(account, "page_insights", DAY_BEFORE, DAY_BEFORE)
    filling.daily(account, "page_media_view", {DAY_BEFORE: 1})
    filling.run(account, **run)


def test_the_worst_of_a_client_is_said(filling: Filling) -> None:
    """C10, H11: no accounts, no data, stale and dead tokens are states of their own, and none of them looks well."""
    client = filling.client("Hats")
    assert only_state(filling).status == "no_accounts"
    account = filling.account(client)
    assert (only_state(filling).status, only_state(filling).stale) == ("no_data", True)
    collected(filling, account)
    state = only_state(filling)
    assert (state.status, state.stale, state.readings, state.latest_metric_date) == ("ok", False, 1, DAY_BEFORE)
    filling.account(client, "instagram", status="needs_reconnect", status_reason="Session expired.")
    state = only_state(filling)
    assert (state.status, state.accounts) == ("needs_reconnect", 2)
    assert state.action_needed.endswith("Session expired.")


@pytest.mark.parametrize(
    ("run", "stale"),
    [
        ({"status": "partial"}, False),
        ({"status": "failed"}, True),
        ({"trigger": "fresh"}, True),
        ({"finished_at": NOW - timedelta(hours=37), "started_at": NOW - timedelta(hours=38)}, True),
    ],
)
def test_a_collection_that_is_behind_is_stale(filling: Filling, run: dict[str, Any], stale: bool) -> None:
    """C10: failed runs, old ones and a mere look at stories are no success."""
    with_readings = filling.account(filling.client("Hats"))
    filling.watermark(with_readings, "page_insights", DAY_BEFORE, DAY_BEFORE)
    filling.run(with_readings, **run)
    with filling.database.read() as session:
        (account,) = account_states(session, None)
    assert account.is_stale(NOW) is stale


def test_days_that_were_not_asked_are_stale(filling: Filling) -> None:
    """A13, C10: a run that ended well and left yesterday's yesterday unasked is behind."""
    account = filling.account(filling.client("Hats"))
    filling.watermark(account, "page_insights", DAY_BEFORE - ONE_DAY, DAY_BEFORE - ONE_DAY)
    filling.run(account)
    with filling.database.read() as session:
        (state,) = account_states(session, None)
        assert state.is_stale(NOW)
        assert not state.is_stale(NOW - timedelta(days=1))


def test_archived_clients_do_not_count(filling: Filling) -> None:
    """J8: neither they nor their readings nor their days."""
    collected(filling, filling.account(filling.client("Gone", status="archived")))
    collected(filling, filling.account(filling.client("Hats")))
    assert (only_state(filling).name, only_state(filling).readings) == ("Hats", 1)


def test_others_are_not_seen(filling: Filling) -> None:
    """D3: what may not be seen is not in any list."""
    mine, other = filling.client("Hats"), filling.client("Shoes")
    account = filling.account(mine)
    filling.account(other)
    with filling.database.read() as session:
        assert [state.id for state in account_states(session, frozenset({mine}))] == [account]
        assert [state.client_id for state in client_states(session, frozenset({mine}), NOW)] == [mine]
        assert account_states(session, frozenset()) == []


def test_unknown_metrics_of_visible_accounts(filling: Filling) -> None:
    """A7, D3: names that only another client's accounts have are not shown to who may not see that client."""
    hats, shoes = filling.client("Hats"), filling.client("Shoes")
    for client, name in ((hats, "new_for_hats"), (shoes, "new_for_shoes")):
        filling.daily(filling.account(client), name, {YESTERDAY: 1})

    def names(seen: frozenset[int] | None, client: int | None = None) -> list[str]:
        with filling.database.read() as session:
            return [metric.metric_name for metric in unknown_metrics(session, seen, client)]

    assert names(None) == ["new_for_hats", "new_for_shoes"]
    assert (names(frozenset({hats})), names(None, shoes)) == (["new_for_hats"], ["new_for_shoes"])
    assert names(frozenset({hats}), shoes) == names(frozenset()) == []
