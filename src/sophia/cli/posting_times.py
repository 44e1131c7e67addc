"""`sophia posting-times`: shows on a map of the week when a client's audience engages."""

from typing import TYPE_CHECKING

import typer

from sophia.cli.arguments import Client, First, Last, chosen_window
from sophia.cli.drawing import heading, heat_map, line
from sophia.cli.opening import open_installation
from sophia.cli.output import paint
from sophia.cli.tables import AsJson, show_json, show_table

if TYPE_CHECKING:
    from sophia.analytics.posting_times.service import PostingTimes

WEEK = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
# As many as its default.
USUAL_DAYS = 90


def posting_times(
    client: Client,
    first: First = None,
    last: Last = None,
    as_json: AsJson = False,
) -> None:
    """Show when people engage, by hour of the week in the client's zone: by default from the posts of 90 days."""
    installation = open_installation()
    from sophia.analytics.posting_times.service import measure_posting_times  # noqa: PLC0415
    from sophia.portfolio.service import find_client  # noqa: PLC0415

    window = chosen_window(None, first, last, installation.clock(), USUAL_DAYS)
    with installation.database.read() as session:
        row = find_client(session, client)
        client_id, name = row.id, row.name
    times = measure_posting_times(installation.database, client_id, window, installation.clock())
    if as_json:
        show_json(times)
    else:
        show(name, times)


def show(name: str, times: "PostingTimes") -> None:
    from sophia.analytics.figures.figures import ONE_DAY  # noqa: PLC0415
    from sophia.analytics.posting_times.group_effects import Effect  # noqa: PLC0415

    heading(f"{name}: posts from {times.window.start} to {times.window.end - ONE_DAY}, hours in {times.zone}")
    line(f"Engagement and reach are known of {times.compared} of {times.posts} posts.")
    if times.reason is not None:
        line(times.reason)
        return
    rows: dict[str, list[float | None]] = {day: [None] * 24 for day in WEEK}
    for hour in times.hours:
        factor = hour.factor.value
        rows[WEEK[hour.weekday]][hour.hour] = None if factor is None else float(factor)
    line("")
    for row in heat_map(rows, range(24)):
        line(row)
    line(paint("High: more engagement from the same number of people reached. ·: no post.", "dim"))
    line("")
    effects = [
        {
            "hour": f"{WEEK[hour.weekday]} {hour.hour:02}:00",
            "factor": f"{float(hour.factor.value):.2f}",
            "95 %": f"{hour.factor.interval.low:.2f} … {hour.factor.interval.high:.2f}",
            "posts": str(hour.factor.n),
            "": hour.effect.value,
        }
        for hour in times.hours
        if hour.effect is not Effect.NOT_ENOUGH_EVIDENCE
        and hour.factor.value is not None
        and hour.factor.interval is not None
    ]
    effects.sort(key=lambda row: row["factor"], reverse=True)
    show_table(effects, empty="There is not enough evidence yet that an hour is better or worse than the others.")


def register(app: typer.Typer) -> None:
    app.command("posting-times")(posting_times)
