"""Cases of imported files: 04 to 08 and 14 of the folder of failing inputs, by the commands of Sophia alone."""

import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from tests.cases.checks import Check
from tests.cases.trials import sophia_document

from sophia.database.engine import Database
from sophia.migrations import upgrade
from sophia.portfolio.service import find_or_create_client

CLIENT = "Test Client"
Totals = Mapping[str, tuple[int, str]]  # {event type: (how many count, their amounts together)}


@dataclass(frozen=True, slots=True)
class Import:
    """What imports said, one document each, and what counts afterwards."""

    reports: tuple[dict[str, Any], ...]
    totals: Totals

    @property
    def bad_lines(self) -> list[int]:
        return [row["line"] for report in self.reports for row in report["bad"]]


def import_files(folder: Path, names: Sequence[str], *options: str) -> Import:
    """Import files into a new store, one after the other."""
    with tempfile.TemporaryDirectory() as data:
        environment = {"SOPHIA_DATA_DIR": data}
        database = Database(f"sqlite:///{data}/sophia.db")
        upgrade(database)
        with database.write() as session:
            find_or_create_client(session, CLIENT, "America/Toronto", datetime.now(UTC))
        database.close()
        reports = tuple(
            sophia_document("conversions", "import", CLIENT, str(folder / name), *options, environment=environment)
            for name in names
        )
        listed = sophia_document("conversions", "list", CLIENT, "--limit", "10000", environment=environment)
        return Import(reports, totals_of(listed["conversions"]))


def totals_of(records: Sequence[Mapping[str, Any]]) -> Totals:
    """Count the records that count, by type."""
    counts: Counter[str] = Counter()
    amounts: defaultdict[str, Decimal] = defaultdict(Decimal)
    for record in records:
        version = record["version"]
        if record["counts"] and version["removed_at"] is None:
            counts[version["event_type"]] += 1
            amounts[version["event_type"]] += Decimal(version["revenue_amount"] or 0)
    return {name: (count, f"{amounts[name]:.2f}") for name, count in counts.items()}


def changed_orders(folder: Path) -> Iterator[Check]:
    """04: what the newest file says of an order counts."""
    refunds = import_files(folder, ["1-paid.csv", "2-first-refund.csv", "3-second-refund.csv"])
    yield Check("two refunds", {"conversion": (2, "180.00"), "refund": (1, "40.00")}, refunds.totals)
    edited = import_files(folder, ["edited-1.csv", "edited-2.csv"])
    yield Check("an edited total", {"conversion": (1, "160.00")}, edited.totals)
    email = import_files(folder, ["email-1.csv", "email-2-capitals.csv"])
    yield Check("an e-mail in capitals: bad rows", [], email.bad_lines)
    google = import_files(folder, ["ga4-1.csv", "ga4-2.csv"], "--currency", "EUR")
    yield Check("a new attribution: changed", [0, 1], [report["changed"] for report in google.reports])
    cancelled = import_files(folder, ["cancelled-1.csv", "cancelled-2.csv"])
    yield Check("a cancellation", {"conversion": (1, "100.00"), "refund": (1, "100.00")}, cancelled.totals)


def counts_in_other_columns(folder: Path) -> Iterator[Check]:
    """05: counts come from the column that holds them."""
    options = ("--currency", "EUR", "--event-type", "conversion")
    yield Check(
        "purchases", {"conversion": (7, "580.00")}, import_files(folder, ["ecommerce-purchases.csv"], *options).totals
    )
    yield Check(
        "transactions", {"conversion": (3, "90.00")}, import_files(folder, ["transactions.csv"], *options).totals
    )


def amounts_in_other_columns(folder: Path) -> Iterator[Check]:
    """06: refunds have their amounts."""
    refunded = import_files(folder, ["refund-amount.csv"], "--currency", "USD")
    yield Check("Refund amount", {"conversion": (1, "100.00"), "refund": (1, "100.00")}, refunded.totals)
    negative = import_files(folder, ["negative.csv"], "--currency", "USD")
    yield Check("below zero", {"conversion": (1, "100.00"), "refund": (1, "100.00")}, negative.totals)
    yield Check("a purchase below zero is a bad row", [4], negative.bad_lines)


def misplaced_marks(folder: Path) -> Iterator[Check]:
    """07: an amount with a mark in the wrong place is a bad row."""
    yield Check("bad rows", [4, 6, 7, 8, 9, 11, 12], import_files(folder, ["amounts.csv"]).bad_lines)
    point = import_files(folder, ["amounts.csv"], "--decimal", ".")
    yield Check(
        "bad rows with a decimal point",
        expected=True,
        actual={2, 4, 11, 12, 14} <= set(point.bad_lines),
    )


def one_sale(folder: Path) -> Iterator[Check]:
    """08: the same sale from two sources counts once and is reported."""
    result = import_files(folder, ["shop.csv", "ga4.csv"], "--currency", "EUR")
    yield Check("counts once", {"conversion": (1, "100.00")}, result.totals)
    yield Check("reported", expected=True, actual=bool(result.reports[-1]["shared"]))


def first_lines(folder: Path) -> Iterator[Check]:
    """14: what spreadsheets put before and between the rows is understood."""
    names = ["sep-line.csv", "second-bom.csv", "counts-with-thousands.csv"]
    result = import_files(folder, names)
    yield Check("rows", {"inquiry": (1205, "0.00")}, result.totals)
    total = import_files(folder, ["grand-total.csv"], "--currency", "EUR")
    yield Check("a grand total is skipped", {"conversion": (2, "340.00")}, total.totals)
    yield Check("bad rows", [], [*result.bad_lines, *total.bad_lines])


CONVERSION_CASES = {
    "04": changed_orders,
    "05": counts_in_other_columns,
    "06": amounts_in_other_columns,
    "07": misplaced_marks,
    "08": one_sale,
    "14": first_lines,
}
