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
        "anomalies/detection.py": ("anomalies/test_anomalies.py",),
        "anomalies/expectation.py": ("anomalies/test_anomalies.py",),
        "anomalies/detector.py": ("anomalies/test_anomalies.py", "anomalies/test_monitoring.py"),
        "anomalies/portfolio_events.py": ("anomalies/test_shared_events.py", "anomalies/test_anomalies.py"),
        "anomalies/records.py": ("anomalies/test_anomalies.py", "anomalies/test_shared_events.py"),
        "anomalies/scoring.py": ("anomalies/test_anomalies.py",),
        "anomalies/shared_events.py": ("anomalies/test_shared_events.py",),
        "anomalies/state.py": ("anomalies/test_anomalies.py",),
        "audience/matching.py": ("audience/test_audience.py",),
        "benchmarks/comparison.py": ("benchmarks/test_benchmarks.py",),
        "campaigns/totals.py": ("campaigns/test_campaigns.py",),
        "comments/sentiment.py": ("comments/test_sentiment.py",),
        "comments/share_of_voice.py": ("comments/test_share_of_voice.py",),
        "conversions/attribution.py": ("conversions/test_attribution.py",),
        "conversions/commerce.py": ("conversions/test_commerce.py",),
        "conversions/funnel.py": ("conversions/test_funnel.py",),
        "decisions/cases.py": ("decisions/test_decision_cases.py",),
        "decisions/guidance.py": (
            "decisions/test_decision_cases.py",
            "decisions/test_quality_router.py",
            "decisions/test_guidance.py",
        ),
        "decisions/predictions.py": ("decisions/test_decisions.py", "decisions/test_decision_cases.py"),
        "decisions/scores.py": ("decisions/test_scores.py",),
        "drivers/confidence.py": ("drivers/test_confidence.py",),
        "drivers/draws.py": ("drivers/test_drivers.py",),
        "drivers/drivers.py": ("drivers/test_drivers.py",),
        "drivers/exponents.py": ("drivers/test_exponents.py", "drivers/test_drivers.py"),
        "drivers/formats.py": ("drivers/test_formats.py", "drivers/test_drivers.py"),
        "drivers/history.py": ("drivers/test_drivers.py",),
        "drivers/noise.py": ("drivers/test_noise.py", "drivers/test_drivers.py"),
        "drivers/sentences.py": ("drivers/test_driver_sentences.py",),
        "drivers/series.py": ("drivers/test_drivers.py",),
        "figures/currencies.py": ("conversions/test_attribution.py", "kpis/test_kpis.py"),
        "figures/documents.py": ("kpis/test_weekly.py",),
        "figures/facts.py": ("kpis/test_kpis.py", "kpis/test_summaries.py", "conversions/test_commerce.py"),
        "figures/figures.py": ("figures/test_figures.py",),
        "figures/shrinkage.py": ("figures/test_shrinkage.py",),
        "figures/statistics.py": (
            "figures/test_estimation.py",
            "posting_times/test_posting_times.py",
            "figures/test_shrinkage.py",
            "kpis/test_trends.py",
            "figures/test_tails.py",
            "drivers/test_weighted_medians.py",
        ),
        "goals/progress.py": ("goals/test_goals.py",),
        "kpis/approvals.py": ("kpis/test_approvals.py",),
        "kpis/kpis.py": ("kpis/test_kpis.py",),
        "kpis/like_for_like.py": ("kpis/test_kpis.py", "reports/test_building.py"),
        "kpis/summaries.py": ("kpis/test_summaries.py",),
        "kpis/trends.py": ("kpis/test_trends.py",),
        "posting_times/format_effects.py": ("posting_times/test_posting_times.py", "figures/test_shrinkage.py"),
        "posting_times/post_ranking.py": ("posting_times/test_post_ranking.py",),
        "posting_times/group_effects.py": ("posting_times/test_posting_times.py", "figures/test_shrinkage.py"),
    },
    "queries": {
        "annotations/queries.py": ("goals/test_router.py",),
        "anomalies/queries.py": ("anomalies/test_monitoring.py", "readings/test_portfolio_days.py"),
        "audience/queries.py": ("audience/test_router.py",),
        "benchmarks/queries.py": ("benchmarks/test_router.py",),
        "campaigns/queries.py": ("campaigns/test_router.py", "campaigns/test_queries.py"),
        "collector/due.py": ("collector/test_told.py", "collector/test_again.py", "collector/test_refusals.py"),
        "comments/competitors.py": (
            "comments/test_router.py",
            "collector/test_competitors.py",
            "comments/test_competitors.py",
        ),
        "comments/queries.py": ("comments/test_router.py", "collector/test_comments.py", "comments/test_queries.py"),
        "conversions/post_coverage.py": ("conversions/test_post_coverage.py",),
        "conversions/queries.py": ("conversions/test_router.py",),
        "decisions/outcomes.py": ("decisions/test_quality_router.py", "kpis/test_weekly.py"),
        "decisions/queries.py": ("decisions/test_router.py", "decisions/test_quality_router.py"),
        "figures/cursors.py": ("figures/test_cursors.py",),
        "kpis/client_events.py": (
            "kpis/test_windows.py",
            "conversions/test_funnel_router.py",
            "decisions/test_router.py",
        ),
        "kpis/queries.py": ("kpis/test_weekly.py", "reports/test_as_it_was.py"),
        "kpis/windows.py": ("kpis/test_windows.py",),
        "links/queries.py": ("links/test_router.py",),
        "readings/account_days.py": ("readings/test_portfolio_days.py",),
        "readings/account_states.py": (
            "readings/test_account_states.py",
            "reports/test_client_router.py",
            "readings/test_health_router.py",
            "../jobs/test_due.py",
            "readings/test_failing_families.py",
        ),
        "readings/aggregated.py": ("readings/test_aggregated.py",),
        "readings/gaps.py": ("readings/test_gaps.py",),
        "readings/meanings.py": ("kpis/test_windows.py", "readings/test_aggregated.py"),
        "readings/posts.py": ("posting_times/test_router.py", "kpis/test_windows.py"),
        "readings/queries.py": ("readings/test_queries.py",),
        "readings/refusals.py": ("readings/test_gaps.py", "collector/test_refusals.py"),
        "readings/runs.py": ("readings/test_health_router.py", "readings/test_runs.py"),
        "readings/visibility.py": (
            "reports/test_client_router.py",
            "goals/test_router.py",
            "readings/test_permissions.py",
        ),
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
