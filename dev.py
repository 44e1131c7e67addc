"""The commands of this repository. They need Python 3.11 and git.

    python3 dev.py demo         collect an invented agency from a simulated Meta, then serve it
    python3 dev.py test         lint, types, import contracts, and all tests
    python3 dev.py check        lint, types, import contracts, plain names, and known faults of the packages that are used
    python3 dev.py fix          let the linter fix and format the code
    python3 dev.py campaigns    the long tests: PostgreSQL twins, kill points, planted truth, every row of the matrix
    python3 dev.py cases        run the failing inputs of ../shared/cases and print expected and actual results
    python3 dev.py reliability  test every fault of docs/reliability.md, and write its tables
    python3 dev.py screenshots  write the pictures of the README from the demo, with Chromium
    python3 dev.py lock         write requirements.lock from pyproject.toml
    python3 dev.py sophia …     run a command of Sophia
    python3 dev.py run …        run a command inside the environment

Arguments are passed on: ``python3 dev.py test -k store``.
"""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
BIN = VENV / ("Scripts" if os.name == "nt" else "bin")
PYTHON = BIN / "python"
LOCK = ROOT / "requirements.lock"
STAMP = VENV / "installed.sha256"
AUDIT_SECONDS = 60
# Where .ci/run unpacks Chromium when it may not install packages.
UNPACKED_CHROMIUM = ROOT / ".browser" / "chromium"
NO_CHROMIUM = """
No Chromium was found, so the tests in a real browser were skipped. Install Debian's:
    apt-get install chromium
Or name the program in SOPHIA_CHROMIUM."""

NO_POPPLER = """
No pdftotext was found, so the tests that read PDFs were skipped. Install Debian's:
    apt-get install poppler-utils"""


def call(*command: str | Path) -> None:
    """Run a command in the project's folder with .venv first on the path; end with its exit code when it fails."""
    env = {**os.environ, "PATH": f"{BIN}{os.pathsep}{os.environ.get('PATH', '')}", "VIRTUAL_ENV": str(VENV)}
    # Without bytecode each process starts a second later, and the tests start hundreds.
    env.pop("PYTHONDONTWRITEBYTECODE", None)
    try:
        code = subprocess.call([str(part) for part in command], cwd=ROOT, env=env)
    except KeyboardInterrupt:
        code = 130
    if code:
        sys.exit(code)


def fingerprint() -> str:
    """Return a hash of everything that determines .venv; when it changes, .venv is updated."""
    parts = (LOCK.read_bytes(), (ROOT / "pyproject.toml").read_bytes(), sys.version.encode(), str(VENV).encode())
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


def install() -> None:
    """Install exactly the packages of requirements.lock and the project into .venv, unless they are installed."""
    if STAMP.exists() and STAMP.read_text() == fingerprint():
        return
    print("Installing into .venv …", flush=True)
    if not (BIN / "uv").exists() and not (BIN / "uv.exe").exists():
        install_uv()
    uv = (BIN / "uv", "pip")
    call(*uv, "sync", "--quiet", "--require-hashes", "--python", PYTHON, LOCK)
    call(*uv, "install", "--quiet", "--no-deps", "--no-build-isolation", "--python", PYTHON, "--editable", ROOT)
    STAMP.write_text(fingerprint())


def install_uv() -> None:
    """Create .venv with uv, pinned and hashed in requirements.lock; uv installs the other packages."""
    shutil.rmtree(VENV, ignore_errors=True)
    if subprocess.call([sys.executable, "-m", "venv", str(VENV)]):
        sys.exit("Python could not make .venv. On Debian and Ubuntu, install the package python3-venv and try again.")
    pinned = re.search(r"^uv==.*?(?=^\S)", LOCK.read_text() + "\n#", re.MULTILINE | re.DOTALL)
    if pinned is None:
        sys.exit("requirements.lock does not name uv. Bring it back with git, then try again.")
    with tempfile.TemporaryDirectory() as folder:
        wanted = Path(folder, "uv.txt")
        wanted.write_text(pinned.group())
        quiet = ("--quiet", "--disable-pip-version-check")
        call(PYTHON, "-m", "pip", "install", *quiet, "--require-hashes", "--requirement", wanted)


def check(*_: str) -> None:
    call(BIN / "ruff", "check", ".")
    call(BIN / "ruff", "format", "--check", ".")
    call(BIN / "mypy")
    call(BIN / "lint-imports")
    call(PYTHON, "-m", "tests.code_shape")
    audit()


def audit() -> None:
    """Look up known vulnerabilities of the packages in requirements.lock; each ends the check, unless pyproject.toml
    accepts it under tool.sophia.accepted-advisories with a reason.

    Without a network this prints a warning and continues: a build must not depend on a network.
    """
    options = ("--require-hashes", "--disable-pip", "--format", "json", "--progress-spinner", "off", "--timeout", "10")
    command = (BIN / "pip-audit", "--requirement", LOCK, *options)
    try:
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=AUDIT_SECONDS, check=False)
        packages = json.loads(done.stdout)["dependencies"]
    except (OSError, subprocess.TimeoutExpired, ValueError, KeyError) as error:
        print(f"Warning: the package index could not be reached to look up vulnerabilities ({type(error).__name__}).")
        return
    unknown = [package["name"] for package in packages if "skip_reason" in package]
    if unknown:
        print(f"Warning: the index has no data on vulnerabilities of {len(unknown)} of {len(packages)} packages.")
    faults = known_faults(packages, accepted_advisories())
    if faults:
        sys.exit("\n".join([*faults, "Upgrade to a fixed version: python3 dev.py lock --upgrade-package NAME"]))


def accepted_advisories() -> dict[str, str]:
    """Return {advisory: why it does not matter here} from pyproject.toml."""
    import tomllib  # noqa: PLC0415 - which an older Python, that is told so below, does not have

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    accepted: dict[str, str] = project.get("tool", {}).get("sophia", {}).get("accepted-advisories", {})
    return accepted


def known_faults(packages: list[dict[str, Any]], accepted: dict[str, str]) -> list[str]:
    """Return a line for every vulnerability that is not accepted with a reason under any of its names."""
    return [
        f"{package['name']} {package['version']} has the vulnerability {fault['id']}; fixed in {fault['fix_versions'] or 'none'}"
        for package in packages
        for fault in package.get("vulns", ())
        if not any(accepted.get(name, "").strip() for name in (fault["id"], *fault.get("aliases", ())))
    ]


def find_chromium() -> str | None:
    """Return the Chromium that SOPHIA_CHROMIUM names, that the machine has, or that was unpacked; None without any."""
    named = os.environ.get("SOPHIA_CHROMIUM")
    installed = shutil.which("chromium") or shutil.which("chromium-browser")
    unpacked = str(UNPACKED_CHROMIUM) if UNPACKED_CHROMIUM.exists() else None
    return named or installed or unpacked


def test(*arguments: str) -> None:
    chromium = find_chromium()
    if chromium is not None:
        os.environ["SOPHIA_CHROMIUM"] = chromium
    if not arguments:
        check()
    # One more than two processors: tests wait for sockets and other processes.
    try:
        call(BIN / "pytest", "-n", "3", "--dist", "worksteal", "-m", "not campaign", *arguments)
    finally:
        if chromium is None:
            print(NO_CHROMIUM)
        if shutil.which("pdftotext") is None:
            print(NO_POPPLER)


def screenshots(*arguments: str) -> None:
    chromium = find_chromium()
    if chromium is None:
        sys.exit("No Chromium was found. Install Debian's: apt-get install chromium")
    os.environ["SOPHIA_CHROMIUM"] = chromium
    call(PYTHON, ROOT / "docs" / "screenshots.py", *arguments)


def campaigns(*arguments: str) -> None:
    call(BIN / "pytest", "-n", "3", "--dist", "worksteal", "-m", "campaign", *arguments)


def fix(*_: str) -> None:
    call(BIN / "ruff", "check", "--fix-only", ".")
    call(BIN / "ruff", "format", ".")


def lock(*arguments: str) -> None:
    """Write requirements.lock with hashes and without the address of a registry."""
    form = ("--universal", "--generate-hashes", "--no-header", "--quiet", "--python-version", "3.11")
    call(BIN / "uv", "pip", "compile", *form, "--group", "dev", *arguments, "pyproject.toml", "-o", LOCK)


def main() -> None:
    word, *arguments = sys.argv[1:] or ["help"]
    words: dict[str, Callable[[], None]] = {
        "demo": lambda: call(BIN / "sophia", "demo", *arguments),
        "test": lambda: test(*arguments),
        "check": check,
        "campaigns": lambda: campaigns(*arguments),
        "cases": lambda: call(PYTHON, "-m", "tests.cases", *arguments),
        "fix": fix,
        "screenshots": lambda: screenshots(*arguments),
        "reliability": lambda: call(PYTHON, "-m", "tests.reliability", *arguments),
        "lock": lambda: lock(*arguments),
        "sophia": lambda: call(BIN / "sophia", *arguments),
        "run": lambda: call(*arguments),
    }
    if word not in words:
        sys.exit(__doc__)
    install()
    words[word]()


# Nothing is installed at this point, so no installer checks the version.
if sys.version_info < (3, 11):  # noqa: UP036
    sys.exit(f"Sophia needs Python 3.11 or newer; this is {sys.version.split()[0]}.")
if __name__ == "__main__":
    main()
