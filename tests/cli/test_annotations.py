"""`sophia annotate` as a user types it."""

import json

import pytest
from tests.cli.conftest import Shell
from tests.cli.test_reports import furnished

__all__ = ["furnished"]


def test_annotations(furnished: Shell) -> None:
    """H12: written for a client and for all, shown, taken back."""
    result = furnished.run("annotate", "Hats", "2026-11-10", "A fair", "--by", "Ada")
    assert result.exit_code == 0
    assert "A fair" in result.stdout
    (everybody,) = json.loads(furnished.run("annotate", "all", "2026-11-11", "Armistice", "--json").stdout)[
        "annotations"
    ]
    assert everybody["client_id"] is None
    listed = furnished.ask("annotate", "Hats")["annotations"]
    assert [(row["text"], row["day"]) for row in listed] == [("A fair", "2026-11-10"), ("Armistice", "2026-11-11")]
    assert listed[0]["author"] == "Ada"
    assert furnished.run("annotate", "Hats", "--remove", str(listed[0]["id"])).exit_code == 0
    assert furnished.run("annotate", "Hats", "--remove", str(everybody["id"])).exit_code == 1
    assert furnished.run("annotate", "all", "--remove", str(everybody["id"])).exit_code == 0
    assert "sophia annotate" in furnished.run("annotate", "Hats").stdout


@pytest.mark.parametrize("arguments", [("2026-11-10",), ("tomorrow", "x"), ("2026-11-10", "x", "--remove", "1")])
def test_half_an_annotation(furnished: Shell, arguments: tuple[str, ...]) -> None:
    """C10: wrong usage, before anything is opened."""
    assert furnished.run("annotate", "Hats", *arguments).exit_code == 2
