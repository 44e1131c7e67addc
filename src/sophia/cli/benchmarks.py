"""`sophia benchmarks`: published benchmarks, your own benchmarks, and a client compared with them."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sophia.cli.arguments import Client
from sophia.cli.errors import PARTLY
from sophia.cli.formatting import format_change, format_figure
from sophia.cli.installation import open_installation
from sophia.cli.output import echo, echo_heading
from sophia.cli.report import kpi_label
from sophia.cli.tables import AsJson, show_json, show_record, show_table

if TYPE_CHECKING:
    from sophia.analytics.benchmarks.client_comparison import ClientComparison

benchmarks = typer.Typer(help="Compare clients with industry benchmarks and with each other.", no_args_is_help=True)


def year_label(year: int, is_old: bool) -> str:
    return f"({year} data)" if is_old else str(year)


@benchmarks.command("list")
def list_(
    industry: Annotated[str | None, typer.Option(help="Only this industry.")] = None, as_json: AsJson = False
) -> None:
    """Show all benchmarks."""
    from sophia.analytics.benchmarks.comparison import is_old
    from sophia.analytics.benchmarks.queries import list_benchmarks
    from sophia.meta.reporting_zone import reporting_day

    installation = open_installation()
    with installation.database.read() as session:
        listed = list_benchmarks(session, industries=None if industry is None else {industry})
    if as_json:
        show_json({"benchmarks": listed})
        return
    today = reporting_day(installation.clock())
    rows = [
        {
            "industry": benchmark.industry,
            "platform": benchmark.platform.value,
            "metric": kpi_label(benchmark.metric),
            "counts": f"{benchmark.numerator} by {benchmark.denominator}",
            "value": f"{benchmark.value_percent.normalize():f} %",
            "statistic": benchmark.statistic,
            "year": year_label(benchmark.data_year, is_old(benchmark, today)),
            "source": f"{benchmark.source}{' (own)' if benchmark.is_own else ''}",
        }
        for benchmark in listed
    ]
    show_table(rows, empty="There is no benchmark of this industry.")


@benchmarks.command("import")
def import_(
    file: Annotated[Path, typer.Argument(metavar="FILE.csv", exists=True, dir_okay=False, readable=True)],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Report the changes without storing them.")] = False,
    as_json: AsJson = False,
) -> None:
    """Import your own benchmarks for all clients. Reports bad lines and imports the others. Repeating adds nothing."""
    from sophia.analytics.benchmarks.comparison import parse_benchmarks
    from sophia.analytics.benchmarks.store import write_benchmarks
    from sophia.errors import InvalidInputError
    from sophia.meta.reporting_zone import reporting_day

    installation = open_installation()
    try:
        text = file.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise InvalidInputError(f"{file} is not UTF-8 text. Save it as CSV in UTF-8.") from error
    good, bad = parse_benchmarks(text, newest_year=reporting_day(installation.clock()).year)
    with installation.database.write() as session:
        written = write_benchmarks(session, good, installation.clock(), dry_run=dry_run)
    if as_json:
        show_json({"written": written, "bad": bad, "dry_run": dry_run})
    else:
        would = "would be " if dry_run else ""
        echo(f"{written.added} {would}added, {written.changed} {would}changed, {written.unchanged} unchanged.")
        for bad_line in bad:
            echo(f"line {bad_line.line}: {bad_line.problem}", err=True)
    if bad:
        raise typer.Exit(PARTLY)


@benchmarks.command()
def remove(source: Annotated[str, typer.Argument(metavar="SOURCE", help="As the file names it.")]) -> None:
    """Delete your own benchmarks of one source. The benchmarks that come with Sophia stay."""
    from sophia.analytics.benchmarks.store import remove_benchmarks

    installation = open_installation()
    with installation.database.write() as session:
        count = remove_benchmarks(session, source, installation.clock())
    echo(f"{count} benchmarks of {source!r} are deleted.")


@benchmarks.command()
def show(client: Client, as_json: AsJson = False) -> None:
    """Compare a client's last complete week with published benchmarks and with your other clients."""
    from sophia.analytics.benchmarks.client_comparison import make_comparison

    installation = open_installation()
    client_row = installation.find_client(client)
    comparison = make_comparison(installation.database, client_row.id, None, installation.clock())
    if as_json:
        show_record(comparison)
        return
    echo_heading(f"{client_row.name}, {comparison.industry or 'no industry'}: week of {comparison.window.start}")
    show_table(published_rows(comparison), empty="No benchmark matches this client's KPIs.")
    echo("")
    show_table(portfolio_rows(comparison), empty="")
    figures = [row.own for row in comparison.published] + [row.portfolio.middle for row in comparison.portfolio]
    for reason in sorted({figure.reason for figure in figures if figure.value is None and figure.reason}):
        echo(reason)


def published_rows(comparison: "ClientComparison") -> list[dict[str, str]]:
    return [
        {
            "platform": row.benchmark.platform.value,
            "metric": kpi_label(row.benchmark.metric),
            "counts": f"{row.benchmark.numerator} by {row.benchmark.denominator}",
            "client": format_figure(row.own),
            "benchmark": f"{row.benchmark.value_percent.normalize():f} %",
            "difference": format_change(row.percent),
            "industry": f"{row.benchmark.industry} {year_label(row.benchmark.data_year, row.is_old)}",
            "source": row.benchmark.source,
        }
        for row in comparison.published
        if row.benchmark is not None
    ]


def portfolio_rows(comparison: "ClientComparison") -> list[dict[str, str]]:
    return [
        {
            "platform": row.platform.value,
            "metric": kpi_label(row.kpi),
            "client": format_figure(row.own),
            "25th percentile": format_figure(row.portfolio.lower),
            "median": format_figure(row.portfolio.middle),
            "75th percentile": format_figure(row.portfolio.upper),
            "clients": str(row.portfolio.n),
        }
        for row in comparison.portfolio
    ]
