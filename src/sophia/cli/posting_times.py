"""`sophia posting-times`: when a client's people respond, as a map of the week."""

from typing import TYPE_CHECKING

import typer

from sophia.cli.arguments import Client, First, Last, chosen_window
from sophia.cli.drawing import heading, heat_map, line
from sophia.cli.opening import open_installation
from sophia.cli.output import echo, paint
from sophia.cli.tables import AsJson, show_table

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
    """Show when people respond, by hour of the client's week: by default from the posts of 90 days."""
    installation = open_installation()
    from sophia.analytics.posting_times.service import make_responses  # noqa: PLC0415
    from sophia.portfolio.service import find_client  # noqa: PLC0415

    window = chosen_window(None, first, last, installation.clock(), USUAL_DAYS)
    with installation.database.read() as session:
        known = find_client(session, client)
        number, name = known.id, known.name
    responses = make_responses(installation.database, number, window, installation.clock())
    if as_json:
        from sophia.analytics.posting_times.schemas import posting_times_answer  # noqa: PLC0415

        echo(posting_times_answer(responses).model_dump_json(indent=2))
        return
    show(name, responses)


def show(name: str, responses: "PostingTimes") -> None:
    from sophia.meta.reporting_zone import ONE_DAY  # noqa: PLC0415

    heading(
        f"{name}: posts from {responses.window.start} to {responses.window.end - ONE_DAY}, hours in {responses.zone}"
    )
    line(f"Engagement and reach are known of {responses.compared} of {responses.posts} posts.")
    figures = {slot: time.factor for slot, time in responses.times.items()}
    if all(figure.value is None for figure in figures.values()):
        line(next(iter(figures.values())).reason or "")
        return
    rows: dict[str, list[float | None]] = {day: [] for day in WEEK}
    for slot, one in figures.items():
        rows[WEEK[slot.weekday]].append(None if one.value is None else float(one.value))
    line("")
    for shown in heat_map(rows, range(24)):
        line(shown)
    line(paint("High: more engagement from as many people reached. ·: nothing was published.", "dim"))
    line("")
    told = [
        {
            "hour": f"{WEEK[slot.weekday]} {slot.hour:02}:00",
            "factor": f"{float(one.factor.value):.2f}",
            "95 %": f"{one.factor.interval.low:.2f} … {one.factor.interval.high:.2f}",
            "posts": str(one.factor.n),
            "": one.effect.value,
        }
        for slot, one in responses.times.items()
        if one.effect.value != "cannot tell yet" and one.factor.value is not None and one.factor.interval is not None
    ]
    told.sort(key=lambda row: row["factor"], reverse=True)
    show_table(told, empty="No hour is better or worse than the others for certain yet.")


def register(app: typer.Typer) -> None:
    app.command("posting-times")(posting_times)
