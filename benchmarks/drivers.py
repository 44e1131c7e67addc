"""Whether the split into drivers finds what was planted: `python -m benchmarks.drivers [worlds, default 4]`.

Three generators that share no code with the model or each other: invented portfolios, `benchmarks.worlds`, which was
written without reading the model, and all weeks of the simulated Meta. For each part the share of clients whose 95 %
interval holds the truth, its mean width and error; how often a named main driver is the largest part and has the right
sign; how many weeks show a confident statement; and how long a split takes.
"""

import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import chain

import numpy as np
from tests.demo.planted import PlantedParts

from benchmarks.driver_portfolios import Portfolio, invented
from benchmarks.driver_worlds import SCENARIOS, world_portfolios
from benchmarks.machine import machine, measured, percentile, table
from benchmarks.simulated_weeks import simulated_weeks
from sophia.analytics.drivers.drivers import DRIVERS, DriverSplit, split_drivers

SEED = 20261202
SIZES = (6, 12, 20, 50)
LENGTHS = (7, 28)
# The same number of clients for each size.
CLIENTS_A_WORLD = 12
PART_COLUMNS = ("figures", "part", "intervals", "interval holds truth", "mean width (log)", "mean error (log)")
NAMED_COLUMNS = (
    "figures",
    "portfolio periods",
    "with a confident statement",
    "confident parts",
    "with the right sign",
    "main drivers named",
    "largest part",
    "right sign",
)


@dataclass
class Judged:
    """What was found in the portfolios of one scenario."""

    parts: dict[str, list[tuple[bool, float, float]]] = field(default_factory=lambda: {name: [] for name in DRIVERS})
    signs: list[bool] = field(default_factory=list)
    named: list[tuple[bool, bool]] = field(default_factory=list)
    periods: list[bool] = field(default_factory=list)

    def judge(self, portfolio: Portfolio, seed: int) -> None:
        """Compare the split of a portfolio with the truth."""
        splits = split_drivers(portfolio.clients, portfolio.periods, seed=seed, draws=400)
        confident = False
        for client, truth in zip(portfolio.clients, portfolio.truths, strict=True):
            split = splits[client.client_id]
            confident |= split.whole is not None and split.whole.is_confident
            if all(np.isfinite(getattr(truth, driver)) for driver in DRIVERS):
                confident |= self._judge_client(split, truth)
        self.periods.append(confident)

    def _judge_client(self, split: DriverSplit, truth: PlantedParts) -> bool:
        confident = False
        for driver in DRIVERS:
            part, planted = split.part(driver), getattr(truth, driver)
            # A distribution that contains another part has no truth of its own.
            if (
                part is None
                or part.low is None
                or part.high is None
                or (split.inseparable and driver == "distribution")
            ):
                continue
            inside = part.low - 1e-9 <= planted <= part.high + 1e-9
            self.parts[driver].append((inside, part.high - part.low, abs(part.log - planted)))
            if part.is_confident:
                confident = True
                self.signs.append(part.log * planted > 0)
        main = None if split.main_driver is None else split.part(split.main_driver)
        if split.main_driver is not None and main is not None:
            largest = max(DRIVERS, key=lambda driver: abs(getattr(truth, driver)))
            self.named.append((split.main_driver == largest, main.log * getattr(truth, split.main_driver) > 0))
        return confident

    def coverage(self, driver: str) -> float:
        """Return the share of intervals that hold the truth."""
        return float(np.mean([inside for inside, _, _ in self.parts[driver]]))


def judged(portfolios: Iterable[Portfolio]) -> Judged:
    """Judge all portfolios of a scenario."""
    result = Judged()
    for number, portfolio in enumerate(portfolios):
        result.judge(portfolio, number)
    return result


def part_rows(title: str, result: Judged) -> list[list[str]]:
    return [
        [title, driver, f"{len(values)}", f"{result.coverage(driver):.1%}"]
        + [f"{np.mean(column):.3f}" for column in list(zip(*values, strict=True))[1:]]
        for driver, values in result.parts.items()
        if values
    ]


def named_row(title: str, result: Judged) -> list[str]:
    def share(values: Sequence[bool]) -> str:
        return f"{np.mean(values):.0%}" if values else "–"

    largest, sign = ([pair[index] for pair in result.named] for index in (0, 1))
    return [
        title,
        f"{len(result.periods)}",
        share(result.periods),
        f"{len(result.signs)}",
        share(result.signs),
        f"{len(largest)}",
        share(largest),
        share(sign),
    ]


def cases(worlds: int) -> Iterable[tuple[str, Iterable[Portfolio]]]:
    """Yield each scenario with its portfolios."""
    for length in LENGTHS:
        for size in SIZES:
            count = max(worlds * CLIENTS_A_WORLD // size, 2)
            for is_null in (False, True):
                seeds = [np.random.default_rng((SEED, length, size, is_null, number)) for number in range(4 * count)]
                title = f"invented{', nothing happens' if is_null else ''}, {length} days, {size} clients"
                yield title, (invented(seed, size, length, null=is_null) for seed in seeds)
    for platform in ("facebook", "instagram"):
        weeks = chain.from_iterable(simulated_weeks(SEED + number, platform) for number in range(max(worlds // 2, 1)))
        yield f"simulated weeks, {platform}", weeks
    for length in LENGTHS:
        for size in SIZES:
            count = max(worlds * CLIENTS_A_WORLD // size, 2)
            for scenario in SCENARIOS:
                portfolios = chain.from_iterable(
                    world_portfolios(scenario, size, SEED + number, length) for number in range(count)
                )
                yield f"worlds: {scenario}, {length} days, {size} clients", portfolios


def summary(title: str, results: Sequence[Judged]) -> tuple[list[list[str]], list[str]]:
    """Return the rows of all results together."""
    total = Judged()
    for result in results:
        for driver, values in result.parts.items():
            total.parts[driver] += values
        total.signs += result.signs
        total.named += result.named
        total.periods += result.periods
    return part_rows(title, total), named_row(title, total)


def main(arguments: Sequence[str]) -> None:
    worlds = int(arguments[0]) if arguments else 4
    print(machine())
    results: dict[str, Judged] = {}
    for title, portfolios in cases(worlds):
        results[title] = judged(portfolios)
        covered = ", ".join(f"{d} {results[title].coverage(d):.3f}" for d in DRIVERS if results[title].parts[d])
        print(f"{title}: {covered}", file=sys.stderr, flush=True)
    rows, named = [], []
    groups = {"everything": "", "invented": "invented", "worlds": "worlds", "simulated weeks": "simulated"} | {
        f"{size} clients": f" {size} clients" for size in SIZES
    }
    for title, text in groups.items():
        group = [result for name, result in results.items() if text in name]
        group_rows, group_named = summary(title, group)
        rows += group_rows
        named.append(group_named)
    table("All scenarios", PART_COLUMNS, rows)
    table("Named", NAMED_COLUMNS, named + [named_row(title, result) for title, result in results.items()])
    table("Each scenario", PART_COLUMNS, [row for title, result in results.items() for row in part_rows(title, result)])
    print_times()


def print_times() -> None:
    rows = []
    for size, length in ((12, 7), (20, 28), (200, 7), (200, 28)):
        portfolio = invented(np.random.default_rng(1), size, length)
        spent = [time_of(portfolio) for _ in range(10)]
        rows.append(
            [f"{size} clients, {length} days", f"{percentile(spent, 0.0):.0f}", f"{percentile(spent, 0.5):.0f}"]
        )
    table("Time", ["portfolio", "ms, best of 10", "ms, median"], rows)


def time_of(portfolio: Portfolio) -> float:
    """Milliseconds of one split."""
    with measured() as spent:
        split_drivers(portfolio.clients, portfolio.periods, draws=400)
    return spent.wall * 1000


if __name__ == "__main__":
    main(sys.argv[1:])
