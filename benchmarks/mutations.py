"""Which broken conditions no test notices: `python -m benchmarks.mutations measures|queries [count] [seed]`.

`measures` are the calculations of all subjects, `queries` their reads. A seeded sample of their mutants, from `mutants`. Each runs in a process of its own that imports the mutated
module instead of the file (nothing on disk changes) and then runs the test files closest to the module, on SQLite alone,
until the first failure or for `TIME_LIMIT` seconds. Before, the same test files run once without a change: they must
pass. A mutant that outlasts the limit is not counted: the cause may be an endless loop or a busy machine. Prints the
score and the survivors.
"""

import argparse
import importlib
import importlib.machinery
import os
import random
import signal
import sys
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from types import CodeType, ModuleType
from typing import Final

import pytest

from benchmarks.mutants import Mutant, mutants_of, mutated_tree

ROOT: Final = Path(__file__).resolve().parent.parent
ANALYTICS, TESTS = ROOT / "src/sophia/analytics", ROOT / "tests/analytics"
TIME_LIMIT: Final = 120
# pytest's codes; the others say that the tests could not run.
PASSED, TIMED_OUT = 0, -1
OPTIONS: Final = (
    *("-x", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", "-k", "not postgresql", "-m", "not campaign"),
    # Plugins are imported before pytest could rewrite their assertions.
    *("-W", "ignore::pytest.PytestAssertRewriteWarning"),
)
# Imported once, before the processes part: loading them takes longer than most tests.
PACKAGES: Final = (
    "cryptography",
    "fastapi",
    "httpx",
    "numpy",
    "psycopg",
    "pydantic_settings",
    "sqlalchemy.orm",
    "typer",
)
# The modules whose mutants are tried, and the test files closest to each, most likely to notice first.
CLOSEST: Final[dict[str, dict[str, tuple[str, ...]]]] = {
    "measures": {
        "anomalies/detection.py": ("measures/test_anomalies.py",),
        "anomalies/expectation.py": ("measures/test_anomalies.py",),
        "anomalies/journal.py": ("measures/test_anomalies.py", "report/test_journal.py"),
        "anomalies/portfolio_events.py": ("measures/test_shared_events.py", "measures/test_anomalies.py"),
        "anomalies/records.py": ("measures/test_anomalies.py", "measures/test_shared_events.py"),
        "anomalies/scoreboard.py": ("measures/test_anomalies.py",),
        "anomalies/shared_events.py": ("measures/test_shared_events.py",),
        "anomalies/state.py": ("measures/test_anomalies.py",),
        "audience/matching.py": ("measures/test_audience.py",),
        "benchmarks/comparison.py": ("measures/test_benchmarks.py",),
        "campaigns/totals.py": ("measures/test_campaigns.py",),
        "comments/sentiment.py": ("measures/test_sentiment.py",),
        "comments/share_of_voice.py": ("measures/test_share_of_voice.py",),
        "conversions/attribution.py": ("measures/test_attribution.py",),
        "conversions/commerce.py": ("measures/test_commerce.py",),
        "conversions/funnel.py": ("measures/test_funnel.py",),
        "decisions/cases.py": ("measures/test_decision_cases.py",),
        "decisions/guidance.py": (
            "measures/test_decision_cases.py",
            "test_router_decision_quality.py",
            "measures/test_guidance.py",
        ),
        "decisions/predictions.py": ("measures/test_decisions.py", "measures/test_decision_cases.py"),
        "decisions/scores.py": ("measures/test_scores.py",),
        "drivers/draws.py": ("measures/test_driver_intervals.py", "measures/test_drivers.py"),
        "drivers/drivers.py": ("measures/test_drivers.py",),
        "drivers/factors.py": (
            "measures/test_drivers.py",
            "measures/test_driver_intervals.py",
            "measures/test_format_factors.py",
            "measures/test_lasting_days.py",
            "measures/test_posting_of_days.py",
        ),
        "drivers/sentences.py": ("measures/test_driver_sentences.py",),
        "drivers/units.py": ("measures/test_driver_intervals.py", "measures/test_drivers.py"),
        "figures/currencies.py": ("measures/test_attribution.py", "measures/test_kpis.py"),
        "figures/documents.py": ("report/test_weekly.py",),
        "figures/facts.py": ("measures/test_kpis.py", "measures/test_summaries.py", "measures/test_commerce.py"),
        "figures/figures.py": ("measures/test_figures.py",),
        "figures/shrinkage.py": ("measures/test_shrinkage.py",),
        "figures/statistics.py": (
            "measures/test_estimation.py",
            "measures/test_posting_times.py",
            "measures/test_shrinkage.py",
            "measures/test_trends.py",
            "measures/test_tails.py",
            "measures/test_weighted_medians.py",
        ),
        "goals/progress.py": ("measures/test_goals.py",),
        "kpis/approvals.py": ("measures/test_approvals.py",),
        "kpis/kpis.py": ("measures/test_kpis.py",),
        "kpis/like_for_like.py": ("measures/test_kpis.py", "report/test_building.py"),
        "kpis/summaries.py": ("measures/test_summaries.py",),
        "kpis/trends.py": ("measures/test_trends.py",),
        "posting_times/engagement_changes.py": ("measures/test_engagement_changes.py",),
        "posting_times/format_effects.py": ("measures/test_posting_times.py", "measures/test_shrinkage.py"),
        "posting_times/post_ranking.py": ("measures/test_post_ranking.py",),
        "posting_times/group_effects.py": ("measures/test_posting_times.py", "measures/test_shrinkage.py"),
    },
    "queries": {
        "annotations/queries.py": ("test_router_told.py",),
        "anomalies/queries.py": ("report/test_journal.py", "test_queries_portfolio_days.py"),
        "audience/queries.py": ("test_router_audience.py",),
        "benchmarks/queries.py": ("test_router_benchmarks.py",),
        "campaigns/queries.py": ("test_router_campaigns.py", "test_queries_campaigns.py"),
        "collector/due.py": ("collector/test_told.py", "collector/test_again.py", "collector/test_refusals.py"),
        "comments/competitors.py": (
            "test_router_comments.py",
            "collector/test_competitors.py",
            "test_queries_competitors.py",
        ),
        "comments/queries.py": ("test_router_comments.py", "collector/test_comments.py", "test_queries_comments.py"),
        "conversions/post_coverage.py": ("test_queries_looked_for.py",),
        "conversions/queries.py": ("test_router_conversions.py",),
        "decisions/outcomes.py": ("test_router_decision_quality.py", "report/test_weekly.py"),
        "decisions/queries.py": ("test_router_decisions.py", "test_router_decision_quality.py"),
        "figures/cursors.py": ("test_queries_cursors.py",),
        "kpis/client_events.py": ("test_queries_windows.py", "test_router_funnel.py", "test_router_decisions.py"),
        "kpis/queries.py": ("report/test_weekly.py", "report/test_as_it_was.py"),
        "kpis/windows.py": ("test_queries_windows.py",),
        "links/queries.py": ("test_router_links.py",),
        "readings/account_days.py": ("test_queries_portfolio_days.py",),
        "readings/account_states.py": (
            "test_queries_overview.py",
            "test_router_clients.py",
            "test_router_operations.py",
            "../jobs/test_due.py",
            "test_queries_standing.py",
        ),
        "readings/aggregated.py": ("test_queries_aggregated.py",),
        "readings/gaps.py": ("test_queries_gaps.py",),
        "readings/meanings.py": ("test_queries_windows.py", "test_queries_aggregated.py"),
        "readings/posts.py": ("test_router_posting_times.py", "test_queries_windows.py"),
        "readings/queries.py": ("test_queries_readings.py",),
        "readings/refusals.py": ("test_queries_gaps.py", "collector/test_refusals.py"),
        "readings/runs.py": ("test_router_operations.py", "store/test_runs.py"),
        "readings/visibility.py": ("test_router_clients.py", "test_router_told.py", "test_queries_sight.py"),
    },
}


class MutatedLoader(importlib.machinery.SourceFileLoader):
    """Loads a module from a changed syntax tree; no compiled file is read or written."""

    def __init__(self, name: str, mutant: Mutant) -> None:
        super().__init__(name, str(mutant.path))
        self.mutant = mutant

    def get_code(self, fullname: str) -> CodeType:  # noqa: ARG002 - the loader's interface
        return compile(mutated_tree(self.mutant), str(self.mutant.path), "exec", dont_inherit=True)


class MutatedFinder:
    """Finds one module, the mutated one, before anything else does."""

    def __init__(self, mutant: Mutant) -> None:
        self.name, self.mutant = _module_name(mutant.path), mutant

    def find_spec(
        self, name: str, _path: Sequence[str] | None = None, _target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if name != self.name:
            return None
        is_package = self.mutant.path.name == "__init__.py"
        found = importlib.machinery.ModuleSpec(
            name, MutatedLoader(name, self.mutant), origin=str(self.mutant.path), is_package=is_package
        )
        found.has_location = True
        if is_package:
            found.submodule_search_locations = [str(self.mutant.path.parent)]
        return found


def _module_name(path: Path) -> str:
    return ".".join(path.relative_to(ROOT / "src").with_suffix("").parts).removesuffix(".__init__")


def closest_tests(path: Path) -> tuple[str, ...]:
    """The test files closest to a module; none for a module that `CLOSEST` does not name."""
    name = path.relative_to(ANALYTICS).as_posix()
    files = [TESTS / file for modules in CLOSEST.values() for file in modules.get(name, ())]
    return tuple(dict.fromkeys(str(file.resolve()) for file in files if file.exists()))


def run(tests: Sequence[str], mutant: Mutant | None) -> int:
    """The code of pytest in a process of its own, or TIMED_OUT."""
    child = os.fork()
    if child == 0:
        os.setsid()
        with open(os.devnull, "w") as nothing:  # noqa: PTH123 - a descriptor is all that is needed
            os.dup2(nothing.fileno(), 1)
            os.dup2(nothing.fileno(), 2)
        if mutant is not None:
            sys.meta_path.insert(0, MutatedFinder(mutant))
        os._exit(int(pytest.main([*OPTIONS, f"--rootdir={ROOT}", *tests])))
    deadline = time.monotonic() + TIME_LIMIT
    while time.monotonic() < deadline:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.1)
    os.killpg(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return TIMED_OUT


def sample(package: str, count: int, seed: int, only: str | None) -> list[Mutant]:
    """A sample of the mutants of all modules that have tests, in random order; arithmetic of `measures` only."""
    paths = [ANALYTICS / name for name in sorted(CLOSEST[package])]
    found = [
        mutant
        for path in paths
        if closest_tests(path) and (only is None or path.relative_to(ANALYTICS).as_posix() == only)
        for mutant in mutants_of(path, with_arithmetic=package == "measures")
    ]
    print(f"{len(found)} mutants of {package}")
    return random.Random(seed).sample(found, min(count, len(found)))


def report(package: str, results: Sequence[tuple[Mutant, int]]) -> None:
    survivors = [mutant for mutant, code in results if code == PASSED]
    late = sum(code == TIMED_OUT for _, code in results)
    counted = len(results) - late
    noticed = counted - len(survivors)
    share = 100 * noticed / max(counted, 1)
    print(f"\n{package}: {noticed} of {counted} noticed ({share:.0f} %), and {late} outlasted the time limit")
    print("codes of pytest:", dict(Counter(code for _, code in results)))
    for mutant in sorted(survivors, key=lambda mutant: (mutant.path, mutant.line)):
        print(
            f"| `{mutant.path.relative_to(ANALYTICS).as_posix()}:{mutant.line}` | {mutant.kind} | `{mutant.before}` | `{mutant.after}` |"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description="Break conditions one at a time and see whether a test fails.")
    parser.add_argument("package", choices=["measures", "queries"])
    parser.add_argument("count", type=int, nargs="?", default=60)
    parser.add_argument("seed", type=int, nargs="?", default=20261130)
    parser.add_argument("--only", help="the mutants of this module alone, such as readings/visibility.py")
    parser.add_argument("--minutes", type=float, default=60, help="begin no other mutant after so long")
    arguments = parser.parse_args()
    deadline = time.monotonic() + 60 * arguments.minutes
    for package in PACKAGES:
        importlib.import_module(package)
    usable: dict[tuple[str, ...], bool] = {}
    results = []
    for mutant in sample(arguments.package, arguments.count, arguments.seed, arguments.only):
        if time.monotonic() > deadline:
            print("The time is over; the mutants so far are as random a sample as all would be.")
            break
        tests = closest_tests(mutant.path)
        if tests not in usable:
            usable[tests] = run(tests, None) == PASSED
        if not usable[tests]:
            print(f"left out, its tests do not pass in time without a change: {mutant.path.name}", flush=True)
            continue
        started = time.monotonic()
        code = run(tests, mutant)
        results.append((mutant, code))
        word = "survived" if code == PASSED else "noticed"
        print(f"{time.monotonic() - started:5.0f} s {word} ({code}) {mutant.path.name}:{mutant.line}", end=" ")
        print(f"{mutant.before} → {mutant.after}"[:200], flush=True)
    report(arguments.package, results)


if __name__ == "__main__":
    main()
