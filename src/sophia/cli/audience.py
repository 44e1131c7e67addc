"""`sophia audience`: the audience of a client, its target audiences, and how well they match."""

from typing import TYPE_CHECKING, Annotated, cast

import typer

from sophia.cli.arguments import Client
from sophia.cli.drawing import figure, heading, line
from sophia.cli.opening import open_installation
from sophia.cli.output import echo
from sophia.cli.tables import AsJson, show_json, show_table

if TYPE_CHECKING:
    from sophia.analytics.audience.matching import AudienceDimension, Gender
    from sophia.analytics.audience.queries import AccountAudience, AudienceKind

audience = typer.Typer(help="A client's audience and target audiences.", no_args_is_help=True)
Name = Annotated[str, typer.Argument(metavar="NAME", help="Of the profile, such as 'young families'.")]
SHOWN_PARTS = 5


@audience.command("show")
def show_(
    client: Client,
    who: Annotated[str, typer.Option("--of", help="followers, engaged or reached.")] = "followers",
    as_json: AsJson = False,
) -> None:
    """Show the audience of each account, and how well it matches each target audience."""
    installation = open_installation()
    from sophia.analytics.audience.queries import AUDIENCES, client_audience, list_target_audiences  # noqa: PLC0415
    from sophia.portfolio.service import find_client  # noqa: PLC0415

    if who not in AUDIENCES:
        raise typer.BadParameter(f"Give one of {', '.join(AUDIENCES)}.", param_hint="--of")
    with installation.database.read() as session:
        row = find_client(session, client)
        client_id, name = row.id, row.name
        result = client_audience(session, client_id, cast("AudienceKind", who))
        has_targets = bool(list_target_audiences(session, client_id))
    if as_json:
        show_json(result)
        return
    for account in result.accounts:
        show(name, who, account)
    if not result.accounts:
        line(f"{name} has no account yet.")
    elif not has_targets:
        line(f"There is no target audience yet. Set one: sophia audience profile {client_id} NAME --ages 25-44")


def show(name: str, who: str, account: "AccountAudience") -> None:
    heading(f"{name} on {account.platform.value}: {who}")
    if account.reason is not None:
        line(f"{account.reason}\n")
        return
    show_table([row for dimension in account.dimensions for row in part_rows(dimension)], empty="")
    rows = [
        {"target audience": match.name, "overall": figure(match.overall)}
        | {"age": figure(match.age), "gender": figure(match.gender), "country": figure(match.country)}
        | {"place": figure(match.place)}
        for match in account.fits
    ]
    if rows:
        line("")
        show_table(rows, empty="")
    line("")


def part_rows(dimension: "AudienceDimension") -> list[dict[str, str]]:
    """Return all ages in order, or the largest parts; and the share of people whose value is unknown."""
    day = str(dimension.day)
    parts = [part for part in dimension.parts if part.percent is not None]
    parts = sorted(parts, key=lambda part: part.value) if dimension.dimension == "age" else parts[:SHOWN_PARTS]
    rows = [
        {"by": dimension.dimension, "": part.value, "people": f"{part.people:,}"}
        | {"share": figure(part.percent) if part.percent else "", "as of": day}
        for part in parts
    ]
    if dimension.unknown.value:
        share = figure(dimension.unknown)
        rows.append({"by": dimension.dimension, "": "not known", "people": "", "share": share, "as of": day})
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
    """Set a target audience: the people whom the client wants to reach. It replaces one with the same name."""
    installation = open_installation()
    from sophia.analytics.audience.matching import AgeRange, TargetAudience  # noqa: PLC0415
    from sophia.analytics.audience.store import put_target_audience  # noqa: PLC0415
    from sophia.portfolio.service import find_client  # noqa: PLC0415

    target = TargetAudience(
        name=name,
        ages=None if ages is None else AgeRange(*parse_ages(ages)),
        genders=tuple(cast("Gender", gender.upper()) for gender in genders or ()),
        countries=tuple(countries or ()),
        places=tuple(places or ()),
    )
    with installation.database.write() as session:
        known = find_client(session, client)
        put_target_audience(session, known.id, target, installation.clock())
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
    """Delete a target audience; the collected data stays."""
    installation = open_installation()
    from sophia.analytics.audience.store import delete_target_audience  # noqa: PLC0415
    from sophia.portfolio.service import find_client  # noqa: PLC0415

    with installation.database.write() as session:
        delete_target_audience(session, find_client(session, client).id, name)
    echo(f"{name!r} is deleted.")


def register(app: typer.Typer) -> None:
    app.add_typer(audience, name="audience")
