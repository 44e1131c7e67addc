"""`sophia status`: the state of every account, and the action it needs."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from sophia.cli.arguments import ClientOption
from sophia.cli.errors import warn
from sophia.cli.installation import open_installation
from sophia.cli.output import echo
from sophia.cli.tables import AsJson, local_time, show_json, show_table

if TYPE_CHECKING:
    from sophia.analytics.readings.account_states import AccountHealth, FailingFamily

# For failures that should be temporary but last for several runs.
LASTING_FAILURE = "Check https://metastatus.com. If Meta has no outage, report the failure with the lines of the log."


def status(client: ClientOption = None, as_json: AsJson = False) -> None:
    """Show when every account was last collected, its newest readings, and the action it needs."""
    from sophia.alerts.deliveries import route_problems, unknown_deliveries
    from sophia.alerts.routes import list_routes
    from sophia.analytics.readings.account_states import account_health, failing_families
    from sophia.reporting.schedules.store import list_attention

    installation = open_installation()
    settings, now = installation.settings, installation.clock()
    warning_time = timedelta(days=settings.token_warning_days)
    client_id = installation.find_client_id(client)
    with installation.database.read() as session:
        states = account_health(session, client_id=client_id)
        failing = failing_families(session, client_id=client_id)
        problems = route_problems(list_routes(session, None), unknown_deliveries(session, now))
        attention = list_attention(session, client_id)
    if as_json:
        documents = [as_document(state, failing.get(state.account.id, []), now, warning_time) for state in states]
        reports = [asdict(item) for item in attention]
        show_json({"accounts": documents, "alert_routes": problems, "reports": reports})
        return
    zone = settings.operator_zone
    rows = [
        {
            "id": str(state.account.id),
            "client": state.account.client_name,
            "account": f"{state.account.platform} {state.account.name}",
            "last success": local_time(state.last_success_at, zone),
            "newest day": str(state.latest_day or "none"),
            "token ends": local_time(state.account.token_ends_at, zone) if state.account.token_ends_at else "unknown",
            "action": what_to_do(state, failing.get(state.account.id, []), now, warning_time) or "none",
        }
        for state in states
    ]
    show_table(rows, empty="No account is connected yet. Begin with: sophia connect")
    for problem in problems:
        warn(problem)
    for item in attention:
        echo(f"{item.client}: {item.text}")


def what_to_do(
    state: "AccountHealth", failing: "Sequence[FailingFamily]", now: datetime, warning_time: timedelta
) -> str | None:
    """Return the action that an account needs, or None. Warn of a token that ends within `warning_time`."""
    from sophia.jobs.due import lags
    from sophia.meta.reporting_zone import ONE_DAY, reporting_day

    account, run = state.account, state.last_run
    end = account.token_ends_at
    if not account.has_token or account.status == "needs_reconnect":
        advice = account.status_reason or "Connect this account again: sophia connect"
    elif account.status == "paused":
        advice = account.status_reason or "The account is paused."
    elif end is not None and end - now <= warning_time:
        advice = (
            f"The token {'ended' if end <= now else 'ends'} on {end.date()}. Connect the account again: sophia connect"
        )
    elif run is not None and run.status == "throttled" and not run.action_needed:
        until = f" at {run.resume_at:%H:%M} UTC" if run.resume_at else " within the hour"
        advice = f"Wait: Meta set a limit. The server continues{until}."
    elif run is None and state.rests_until is not None and state.rests_until > now:
        advice = f"Wait: Meta set a limit. The server continues at {state.rests_until:%H:%M} UTC."
    elif run is None:
        advice = f"The account was never collected. Run: sophia collect --account {account.id}"
    elif failing:
        advice = advice_on(failing)
    elif run.action_needed:
        advice = run.action_needed
    elif lags(state, reporting_day(now) - 2 * ONE_DAY, now):
        advice = f"The readings are out of date. Run: sophia collect --account {account.id}"
    else:
        advice = None
    return advice


def advice_on(failing: "Sequence[FailingFamily]") -> str:
    """Return a sentence per action: the families that failed, since how many runs, Meta's message, and the action."""
    groups: dict[tuple[str, int], list[FailingFamily]] = {}
    for family in failing:
        is_lasting = family.runs > 1 and family.what_to_do.startswith("Nothing")
        groups.setdefault((LASTING_FAILURE if is_lasting else family.what_to_do, family.runs), []).append(family)
    return " ".join(
        f"{', '.join(family.family for family in group)} failed in the last {f'{runs} runs' if runs > 1 else 'run'}: "
        f"{group[0].message.rstrip('.')}. {action}"
        for (action, runs), group in groups.items()
    )


def as_document(
    state: "AccountHealth", failing: "Sequence[FailingFamily]", now: datetime, warning_time: timedelta
) -> dict[str, Any]:
    account, run = state.account, state.last_run
    return {
        "account_id": account.id,
        "client_id": account.client_id,
        "client": account.client_name,
        "platform": account.platform,
        "external_id": account.external_id,
        "name": account.name,
        "status": account.status,
        "readings": state.readings,
        "latest_day": state.latest_day,
        "last_success_at": state.last_success_at,
        "last_run": None
        if run is None
        else {"status": run.status, "started_at": run.started_at, "resume_at": run.resume_at},
        "token_ends_at": account.token_ends_at,
        "token_checked_at": account.token_checked_at,
        "failing_families": [asdict(family) for family in failing],
        "what_to_do": what_to_do(state, failing, now, warning_time),
    }
