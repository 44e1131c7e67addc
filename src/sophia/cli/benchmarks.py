"""`sophia benchmarks`: what others reach, one's own numbers from a file, and a client beside them."""

from pathlib import Path
from typing import Annotated

import typer

from sophia.cli.arguments import Client
from sophia.cli.drawing import changed, figure, heading, line
from sophia.cli.errors import PARTLY
from sophia.cli.opening import open_installation
from sophia.cli.output import echo
from sophia.cli.tables import AsJson, show_json, show_table

benchmarks = typer.Typer(help="What others reach, as it was published.", no_args_is_help=True)


@benchmarks.command("list")
def list_(
    industry: Annotated[str | None, typer.Option(help="Only of this industry.")] = None, as_json: AsJson = False
) -> None:
    """Show all benchmarks that figures are compared with."""
    installation = open_installation()
    from sophia.analytics.benchmarks.comparison import is_old  # noqa: PLC0415
    from sophia.analytics.benchmarks.queries import list_benchmarks  # noqa: PLC0415
    from sophia.meta.reporting_zone import reporting_day  # noqa: PLC0415

    with installation.database.read() as session:
        found = list_benchmarks(session, industries=None if industry is None else {industry})
    if as_json:
        show_json({"benchmarks": found})
        return
    today = reporting_day(installation.clock())
    rows = [
        {
            "industry": one.industry,
            "platform": one.platform.value,
            "metric": one.metric,
            "value": f"{one.value_percent.normalize():f} %",
            "statistic": one.statistic,
            "year": f"{one.data_year}{', old' if is_old(one, today) else ''}",
            "source": f"{one.source}{' (own)' if one.is_own else ''}",
        }
        for one in found
    ]
    show_table(rows, empty="There is no benchmark of this industry.")


@benchmarks.command("import")
def import_(
    file: Annotated[Path, typer.Argument(metavar="FILE.csv", exists=True, dir_okay=False, readable=True)],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be kept, and keep nothing.")] = False,
    as_json: AsJson = False,
) -> None:
    """Keep benchmarks of your own, for all clients. Bad lines are told, good ones kept; twice adds nothing."""
    installation = open_installation()
    from sophia.analytics.benchmarks.comparison import parse_benchmarks  # noqa: PLC0415
    from sophia.analytics.benchmarks.store import write_benchmarks  # noqa: PLC0415
    from sophia.errors import InvalidInputError  # noqa: PLC0415
    from sophia.meta.reporting_zone import reporting_day  # noqa: PLC0415

    try:
        text = file.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise InvalidInputError(f"{file} is no text in UTF-8; save it as CSV in UTF-8.") from error
    good, bad = parse_benchmarks(text, newest_year=reporting_day(installation.clock()).year)
    with installation.database.write() as session:
        written = write_benchmarks(session, good, installation.clock(), dry_run=dry_run)
    if as_json:
        show_json({"written": written, "bad": bad, "dry_run": dry_run})
    else:
        would = "would be " if dry_run else ""
        line(f"{written.added} {would}added, {written.changed} {would}changed, {written.unchanged} were known before.")
        for one in bad:
            echo(f"line {one.line}: {one.problem}", err=True)
    if bad:
        raise typer.Exit(PARTLY)


@benchmarks.command()
def remove(source: Annotated[str, typer.Argument(metavar="SOURCE", help="As the file named it.")]) -> None:
    """Take away your own benchmarks of one source; those that came with Sophia stay."""
    installation = open_installation()
    from sophia.analytics.benchmarks.store import remove_benchmarks  # noqa: PLC0415

    with installation.database.write() as session:
        count = remove_benchmarks(session, source, installation.clock())
    line(f"{count} benchmarks of {source!r} are gone.")


@benchmarks.command()
def show(client: Client, as_json: AsJson = False) -> None:
    """Show a client's newest week that is over beside what others reach."""
    installation = open_installation()
    from pydantic import TypeAdapter  # noqa: PLC0415

    from sophia.analytics.benchmarks.client_comparison import ClientComparison, make_comparison  # noqa: PLC0415
    from sophia.portfolio.service import find_client  # noqa: PLC0415

    with installation.database.read() as session:
        known = find_client(session, client)
        number, name = known.id, known.name
    comparison = make_comparison(installation.database, number, None, installation.clock())
    if as_json:
        echo(TypeAdapter(ClientComparison).dump_json(comparison, indent=2).decode())
        return
    heading(f"{name}, {comparison.industry or 'no industry'}: week of {comparison.window.start}")
    rows = [
        {
            "platform": one.benchmark.platform.value,
            "metric": one.benchmark.metric,
            "own": figure(one.own),
            "others": f"{one.benchmark.value_percent.normalize():f} %",
            "apart": changed(one.percent),
            "of": f"{one.benchmark.industry}, {one.benchmark.data_year}{', old' if one.is_old else ''}",
            "source": one.benchmark.source,
        }
        for one in comparison.published
        if one.benchmark is not None
    ]
    show_table(rows, empty="Nobody has published a number that is like one of these.")
    line("")
    beside = [
        {"platform": one.platform.value, "metric": one.kpi, "own": figure(one.own)}
        | {"lower quarter": figure(one.portfolio.lower), "middle": figure(one.portfolio.middle)}
        | {"upper quarter": figure(one.portfolio.upper), "clients": str(one.portfolio.n)}
        for one in comparison.portfolio
    ]
    show_table(beside, empty="")
    figures = [one.own for one in comparison.published] + [one.portfolio.middle for one in comparison.portfolio]
    for reason in sorted({one.reason for one in figures if one.value is None and one.reason}):
        line(reason)


def register(app: typer.Typer) -> None:
    app.add_typer(benchmarks, name="benchmarks")
