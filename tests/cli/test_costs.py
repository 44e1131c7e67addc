"""`sophia costs` as a user types it."""

from tests.cli.conftest import Shell
from tests.cli.test_reports import furnished

__all__ = ["furnished"]

NOVEMBER = ("--from", "2026-11-01", "--to", "2026-11-30")


def test_costs(furnished: Shell) -> None:
    """G15, G17: recorded once, shown and taken back; what is no amount is wrong usage."""
    add = ("costs", "add", "Hats", "300", "cad", "--for", "Ads on Facebook", *NOVEMBER)
    assert furnished.run(*add).stdout == "Cost 1 is recorded.\n"
    assert furnished.ask(*add) == {"id": 1, "is_new": False}
    assert "300.00 CAD  Ads on Facebook" in furnished.run("costs", "list", "Hats").stdout
    (cost,) = furnished.ask("costs", "list", "Hats")["costs"]
    assert (cost["amount"], cost["end_date"]) == ("300.00", "2026-11-30")
    assert furnished.run("costs", "remove", "Hats", "1").exit_code == 0
    assert furnished.run("costs", "remove", "Hats", "1").exit_code == 1
    assert furnished.ask("costs", "list", "Hats")["costs"] == []
    for wrong in ("-1", "1.005", "NaN", "ten"):
        refused = furnished.run("costs", "add", "Hats", "--for", "x", *NOVEMBER, "--", wrong, "CAD")
        assert refused.exit_code == 2, refused.output
    assert furnished.run("costs", "add", "Hats", "1", "XYZ", "--for", "x", *NOVEMBER).exit_code == 2
