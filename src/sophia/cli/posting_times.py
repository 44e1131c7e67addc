"""`sophia posting-times`: the engagement of a client's audience by hour of the week."""

from typing import TYPE_CHECKING

from sophia.cli.arguments import Client, First, Last, parse_date_range
from sophia.cli.formatting import heat_map
from sophia.cli.installation import open_installation
from sophia.cli.output import echo, echo_heading, paint
from sophia.cli.tables import AsJson, show_record, show_table

if TYPE_CHECKING:
    from sophia.analytics.posting_times.service import PostingTimes

WEEK = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
USUAL_DAYS = 90  # as many as without --from and --to


def posting_times(
    client: Client,
    first: First = None,
    last: Last = None,
    as_json: AsJson = False,
) -> None:
    """Show at which hours of the week posts get more engagement, by default from the posts of 90 days."""
    from sophia.analytics.posting_times.service import measure_posting_times

    installation = open_installation()
    window = parse_date_range(None, first, last, installation.clock(), USUAL_DAYS)
    client_row = installation.find_client(client)
    times = measure_posting_times(installation.database, client_row.id, window, installation.clock())
    if as_json:
        show_record(times)
        return
    show(client_row.name, times)


def show(name: str, times: "PostingTimes") -> None:
    from sophia.analytics.posting_times.group_effects import Effect
    from sophia.meta.reporting_zone import ONE_DAY

    echo_heading(f"{name}: posts from {times.window.start} to {times.window.end - ONE_DAY}, hours in {times.zone}")
    echo(f"{times.compared} of {times.posts} posts have data on engagement and reach.")
    if times.reason is not None:
        echo(times.reason)
        return
    rows: dict[str, list[float | None]] = {day: [None] * 24 for day in WEEK}
    for hour in times.hours:
        factor = hour.factor.value
        rows[WEEK[hour.weekday]][hour.hour] = None if factor is None else float(factor)
    echo("")
    for text in heat_map(rows, range(24)):
        echo(text)
    echo(paint("A high bar: more engagement per person reached. A dot: no posts.", "dim"))
    echo("")
    certain_hours = [
        {
            "hour": f"{WEEK[hour.weekday]} {hour.hour:02}:00",
            "factor": f"{float(hour.factor.value):.2f}",
            "95 % interval": f"{hour.factor.interval.low:.2f} … {hour.factor.interval.high:.2f}",
            "posts": str(hour.factor.n),
            "effect": hour.effect.value,
        }
        for hour in times.hours
        if hour.effect is not Effect.NOT_ENOUGH_EVIDENCE
        and hour.factor.value is not None
        and hour.factor.interval is not None
    ]
    certain_hours.sort(key=lambda row: row["factor"], reverse=True)
    show_table(certain_hours, empty="Not enough evidence yet that an hour is better or worse than the others.")
