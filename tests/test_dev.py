"""The one word for everything: what it says of packages with known faults."""

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

DEV = Path(__file__).resolve().parents[1] / "dev.py"


@pytest.fixture(scope="module")
def dev() -> ModuleType:
    spec = importlib.util.spec_from_file_location("dev", DEV)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_a_known_fault_ends_the_check_unless_there_is_a_reason(dev: ModuleType) -> None:
    """K11: by the advisory's name or by another that it has; an empty reason is none; unknown packages are no fault."""
    fault = {"id": "GHSA-1", "aliases": ["CVE-1"], "fix_versions": ["1.1"]}
    packages = [
        {"name": "good", "version": "1", "vulns": []},
        {"name": "bad", "version": "1.0", "vulns": [fault]},
        {"name": "unknown", "skip_reason": "not on this index"},
    ]
    (line,) = dev.known_faults(packages, {})
    assert "bad 1.0" in line
    assert "GHSA-1" in line
    assert "1.1" in line
    assert dev.known_faults(packages, {"CVE-1": "never called"}) == []
    assert dev.known_faults(packages, {"GHSA-1": "never called"}) == []
    assert dev.known_faults(packages, {"GHSA-1": " ", "GHSA-2": "x"}) == [line]


def test_every_accepted_fault_has_a_reason(dev: ModuleType) -> None:
    assert all(reason.strip() for reason in dev.accepted_advisories().values())


def test_chromium_is_the_named_program_before_any_other(dev: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOPHIA_CHROMIUM", "/opt/browser")
    assert dev.find_chromium() == "/opt/browser"
    monkeypatch.delenv("SOPHIA_CHROMIUM")
    monkeypatch.setenv("PATH", "")
    assert dev.find_chromium() in (None, str(dev.UNPACKED_CHROMIUM))
