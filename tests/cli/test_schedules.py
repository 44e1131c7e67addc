"""`sophia reports schedule` and its kin as a user types them."""

import json

from tests.cli.conftest import Shell
from tests.cli.test_reports import furnished

__all__ = ["furnished"]


def test_an_operator_types(furnished: Shell) -> None:
    run = furnished.run
    added = run(
        "reports", "schedule", "Hats", "--every", "month", "--day", "3", "--to", "anna@hats.example", "--by", "Olga"
    )
    assert added.exit_code == 0, added.output
    assert (
        run("reports", "schedule", "Hats", "--id", "1", "--link-only", "--send-anyway", "4", "--pause").exit_code == 0
    )
    (record,) = json.loads(run("reports", "schedules", "Hats", "--json").stdout)["schedules"]
    settings = record["settings"]
    assert (settings["every"], settings["day"], settings["hour"]) == ("month", 3, 9)
    assert (settings["attaches_pdf"], settings["send_anyway_days"], record["next_due_at"]) == (False, 4, None)
    assert [item["address"] for item in record["recipients"]] == ["anna@hats.example"]
    assert "No report of this client was mailed yet." in run("reports", "deliveries", "Hats").stdout
    assert run("reports", "remove-recipient", "Hats", "1", "anna@hats.example").exit_code == 0
    assert run("reports", "unschedule", "Hats", "1").exit_code == 0
    wrong = {
        ("reports", "schedule", "Hats", "--every", "year"): "--every is week or month",
        ("reports", "schedule", "Hats", "--day", "8"): "1 is Monday",
        ("reports", "schedule", "Hats", "--to", "anna"): "not a mail address",
        ("reports", "rehearse", "Hats", "olga@agency.example"): "SOPHIA_SMTP_HOST",
        ("reports", "resend", "Hats", "9"): "There is no mail 9",
    }
    for arguments, message in wrong.items():
        result = run(*arguments)
        assert (result.exit_code != 0, message in result.stderr) == (True, True), result.output
    assert json.loads(run("reports", "schedules", "Hats", "--json").stdout)["schedules"] == []
