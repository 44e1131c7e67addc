"""What several commands ask in the same words: a client, and days."""

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from sophia.analytics.measures.figures import Window

# 28.2.2026 is how most of Europe writes it; no other order of day, month and year is accepted.
DAYS = ["%Y-%m-%d", "%d.%m.%Y"]

Client = Annotated[str, typer.Argument(metavar="CLIENT", help="Name or id.")]
Week = Annotated[
    datetime | None, typer.Option("--week", formats=DAYS, help="The week that holds this day, Monday to Sunday.")
]
First = Annotated[datetime | None, typer.Option("--from", formats=DAYS, help="First day, with --to.")]
Last = Annotated[datetime | None, typer.Option("--to", formats=DAYS, help="Last day, included.")]


def chosen_window(week: datetime | None, first: datetime | None, last: datetime | None) -> "Window | None":
    """The window that the options name; None for the newest closed week. Raises BadParameter when they contradict."""
    from sophia.analytics.measures.figures import ONE_DAY, Window, week_of  # noqa: PLC0415

    if (first is None) != (last is None):
        raise typer.BadParameter("Give both --from and --to.")
    if week is not None and first is not None:
        raise typer.BadParameter("Give either --week, or --from and --to.")
    if week is not None:
        return week_of(week.date())
    if first is None or last is None:
        return None
    days: tuple[date, date] = (first.date(), last.date())
    if days[1] < days[0]:
        raise typer.BadParameter(f"--to {days[1]} is before --from {days[0]}.")
    return Window(days[0], days[1] + ONE_DAY)


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
