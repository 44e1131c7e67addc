"""`sophia audience`: the audience of a client, its target audiences, and how well they match."""

from typing import TYPE_CHECKING, Annotated

import typer

from sophia.cli.arguments import Client
from sophia.cli.formatting import format_figure
from sophia.cli.installation import open_installation
from sophia.cli.output import echo, echo_heading
from sophia.cli.tables import AsJson, show_model, show_table

if TYPE_CHECKING:
    from sophia.analytics.audience.fit import Fit, Profile
    from sophia.analytics.audience.queries import AccountAudience

audience = typer.Typer(help="Show a client's audience and set its target audiences.", no_args_is_help=True)
Name = Annotated[str, typer.Argument(metavar="NAME", help="Name of the target audience, such as 'young families'.")]
LARGEST_PARTS = 5


@audience.command("show")
def show_(
    client: Client,
    kind: Annotated[str, typer.Option("--of", help="followers, engaged or reached.")] = "followers",
    as_json: AsJson = False,
) -> None:
    """Show the audience of each account, and how well it matches each target audience."""
    from sophia.analytics.audience.queries import AUDIENCES, audiences, ideal_customers

    installation = open_installation()
    if kind not in AUDIENCES:
        raise typer.BadParameter(f"Give one of {', '.join(AUDIENCES)}.", param_hint="--of")
    client_row = installation.find_client(client)
    with installation.database.read() as session:
        account_audiences = audiences(session, client_row.id, kind)
        profiles = [ideal_customer.profile for ideal_customer in ideal_customers(session, client_row.id)]
    if as_json:
        from sophia.analytics.audience.schemas import AudienceAnswer, account_audience_answer

        accounts = [account_audience_answer(account_audience, profiles) for account_audience in account_audiences]
        document = {"client_id": client_row.id, "audience": kind, "accounts": accounts}
        show_model(AudienceAnswer.model_validate(document))
        return
    for account_audience in account_audiences:
        show(client_row.name, kind, account_audience, profiles)
    if not account_audiences:
        echo(f"{client_row.name} has no account yet.")
    elif not profiles:
        echo(f"There is no target audience yet. Set one: sophia audience profile {client_row.id} NAME --ages 25-44")


def show(name: str, kind: str, account_audience: "AccountAudience", profiles: "list[Profile]") -> None:
    from sophia.analytics.audience.fit import fits
    from sophia.analytics.audience.schemas import DIMENSIONS

    echo_heading(f"{name} on {account_audience.platform.value}: {kind}")
    if account_audience.reason is not None:
        echo(f"{account_audience.reason}\n")
        return
    show_table([row for dimension in DIMENSIONS for row in part_rows(account_audience, dimension)], empty="")
    rows = [match_row(match) for match in fits(profiles, account_audience.cells)]
    if rows:
        echo("")
        show_table(rows, empty="")
    echo("")


def match_row(match: "Fit") -> dict[str, str]:
    return {
        "target audience": match.profile.name,
        "match": format_figure(match.overall),
        "age": format_figure(match.age),
        "gender": format_figure(match.gender),
        "country": format_figure(match.country),
        "place": format_figure(match.place),
    }


def part_rows(account_audience: "AccountAudience", dimension: str) -> list[dict[str, str]]:
    """Return all ages in order, or the largest parts of another dimension, then the people Meta does not classify."""
    from sophia.analytics.audience.fit import AGE, by_dimension, known_percent, unknown_percent

    people = by_dimension(account_audience.cells, dimension)
    if not people:
        return []
    day = str(account_audience.day_of(dimension))
    shares = list(known_percent(account_audience.cells, dimension).items())
    listed_shares = sorted(shares, key=lambda share: share[0]) if dimension == AGE else shares[:LARGEST_PARTS]
    rows = [
        {"by": dimension, "": part, "people": f"{people[part]:,}", "share": format_figure(share), "as of": day}
        for part, share in listed_shares
    ]
    unknown = unknown_percent(account_audience.cells, dimension, account_audience.everybody)
    if unknown.value:
        rows.append({"by": dimension, "": "unknown", "people": "", "share": format_figure(unknown), "as of": day})
    return rows


@audience.command()
def profile(
    client: Client,
    name: Name,
    ages: Annotated[str | None, typer.Option(help="25-44 includes both ages; 55+ has no upper limit.")] = None,
    genders: Annotated[list[str] | None, typer.Option("--gender", help="F or M. Can be repeated.")] = None,
    countries: Annotated[
        list[str] | None, typer.Option("--country", help="ISO code or English name. Can be repeated.")
    ] = None,
    places: Annotated[
        list[str] | None, typer.Option("--place", help="City, region, or both as Meta writes them. Can be repeated.")
    ] = None,
) -> None:
    """Set a target audience. It replaces the client's target audience of the same name."""
    from sophia.analytics.audience.fit import Profile
    from sophia.analytics.audience.store import put_ideal_customer

    installation = open_installation()
    target = Profile(
        name=name,
        ages=None if ages is None else parse_ages(ages),
        genders=tuple(gender.upper() for gender in genders or ()),
        countries=tuple(countries or ()),
        places=tuple(places or ()),
    )
    with installation.write_client(client) as (session, client_id):
        put_ideal_customer(session, client_id, target, installation.clock())
    echo(f"The target audience {name!r} is set. See its match: sophia audience show {client_id}")


def parse_ages(text: str) -> tuple[int, int | None]:
    """Return the ages of `25-44` or `55+`. Raise BadParameter for anything else."""
    low, dash, high = text.strip().partition("-")
    open_end = not dash and low.endswith("+")
    low = low.removesuffix("+") if open_end else low
    if not all(part.isascii() and part.isdigit() and len(part) < 4 for part in ([low] if open_end else [low, high])):  # noqa: PLR2004 - years of a life
        raise typer.BadParameter("Write ages as 25-44 or 55+.", param_hint="--ages")
    return int(low), None if open_end else int(high)


@audience.command()
def remove(client: Client, name: Name) -> None:
    """Delete a target audience. The collected data stays."""
    from sophia.analytics.audience.store import delete_ideal_customer

    installation = open_installation()
    with installation.write_client(client) as (session, client_id):
        delete_ideal_customer(session, client_id, name)
    echo(f"The target audience {name!r} is deleted.")
