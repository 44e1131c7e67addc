"""`sophia status`: how every account stands, and what a person should do."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sophia.cli.opening import open_installation
from sophia.cli.tables import AsJson, local, show_json, show_table

if TYPE_CHECKING:
    from sophia.analytics.readings.account_states import AccountHealth, FailingFamily

# Of what should pass and does not.
LASTS = "Look at https://metastatus.com; if Meta has no outage, report it with the lines of the log."


def status(
    client: Annotated[str | None, typer.Option(metavar="NAME_OR_ID", help="Only this client.")] = None,
    as_json: AsJson = False,
) -> None:
    """Show for every account when it was last collected, how new its readings are, and what to do."""
    installation = open_installation()
    from sophia.analytics.readings.account_states import account_health, failing_families  # noqa: PLC0415
    from sophia.portfolio.service import find_client  # noqa: PLC0415

    settings, now = installation.settings, installation.clock()
    soon = timedelta(days=settings.token_warning_days)
    with installation.database.read() as session:
        client_id = None if client is None else find_client(session, client).id
        known = account_health(session, client_id=client_id)
        failing = failing_families(session, client_id=client_id)
    if as_json:
        show_json({"accounts": [as_document(one, failing.get(one.account.id, []), now, soon) for one in known]})
        return
    zone = settings.operator_zone
    rows = [
        {
            "id": str(one.account.id),
            "client": one.account.client_name,
            "account": f"{one.account.platform} {one.account.name}",
            "last success": local(one.last_success_at, zone),
            "latest day": str(one.latest_day or "none"),
            "token ends": local(one.account.token_ends_at, zone) if one.account.token_ends_at else "not known or never",
            "what to do": what_to_do(one, failing.get(one.account.id, []), now, soon) or "nothing",
        }
        for one in known
    ]
    show_table(rows, empty="No account is connected yet. Begin with: sophia connect")


def what_to_do(
    standing: "AccountHealth", failing: "Sequence[FailingFamily]", now: datetime, soon: timedelta
) -> str | None:
    """What a person should do about an account; None when all is well. `soon`: when to warn of an end."""
    from sophia.jobs.due import lags  # noqa: PLC0415
    from sophia.meta.reporting_zone import ONE_DAY, reporting_day  # noqa: PLC0415

    account, run = standing.account, standing.last_run
    end = account.token_ends_at
    if not account.has_token or account.status == "needs_reconnect":
        advice = account.status_reason or "Connect this account again: sophia connect"
    elif account.status == "paused":
        advice = account.status_reason or "It is paused."
    elif end is not None and end - now <= soon:
        advice = f"Its token {'ended' if end <= now else 'ends'} on {end.date()}. Connect it again: sophia connect"
    elif run is not None and run.status == "throttled" and not run.action_needed:
        until = f" at {run.resume_at:%H:%M} UTC" if run.resume_at else " within the hour"
        advice = f"Wait: Meta set a limit, and the server goes on{until}."
    elif run is None and standing.rests_until is not None and standing.rests_until > now:
        advice = f"Wait: Meta set a limit, and the server goes on at {standing.rests_until:%H:%M} UTC."
    elif run is None:
        advice = f"It was never collected. Run: sophia collect --account {account.id}"
    elif failing:
        advice = advice_on(failing)
    elif run.action_needed:
        advice = run.action_needed
    elif lags(standing, reporting_day(now) - 2 * ONE_DAY, now):
        advice = f"Its readings are behind. Run: sophia collect --account {account.id}"
    else:
        advice = None
    return advice


def advice_on(failing: "Sequence[FailingFamily]") -> str:
    """A sentence for each thing to do, with the families that need it, what Meta said, and for how long it has."""
    groups: dict[tuple[str, int], list[FailingFamily]] = {}
    for family in failing:
        lasts = family.runs > 1 and family.what_to_do.startswith("Nothing")
        groups.setdefault((LASTS if lasts else family.what_to_do, family.runs), []).append(family)
    return " ".join(
        f"{', '.join(family.family for family in group)} failed in the last {f'{runs} runs' if runs > 1 else 'run'}: "
        f"{group[0].message.rstrip('.')}. {action}"
        for (action, runs), group in groups.items()
    )


def as_document(
    standing: "AccountHealth", failing: "Sequence[FailingFamily]", now: datetime, soon: timedelta
) -> dict[str, Any]:
    account, run = standing.account, standing.last_run
    return {
        "account_id": account.id,
        "client_id": account.client_id,
        "client": account.client_name,
        "platform": account.platform,
        "external_id": account.external_id,
        "name": account.name,
        "status": account.status,
        "readings": standing.readings,
        "latest_day": standing.latest_day,
        "last_success_at": standing.last_success_at,
        "last_run": None
        if run is None
        else {"status": run.status, "started_at": run.started_at, "resume_at": run.resume_at},
        "token_ends_at": account.token_ends_at,
        "token_checked_at": account.token_checked_at,
        "failing_families": [asdict(family) for family in failing],
        "what_to_do": what_to_do(standing, failing, now, soon),
    }


def register(app: typer.Typer) -> None:
    app.command()(status)
