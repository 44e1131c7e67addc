"""Arguments and options that several commands share: clients, days, amounts, names of people."""

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from sophia.meta.reporting_zone import DateRange

# Most of Europe writes 28.2.2026; no other order of day, month and year is accepted.
DAYS = ["%Y-%m-%d", "%d.%m.%Y"]

Client = Annotated[str, typer.Argument(metavar="CLIENT", help="Name or id.")]
OptionalClient = Annotated[
    str | None, typer.Argument(metavar="CLIENT", help="Name or id. Default: all clients.", show_default=False)
]
ClientOption = Annotated[str | None, typer.Option("--client", metavar="NAME_OR_ID", help="Only this client.")]
Week = Annotated[datetime | None, typer.Option("--week", formats=DAYS, help="The week of this day, Monday to Sunday.")]
First = Annotated[
    datetime | None, typer.Option("--from", formats=DAYS, help="First day. Without --to: until yesterday.")
]
Last = Annotated[
    datetime | None, typer.Option("--to", formats=DAYS, help="Last day, included. Without --from: the usual length.")
]
RequiredFirst = Annotated[datetime, typer.Option("--from", formats=DAYS, help="First day.")]
RequiredLast = Annotated[datetime, typer.Option("--to", formats=DAYS, help="Last day, included.")]
By = Annotated[
    str | None,
    typer.Option(metavar="NAME", help="The person. Default: your name on this machine.", show_default=False),
]
FIRST_YEAR = 2004


def parse_date_range(
    week: datetime | None,
    first: datetime | None,
    last: datetime | None,
    moment: datetime,
    usual_days: int = 7,
) -> "DateRange | None":
    """Return the days that the options name, or None when they name none. The newest day is the day before `moment`.

    Raise BadParameter when the options contradict each other.
    """
    from sophia.analytics.figures.figures import week_of, window_until
    from sophia.meta.reporting_zone import ONE_DAY, reporting_day

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
    """Return an aware moment; a text without a zone is UTC. Raise BadParameter."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise typer.BadParameter("Write a moment as 2026-02-28T12:00Z.", param_hint="--as-of") from error
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


AsOf = Annotated[
    datetime | None,
    typer.Option(
        "--as-of", metavar="MOMENT", parser=parse_moment, help="Use the data of that moment, such as 2026-02-28T12:00Z."
    ),
]


def parse_amount(text: str) -> Decimal:
    """Raise BadParameter for anything but an amount of money below 10^12 with at most three decimals."""
    try:
        amount = Decimal(text)
    except InvalidOperation:
        amount = Decimal(-1)
    if not (amount.is_finite() and 0 <= amount < Decimal(10) ** 12) or amount != round(amount, 3):
        raise typer.BadParameter("Write an amount as 19.90. It cannot be negative.")
    return amount


def option_check(check: Callable[[str], str]) -> Callable[[str | None], str | None]:
    """Return a callback of an option from a check that raises ValueError."""

    def callback(value: str | None) -> str | None:
        try:
            return None if value is None else check(value)
        except ValueError as error:
            raise typer.BadParameter(str(error)) from None

    return callback


def check_currency(code: str) -> str:
    from sophia.analytics.figures.schemas import known_currency

    return known_currency(code.upper())


def check_zone(name: str) -> str:
    from sophia.config import known_zone

    return known_zone(name)


def check_text(text: str, limit: int, option: str) -> str:
    """Return the text with single spaces. Raise BadParameter when it is empty or longer than `limit`."""
    text = " ".join(text.split())
    if not text or len(text) > limit:
        raise typer.BadParameter(f"Write 1 to {limit} characters.", param_hint=option)
    return text


def user_name(name: str | None) -> str:
    """Return the name from the option, else the login name. Raise BadParameter when the machine knows no login name."""
    import getpass

    if name is not None:
        return name
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        raise typer.BadParameter(
            "This machine does not know your name. Give it with --by.", param_hint="--by"
        ) from None
