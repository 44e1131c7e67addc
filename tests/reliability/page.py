"""Writes the table of docs/reliability.md; the text around it is written by hand and stays."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.reliability.scenarios import Row

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reliability.md"
BEGIN = "<!-- Rows: made by `python3 dev.py reliability`. -->"
END = "<!-- End of the rows. -->"
HEAD = ("fault", "calls", "stored, of what is true", "run", "what the operator reads", "next run closes it", "ok")


def write_page(parts: Mapping[str, Sequence[Row]]) -> None:
    """Put the rows between the two marks of the page. Raises ValueError when the page has no such marks."""
    page = PAGE.read_text(encoding="utf-8")
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"{PAGE} has no place for the rows")
    tables = "\n\n".join(f"### {name}\n\n{table(rows)}" for name, rows in parts.items())
    PAGE.write_text(f"{before}{BEGIN}\n\n{tables}\n\n{END}{after}", encoding="utf-8")


def table(rows: Sequence[Row]) -> str:
    lines = [HEAD, tuple("---" for _ in HEAD), *(cells(row) for row in rows)]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def cells(row: Row) -> tuple[str, ...]:
    store = " (PostgreSQL)" if row.scenario.backend == "postgresql" else ""
    return (
        f"**{row.scenario.name}**{store}. {row.scenario.done}",
        str(row.calls),
        f"{row.stored:,} of {row.expected:,}",
        row.statuses,
        "; ".join(f"“{line}”" for line in row.told if line) or "nothing",
        "yes" if row.closed else "no",
        "ok" if not row.wrong else f"**no**: {'; '.join(row.wrong)}",
    )
