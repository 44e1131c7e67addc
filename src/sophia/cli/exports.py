"""`sophia export`: write readings, posts, KPIs and more to a file for other tools."""

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from sophia.analytics.exports.names import DatasetName, FileFormat, format_of
from sophia.cli.arguments import DAYS, AsOf, ClientOption
from sophia.cli.installation import open_installation
from sophia.cli.output import echo
from sophia.cli.progress import row_progress
from sophia.cli.tables import AsJson, show_json


def export(
    dataset: Annotated[DatasetName, typer.Argument(metavar="WHAT", help=f"One of {', '.join(DatasetName)}.")],
    file: Annotated[Path, typer.Argument(metavar="FILE", dir_okay=False, help="Ends with .csv, .jsonl or .parquet.")],
    client: ClientOption = None,
    first: Annotated[datetime | None, typer.Option("--from", formats=DAYS, help="First day. Default: all.")] = None,
    last: Annotated[datetime | None, typer.Option("--to", formats=DAYS, help="Last day, included.")] = None,
    as_of: AsOf = None,
    file_format: Annotated[
        FileFormat | None, typer.Option("--format", help="The format, if the file name does not end with it.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Export the rows of a view for analysts to a file, which appears when it is complete."""
    from sophia.analytics.exports.datasets import ExportFilter
    from sophia.analytics.exports.writing import export_dataset
    from sophia.analytics.figures.requests import FIRST_DAY, LAST_DAY
    from sophia.meta.reporting_zone import ONE_DAY, DateRange

    chosen_format = file_format or format_of(file)
    installation = open_installation()
    start = FIRST_DAY if first is None else max(first.date(), FIRST_DAY)
    end = LAST_DAY if last is None else min(last.date(), LAST_DAY)
    if end < start:
        raise typer.BadParameter(f"--to {end} is before --from {start}.")
    window = None if first is None and last is None else DateRange(start, end + ONE_DAY)
    export_filter = ExportFilter(client_id=installation.find_client_id(client), window=window, as_of=as_of)
    with row_progress(dataset.value, silent=as_json) as report:
        rows = export_dataset(installation.database, dataset, file, chosen_format, export_filter, report)
    if as_json:
        show_json({"file": str(file), "format": chosen_format.value, "rows": rows})
    else:
        echo(f"{rows:,} rows are in {file}.")
