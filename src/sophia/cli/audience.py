"""`sophia audience`: who a client reaches, whom it wants to reach, and how much of the one is the other."""

from typing import TYPE_CHECKING, Annotated

import typer

from sophia.cli.arguments import Client
from sophia.cli.drawing import figure, heading, line
from sophia.cli.opening import open_installation
from sophia.cli.output import echo
from sophia.cli.tables import AsJson, show_table

if TYPE_CHECKING:
    from sophia.analytics.audience.fit import Profile
    from sophia.analytics.audience.queries import AccountAudience

audience = typer.Typer(help="Who a client reaches, and whom it wants to reach.", no_args_is_help=True)
Name = Annotated[str, typer.Argument(metavar="NAME", help="Of the profile, such as 'young families'.")]
SHOWN_PARTS = 5


@audience.command("show")
def show_(
    client: Client,
    who: Annotated[str, typer.Option("--of", help="followers, engaged or reached.")] = "followers",
    as_json: AsJson = False,
) -> None:
    """Show the audience of each account, and how it fits each ideal customer."""
    installation = open_installation()
    from sophia.analytics.audience.queries import AUDIENCES, audiences, ideal_customers  # noqa: PLC0415
    from sophia.portfolio.service import find_client  # noqa: PLC0415

    if who not in AUDIENCES:
        raise typer.BadParameter(f"Give one of {', '.join(AUDIENCES)}.", param_hint="--of")
    with installation.database.read() as session:
        known = find_client(session, client)
        number, name = known.id, known.name
        found = audiences(session, number, who)
        profiles = [ideal_customer.profile for ideal_customer in ideal_customers(session, number)]
    if as_json:
        from sophia.analytics.audience.schemas import AudienceAnswer, account_audience_answer  # noqa: PLC0415

        accounts = [account_audience_answer(one, profiles) for one in found]
        answer = AudienceAnswer.model_validate({"client_id": number, "audience": who, "accounts": accounts})
        echo(answer.model_dump_json(indent=2))
        return
    for one in found:
        show(name, who, one, profiles)
    if not found:
        line(f"{name} has no account yet.")
    elif not profiles:
        line(f"There is no ideal customer yet. Set one: sophia audience profile {number} NAME --ages 25-44")


def show(name: str, who: str, account_audience: "AccountAudience", profiles: "list[Profile]") -> None:
    from sophia.analytics.audience.fit import fits  # noqa: PLC0415
    from sophia.analytics.audience.schemas import DIMENSIONS  # noqa: PLC0415

    heading(f"{name} on {account_audience.platform.value}: {who}")
    if account_audience.reason is not None:
        line(f"{account_audience.reason}\n")
        return
    show_table([row for dimension in DIMENSIONS for row in part_rows(account_audience, dimension)], empty="")
    rows = [
        {"ideal customer": one.profile.name, "overall": figure(one.overall)}
        | {"age": figure(one.age), "gender": figure(one.gender), "country": figure(one.country)}
        | {"place": figure(one.place)}
        for one in fits(profiles, account_audience.cells)
    ]
    if rows:
        line("")
        show_table(rows, empty="")
    line("")


def part_rows(account_audience: "AccountAudience", dimension: str) -> list[dict[str, str]]:
    """All ages in order, else the largest parts; and those of whom nothing is known."""
    from sophia.analytics.audience.fit import AGE, by_dimension, known_percent, unknown_percent  # noqa: PLC0415

    people = by_dimension(account_audience.cells, dimension)
    if not people:
        return []
    day = str(account_audience.day_of(dimension))
    shares = list(known_percent(account_audience.cells, dimension).items())
    told = sorted(shares, key=lambda part: part[0]) if dimension == AGE else shares[:SHOWN_PARTS]
    rows = [
        {"by": dimension, "": value, "people": f"{people[value]:,}", "share": figure(share), "as of": day}
        for value, share in told
    ]
    unknown = unknown_percent(account_audience.cells, dimension, account_audience.everybody)
    if unknown.value:
        rows.append({"by": dimension, "": "not known", "people": "", "share": figure(unknown), "as of": day})
    return rows


@audience.command()
def profile(
    client: Client,
    name: Name,
    ages: Annotated[str | None, typer.Option(help="Both included: 25-44; 55+ without an upper end.")] = None,
    genders: Annotated[list[str] | None, typer.Option("--gender", help="F or M; may be repeated.")] = None,
    countries: Annotated[
        list[str] | None, typer.Option("--country", help="ISO code or English name; may be repeated.")
    ] = None,
    places: Annotated[
        list[str] | None, typer.Option("--place", help="City, region, or both as Meta writes them; may be repeated.")
    ] = None,
) -> None:
    """Set an ideal customer: whom the client wants to reach. One of the same name is replaced."""
    installation = open_installation()
    from sophia.analytics.audience.fit import Profile  # noqa: PLC0415
    from sophia.analytics.audience.store import put_ideal_customer  # noqa: PLC0415
    from sophia.portfolio.service import find_client  # noqa: PLC0415

    wanted = Profile(
        name=name,
        ages=None if ages is None else parse_ages(ages),
        genders=tuple(gender.upper() for gender in genders or ()),
        countries=tuple(countries or ()),
        places=tuple(places or ()),
    )
    with installation.database.write() as session:
        known = find_client(session, client)
        put_ideal_customer(session, known.id, wanted, installation.clock())
        echo(f"{known.name} wants to reach {name!r}. See: sophia audience show {known.id}")


def parse_ages(text: str) -> tuple[int, int | None]:
    """The years of `25-44` and of `55+`. Raises BadParameter for anything else."""
    low, dash, high = text.strip().partition("-")
    open_end = not dash and low.endswith("+")
    low = low.removesuffix("+") if open_end else low
    if not all(part.isascii() and part.isdigit() and len(part) < 4 for part in ([low] if open_end else [low, high])):  # noqa: PLR2004 - years of a life
        raise typer.BadParameter("Ages look like 25-44, or like 55+.", param_hint="--ages")
    return int(low), None if open_end else int(high)


@audience.command()
def remove(client: Client, name: Name) -> None:
    """Delete an ideal customer; what was collected stays."""
    installation = open_installation()
    from sophia.analytics.audience.store import delete_ideal_customer  # noqa: PLC0415
    from sophia.portfolio.service import find_client  # noqa: PLC0415

    with installation.database.write() as session:
        delete_ideal_customer(session, find_client(session, client).id, name)
    echo(f"{name!r} is deleted.")


def register(app: typer.Typer) -> None:
    app.add_typer(audience, name="audience")
