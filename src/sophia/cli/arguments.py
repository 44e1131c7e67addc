"""What several commands ask in the same words: a client, and days."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from sophia.meta.reporting_zone import DateRange

# 28.2.2026 is how most of Europe writes it; no other order of day, month and year is accepted.
DAYS = ["%Y-%m-%d", "%d.%m.%Y"]

Client = Annotated[str, typer.Argument(metavar="CLIENT", help="Name or id.")]
Week = Annotated[
    datetime | None, typer.Option("--week", formats=DAYS, help="The week that holds this day, Monday to Sunday.")
]
First = Annotated[datetime | None, typer.Option("--from", formats=DAYS, help="First day. Alone: until yesterday.")]
Last = Annotated[
    datetime | None, typer.Option("--to", formats=DAYS, help="Last day, included. Alone: as many days as by default.")
]
FIRST_YEAR = 2004


def chosen_window(
    week: datetime | None,
    first: datetime | None,
    last: datetime | None,
    moment: datetime,
    usual_days: int = 7,
) -> "DateRange | None":
    """The window that the options name at an aware moment, whose yesterday is the newest day; None when they name none.

    Raises BadParameter when they contradict.
    """
    from sophia.analytics.figures.figures import week_of, window_until  # noqa: PLC0415
    from sophia.meta.reporting_zone import ONE_DAY, reporting_day  # noqa: PLC0415

    start, end = (None if day is None else day.date() for day in (first, last))
    if any(day is not None and day.year < FIRST_YEAR for day in (week, first, last)):
        raise typer.BadParameter(f"There are no readings before {FIRST_YEAR}.")
    if week is not None:
        if start is not None or end is not None:
            raise typer.BadParameter("Give either --week, or --from and --to.")
        return week_of(week.date())
    if start is None and end is None:
        return None
    if start is not None and end is not None and end < start:
        raise typer.BadParameter(f"--to {end} is before --from {start}.")
    return window_until(start, end, reporting_day(moment) - ONE_DAY, usual_days)


def parse_moment(text: str) -> datetime:
    """A moment with a zone; one without is taken as UTC. Raises BadParameter."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise typer.BadParameter("A moment looks like 2026-02-28T12:00Z.", param_hint="--as-of") from error
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


AsOf = Annotated[
    datetime | None,
    typer.Option("--as-of", metavar="MOMENT", parser=parse_moment, help="As it was then; such as 2026-02-28T12:00Z."),
]
