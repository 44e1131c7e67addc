"""`sophia posting-times`: the engagement of a client's audience by hour of the week."""

from typing import TYPE_CHECKING

from sophia.cli.arguments import Client, First, Last, parse_date_range
from sophia.cli.formatting import heat_map
from sophia.cli.installation import open_installation
from sophia.cli.output import echo, echo_heading, paint
from sophia.cli.tables import AsJson, show_model, show_table

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
    from sophia.analytics.posting_times.service import make_responses

    installation = open_installation()
    window = parse_date_range(None, first, last, installation.clock(), USUAL_DAYS)
    client_row = installation.find_client(client)
    responses = make_responses(installation.database, client_row.id, window, installation.clock())
    if as_json:
        from sophia.analytics.posting_times.schemas import posting_times_answer

        show_model(posting_times_answer(responses))
        return
    show(client_row.name, responses)


def show(name: str, responses: "PostingTimes") -> None:
    from sophia.analytics.figures.figures import ONE_DAY

    echo_heading(
        f"{name}: posts from {responses.window.start} to {responses.window.end - ONE_DAY}, hours in {responses.zone}"
    )
    echo(f"{responses.compared} of {responses.posts} posts have data on engagement and reach.")
    figures = {slot: time.factor for slot, time in responses.times.items()}
    if all(figure.value is None for figure in figures.values()):
        echo(next(iter(figures.values())).reason or "")
        return
    rows: dict[str, list[float | None]] = {day: [] for day in WEEK}
    for slot, figure in figures.items():
        rows[WEEK[slot.weekday]].append(None if figure.value is None else float(figure.value))
    echo("")
    for text in heat_map(rows, range(24)):
        echo(text)
    echo(paint("A high bar: more engagement per person reached. A dot: no posts.", "dim"))
    echo("")
    certain_hours = [
        {
            "hour": f"{WEEK[slot.weekday]} {slot.hour:02}:00",
            "factor": f"{float(time.factor.value):.2f}",
            "95 % interval": f"{time.factor.interval.low:.2f} … {time.factor.interval.high:.2f}",
            "posts": str(time.factor.n),
            "effect": time.effect.value,
        }
        for slot, time in responses.times.items()
        if time.effect.value != "cannot tell yet" and time.factor.value is not None and time.factor.interval is not None
    ]
    certain_hours.sort(key=lambda row: row["factor"], reverse=True)
    show_table(certain_hours, empty="Not enough evidence yet that an hour is better or worse than the others.")
