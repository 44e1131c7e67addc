"""`sophia audience`: the audience of a client, its target audiences, and how well they match."""

from typing import TYPE_CHECKING, Annotated, cast

import typer

from sophia.cli.arguments import Client
from sophia.cli.formatting import MISSING, format_figure
from sophia.cli.installation import open_installation
from sophia.cli.output import echo, echo_heading
from sophia.cli.tables import AsJson, show_record, show_table

if TYPE_CHECKING:
    from sophia.analytics.audience.matching import AudienceDimension, AudienceMatch, Gender
    from sophia.analytics.audience.queries import AccountAudience, AudienceKind

audience = typer.Typer(help="Show a client's audience and set its target audiences.", no_args_is_help=True)
Name = Annotated[str, typer.Argument(metavar="NAME", help="Name of the target audience, such as 'young families'.")]
# The base of all shares: people whose value Meta knows and lists.
KNOWN_SHARE = "share of known"
LARGEST_PARTS = 5


@audience.command("show")
def show_(
    client: Client,
    kind: Annotated[str, typer.Option("--of", help="followers, engaged or reached.")] = "followers",
    as_json: AsJson = False,
) -> None:
    """Show the audience of each account, and how well it matches each target audience."""
    from sophia.analytics.audience.queries import AUDIENCES, client_audience, list_target_audiences

    installation = open_installation()
    if kind not in AUDIENCES:
        raise typer.BadParameter(f"Give one of {', '.join(AUDIENCES)}.", param_hint="--of")
    client_row = installation.find_client(client)
    with installation.database.read() as session:
        result = client_audience(session, client_row.id, cast("AudienceKind", kind))
        targets = list_target_audiences(session, client_row.id)
    if as_json:
        show_record(result)
        return
    for account_audience in result.accounts:
        show(client_row.name, kind, account_audience)
    if not result.accounts:
        echo(f"{client_row.name} has no account yet.")
    elif not targets:
        echo(f"There is no target audience yet. Set one: sophia audience profile {client_row.id} NAME --ages 25-44")


def show(name: str, kind: str, account_audience: "AccountAudience") -> None:
    echo_heading(f"{name} on {account_audience.platform.value}: {kind}")
    if account_audience.reason is not None:
        echo(f"{account_audience.reason}\n")
        return
    show_table([row for dimension in account_audience.dimensions for row in part_rows(dimension)], empty="")
    rows = [match_row(match) for match in account_audience.fits]
    if rows:
        echo("")
        show_table(rows, empty="")
    echo("")


def match_row(match: "AudienceMatch") -> dict[str, str]:
    return {
        "target audience": match.name,
        "match": format_figure(match.overall),
        "age": format_figure(match.age),
        "gender": format_figure(match.gender),
        "country": format_figure(match.country),
        "place": format_figure(match.place),
    }


def part_rows(dimension: "AudienceDimension") -> list[dict[str, str]]:
    """Return all ages in order, or the largest parts of another dimension, then the people Meta does not classify."""
    by, day = dimension.dimension, str(dimension.day)
    shares = [(part, part.percent) for part in dimension.parts if part.percent is not None]
    shares = sorted(shares, key=lambda share: share[0].value) if by == "age" else shares[:LARGEST_PARTS]
    rows = [
        {"by": by, "": part.value, "people": f"{part.people:,}", KNOWN_SHARE: format_figure(share), "as of": day}
        for part, share in shares
    ]
    if dimension.unknown.value:
        people = format_figure(dimension.unknown)
        rows.append({"by": by, "": "unknown", "people": people, KNOWN_SHARE: MISSING, "as of": day})
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
    from sophia.analytics.audience.matching import AgeRange, TargetAudience
    from sophia.analytics.audience.store import put_target_audience

    installation = open_installation()
    target = TargetAudience(
        name=name,
        ages=None if ages is None else AgeRange(*parse_ages(ages)),
        genders=tuple(cast("Gender", gender.upper()) for gender in genders or ()),
        countries=tuple(countries or ()),
        places=tuple(places or ()),
    )
    with installation.write_client(client) as (session, client_id):
        put_target_audience(session, client_id, target, installation.clock())
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
    from sophia.analytics.audience.store import delete_target_audience

    installation = open_installation()
    with installation.write_client(client) as (session, client_id):
        delete_target_audience(session, client_id, name)
    echo(f"The target audience {name!r} is deleted.")
