"""`sophia conversions import` as a user gives it."""

from tests.cli.conftest import Shell

ORDERS = "event_date;event_type;source;revenue_amount;external_id\n2026-02-28;purchase;shop;19,90;A-1\n2026-02-28;banana;shop;;\n"


def test_a_file_is_recorded_once(shell: Shell) -> None:
    """J4, J5: good rows are kept, the bad one is told with its line and 3 is the exit code; twice adds nothing."""
    shell.connect()
    client = shell.ask("client", "list")["clients"][0]["name"]
    file = shell.folder / "orders.csv"
    file.write_text(ORDERS, encoding="utf-8-sig")
    command = ("conversions", "import", client, str(file), "--currency", "eur")
    tried = shell.run(*command, "--dry-run")
    assert (tried.exit_code, "1 events would be recorded" in tried.stdout) == (3, True), tried.output
    shown = shell.run(*command)
    assert (shown.exit_code, "1 events recorded, 0 changed, 0 were known before" in shown.stdout) == (3, True), (
        shown.output
    )
    assert "line 3: event_type" in shown.stderr
    again = shell.ask(*command)
    assert (again["recorded"], again["known_before"], [row["line"] for row in again["bad"]]) == (0, 1, [3])


def test_wrong_options_end_with_2(shell: Shell) -> None:
    """C10: a currency, zone, sign or file that there is not."""
    file = shell.folder / "orders.csv"
    file.write_text(ORDERS)
    for wrong in (["--currency", "ABC"], ["--timezone", "Mars"], ["--decimal", "x"], ["--event-type", "banana"]):
        assert shell.run("conversions", "import", "1", str(file), *wrong).exit_code == 2
    assert shell.run("conversions", "import", "1", "none.csv").exit_code == 2
