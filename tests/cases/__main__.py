"""Runs every case of a folder of failing inputs and prints what is expected and what happens: `dev.py cases [FOLDER]`.

The folder is `../shared/cases` unless another is named. The exit code is 1 when a result differs from the expected one.
"""

import argparse
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from tests.cases.checks import Check
from tests.cases.clock_cases import CLOCK_CASES
from tests.cases.conversion_cases import CONVERSION_CASES
from tests.cases.meta_cases import META_CASES
from tests.cases.trials import laboratory

ROOT = Path(__file__).parents[2]


def folders_by_number(cases: Path) -> dict[str, Path]:
    """{"02": the folder of case 02}."""
    return {path.name.partition("-")[0]: path for path in sorted(cases.iterdir()) if path.name[:2].isdigit()}


def main() -> None:
    parser = argparse.ArgumentParser(prog="dev.py cases", description=__doc__)
    parser.add_argument("folder", type=Path, nargs="?", default=ROOT.parent / "shared" / "cases")
    parser.add_argument("--only", default="", help="only the case of this number")
    options = parser.parse_args()
    if not options.folder.is_dir():
        sys.exit(f"{options.folder} is not a folder of cases. Name one: dev.py cases FOLDER")
    folders = {
        number: folder for number, folder in folders_by_number(options.folder).items() if options.only in ("", number)
    }
    with laboratory() as lab:
        runners: dict[str, Callable[[Path], Iterator[Check]]] = {
            **{number: partial(run, lab) for number, run in META_CASES.items()},
            **CONVERSION_CASES,
            **CLOCK_CASES,
        }
        checks = [check for number, folder in folders.items() for check in run_case(folder, runners[number])]
    different = sum(not check.passed for check in checks)
    print(f"{len(checks) - different} of {len(checks)} results of {len(folders)} cases are as expected.")
    if different:
        sys.exit(1)


def run_case(folder: Path, run: Callable[[Path], Iterator[Check]]) -> Iterator[Check]:
    """Print and return the checks of one case as they are made."""
    print(folder.name, flush=True)
    for check in run(folder):
        print(check.line(), flush=True)
        yield check


if __name__ == "__main__":
    main()
