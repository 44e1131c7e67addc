"""`sophia conversions import` as a user types it."""

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
    result = shell.run(*command)
    assert (result.exit_code, "1 events recorded, 0 changed, 0 unchanged" in result.stdout) == (3, True), result.output
    assert "line 3: event_type" in result.stderr
    again = shell.ask(*command)
    assert (again["recorded"], again["known_before"], [row["line"] for row in again["bad"]]) == (0, 1, [3])


def test_wrong_options_end_with_2(shell: Shell) -> None:
    """C10: a currency, zone, sign or file that there is not."""
    file = shell.folder / "orders.csv"
    file.write_text(ORDERS)
    for wrong in (["--currency", "ABC"], ["--timezone", "Mars"], ["--decimal", "x"], ["--event-type", "banana"]):
        assert shell.run("conversions", "import", "1", str(file), *wrong).exit_code == 2
    assert shell.run("conversions", "import", "1", "none.csv").exit_code == 2


def test_conversions_are_listed_amended_deleted_and_restored(shell: Shell) -> None:
    """L13: by their ids, with a reason that is kept; the same file does not bring a deleted one back."""
    shell.connect()
    client = shell.ask("client", "list")["clients"][0]["name"]
    file = shell.folder / "orders.csv"
    file.write_text("event_date;event_type;source;revenue_amount;external_id\n2026-02-28;purchase;shop;19,90;A-1\n")
    command = ("conversions", "import", client, str(file), "--currency", "EUR")
    assert shell.run(*command).exit_code == 0
    (listed,) = shell.ask("conversions", "list", client, "--type", "conversion")["conversions"]
    number = str(listed["id"])
    assert (listed["version"]["revenue_amount"], listed["counts"]) == ("19.90", True)
    amended = shell.run("conversions", "amend", client, number, "--amount", "18.00", "--reason", "A discount")
    assert amended.exit_code == 0, amended.output
    assert shell.run("conversions", "amend", client, number, "--reason", "Nothing").exit_code == 2
    assert shell.run("conversions", "amend", client, number, "--amount", "1.001", "--reason", "x").exit_code != 0
    history = shell.ask("conversions", "show", client, number)
    assert (history["conversion"]["version"]["revenue_amount"], len(history["history"])) == ("18.00", 1)
    assert shell.run("conversions", "delete", client, number, "--reason", "A test").exit_code == 0
    again = shell.ask(*command)
    assert (again["kept_deleted"], again["recorded"]) == (1, 0)
    assert shell.ask("conversions", "list", client)["conversions"] == []
    assert shell.run("conversions", "restore", client, number, "--reason", "Real").exit_code == 0
    assert "18.00 EUR" in shell.run("conversions", "list", client).stdout
    assert "A test" in shell.run("conversions", "show", client, number).stdout


def test_the_sources_that_count_are_chosen(shell: Shell) -> None:
    """L14, L15: the column that counts is shown, shared sales are reported with the command, a wrong name is refused."""
    shell.connect()
    client = shell.ask("client", "list")["clients"][0]["name"]
    shop, report = shell.folder / "shop.csv", shell.folder / "ga4.csv"
    shop.write_text("event_date,event_type,source,revenue_amount,external_id\n2026-02-28,purchase,shop,10.00,#1\n")
    report.write_text("Date,Session source / medium,Transactions,Total revenue\n20260228,facebook / social,1,10.00\n")
    assert shell.run("conversions", "import", client, str(shop), "--currency", "EUR").exit_code == 0
    result = shell.run("conversions", "import", client, str(report), "--currency", "EUR").stdout
    assert "1 conversions from column Transactions." in result
    assert "1 sales of ga4 and shop may be the same" in result
    assert shell.run("conversions", "source", client, "shpo").exit_code == 1
    chosen = shell.ask("conversions", "source", client, "shop")
    assert {row["name"]: row["counted_sales"] for row in chosen["sources"]} == {"ga4": 0, "shop": 1}
    assert "Chosen: shop" in shell.run("conversions", "source", client).stdout
    assert shell.ask("conversions", "source", client, "--default")["chosen"] is None
    assert shell.run("conversions", "source", client, "shop", "--all").exit_code == 2
    fields = shell.run("conversions", "import", client, str(report), "--column", "Fecha")
    assert (fields.exit_code, "FIELD=HEADING" in fields.output) == (2, True)


def test_skipped_rows_are_in_the_document(shell: Shell) -> None:
    """L14: a report that counts nothing in a row is printed as JSON too."""
    shell.connect()
    client = shell.ask("client", "list")["clients"][0]["name"]
    file = shell.folder / "google.csv"
    file.write_text("Date,Event name,Session source,Event count\n20260601,generate_lead,facebook,0\n")
    assert shell.ask("conversions", "import", client, str(file))["passed_over"] == {"rows that count nothing": 1}
