"""`sophia report --pdf` and `sophia reports` as a user types them."""

from datetime import UTC, datetime
from pathlib import Path

from PIL import Image
from tests.cli.conftest import Shell
from tests.cli.test_reports import furnished
from tests.reporting.reading import pdf_info, pdf_text

from sophia.analytics.figures.figures import week_of
from sophia.meta.reporting_zone import reporting_day

__all__ = ["furnished"]


def test_a_report_is_kept_corrected_and_printed(furnished: Shell, tmp_path: Path) -> None:
    """A note, a brand and a language; two editions; the first one printed again as it was."""
    Image.new("RGB", (900, 300), (9, 9, 9)).save(tmp_path / "logo.png")
    run = furnished.run
    assert run("reports", "settings", "--name", "Studio Norte", "--logo", str(tmp_path / "logo.png")).exit_code == 0
    assert run("reports", "settings", "Hats", "--language", "de", "--sections", "result,changes").exit_code == 0
    assert "language: de" in run("reports", "settings", "Hats").stdout
    assert run("reports", "note", "Hats", "Eine gute Woche.", "--by", "Ana").exit_code == 0
    assert run("reports", "note", "Hats").stdout == "Eine gute Woche.\n— Ana\n"
    kept = run("reports", "keep", "Hats", "--by", "Ana")
    assert kept.exit_code == 0, kept.output
    assert run("reports", "note", "Hats", "").exit_code == 0
    assert run("reports", "keep", "Hats", "--corrects", "Eine Notiz zu viel").exit_code == 0
    second, first = furnished.ask("reports", "list", "Hats")["reports"]
    assert (first["number"], second["number"], second["reason"]) == (1, 2, "Eine Notiz zu viel")
    file = tmp_path / "first.pdf"
    assert run("reports", "pdf", "Hats", str(first["id"]), str(file)).exit_code == 0
    text = pdf_text(file.read_bytes())
    for part in ("StudioNorte", "EineguteWoche.", "DieAufrufesindum50%gesunken,von1.400auf700.", "Ausgabe1vom"):
        assert part in text
    assert "WievieleBeiträge" not in text


def test_a_pdf_of_a_week_in_another_language(furnished: Shell, tmp_path: Path) -> None:
    week = week_of(reporting_day(datetime.now(UTC))).previous
    file = tmp_path / "report.pdf"
    result = furnished.run("report", "Hats", "--pdf", str(file), "--language", "fr", "--week", str(week.start))
    assert result.exit_code == 0, result.output
    assert pdf_info(file.read_bytes())["Title"] == "Rapport Hats"
    assert list(tmp_path.glob(".*")) == []


def test_wrong_options_are_refused(furnished: Shell, tmp_path: Path) -> None:
    wrong = {
        ("report", "Hats", "--language", "de"): "--language is for --pdf",
        ("report", "Hats", "--pdf", str(tmp_path / "x.pdf"), "--json"): "--pdf takes neither",
        ("report", "Hats", "--pdf", str(tmp_path / "x.pdf"), "--language", "it"): "not in 'it'",
        ("reports", "settings", "--colour", "#ffee00"): "too light",
        ("reports", "settings", "--sections", "luck"): "at least one section",
        ("reports", "pdf", "Hats", "99", str(tmp_path / "x.pdf")): "There is no report 99",
        ("reports", "keep", "Hats", "--corrects", "Nothing"): "no edition of this period",
    }
    for arguments, message in wrong.items():
        result = furnished.run(*arguments)
        assert result.exit_code in (1, 2), arguments
        assert message in " ".join(result.stderr.split()).replace("│ ", ""), arguments
    assert not (tmp_path / "x.pdf").exists()
    nowhere = furnished.run("report", "Hats", "--pdf", str(tmp_path / "no folder" / "x.pdf"))
    assert (nowhere.exit_code, "cannot be written" in nowhere.stderr) == (1, True)
