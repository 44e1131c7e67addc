"""Finished reports are kept to the digit; a correction is a new edition that says so."""

from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select, update
from tests.conftest import NOW
from tests.dashboard.conftest import Agencies
from tests.reporting.conftest import MakerAt

from sophia.analytics.figures.figures import last_closed_week
from sophia.analytics.readings.models import EngagementMetric
from sophia.analytics.reports.models import ReportEdition
from sophia.display.charts.drawing import ChartDrawer
from sophia.errors import BusyError, InvalidInputError, NotFoundError, StoreError
from sophia.meta.reporting_zone import ONE_DAY, DateRange
from sophia.reporting.editions import as_json, find_kept, keep_report, list_editions
from sophia.reporting.notes import save_note
from sophia.reporting.pdf import print_pdf
from sophia.reporting.settings import ReportSettings, save_settings

WEEK = last_closed_week(NOW)
LATER = NOW + timedelta(days=2)


def test_a_kept_report_is_the_same_after_everything_has_changed(agencies: Agencies, maker_at: MakerAt) -> None:
    kept = maker_at().keep(agencies.hats, WEEK, "user Olga")
    printed = print_pdf(kept.document)
    with agencies.database.write() as session:
        session.execute(update(EngagementMetric).values(metric_value=EngagementMetric.metric_value + 1000))
        save_settings(session, agencies.hats, ReportSettings(name="Another", language="fr", colour="#203040"), LATER)
        save_note(session, agencies.hats, WEEK, "A late note", "Ben", LATER)
    assert maker_at(LATER).document(agencies.hats, WEEK, "en").lead != kept.document.lead
    with agencies.database.read() as session:
        again = find_kept(session, agencies.hats, kept.edition.id)
    assert again == kept
    assert print_pdf(again.document) == printed
    assert again.document.edition == "Edition 1 of 22 November 2026"


def test_keeping_twice_keeps_the_first(agencies: Agencies, maker_at: MakerAt) -> None:
    first = maker_at().keep(agencies.hats, WEEK, "user Olga")
    second = maker_at(LATER).keep(agencies.hats, WEEK, "user Ben")
    assert second == first
    german = maker_at().keep(agencies.hats, WEEK, "user Olga", "de")
    assert (german.edition.number, german.document.edition) == (1, "Ausgabe 1 vom 22. November 2026")
    with agencies.database.read() as session:
        assert [item.id for item in list_editions(session, agencies.hats)] == [german.edition.id, first.edition.id]


def test_a_correction_is_a_new_edition_with_its_reason(agencies: Agencies, maker_at: MakerAt) -> None:
    first = maker_at().keep(agencies.hats, WEEK, "user Olga")
    second = maker_at(LATER).keep(agencies.hats, WEEK, "user Olga", reason="The 12th was missing")
    assert second.document.edition == (
        "Edition 2 of 24 November 2026, corrects the edition of 22 November 2026: The 12th was missing"
    )
    assert (second.edition.number, second.edition.reason) == (2, "The 12th was missing")
    with agencies.database.read() as session:
        assert find_kept(session, agencies.hats, first.edition.id) == first


def test_what_cannot_be_kept_is_refused(agencies: Agencies, maker_at: MakerAt) -> None:
    with pytest.raises(InvalidInputError, match="no edition of this period to correct"):
        maker_at().keep(agencies.hats, WEEK, "user Olga", reason="A mistake")
    open_week = DateRange(WEEK.end, WEEK.end + 7 * ONE_DAY)
    with pytest.raises(InvalidInputError, match="not over yet"):
        maker_at().keep(agencies.hats, open_week, "user Olga")
    with pytest.raises(InvalidInputError, match="300 printable"):
        maker_at().keep(agencies.hats, WEEK, "user Olga", reason="x" * 301)
    with agencies.database.read() as session:
        assert session.scalars(select(ReportEdition)).all() == []


def test_another_client_has_no_such_report_and_a_changed_document_is_noticed(
    agencies: Agencies, maker_at: MakerAt
) -> None:
    kept = maker_at().keep(agencies.hats, WEEK, "user Olga")
    with agencies.database.read() as session, pytest.raises(NotFoundError):
        find_kept(session, agencies.shoes, kept.edition.id)
    with agencies.database.write() as session:
        row = session.get_one(ReportEdition, kept.edition.id)
        assert row.sha256 == sha256(row.document.encode()).hexdigest()
        row.document = row.document.replace("3,500", "9,500")
    with agencies.database.read() as session, pytest.raises(StoreError, match="hash"):
        find_kept(session, agencies.hats, kept.edition.id)


def test_equal_facts_give_equal_documents(agencies: Agencies, maker_at: MakerAt) -> None:
    """The seam of schedules: the same facts, brand and language give the same text, to the byte."""
    first, second = (as_json(maker_at().document(agencies.hats, WEEK, "pt")) for _ in range(2))
    assert first == second


def test_two_processes_cannot_keep_one_number_twice(agencies: Agencies, maker_at: MakerAt) -> None:
    document = maker_at().document(agencies.hats, WEEK)
    options = {"as_of": NOW, "zone": ZoneInfo("UTC"), "actor": "user Olga", "now": NOW}
    with agencies.database.write() as session:
        first = keep_report(session, agencies.hats, WEEK, document, **options)  # type: ignore[arg-type]
        second = keep_report(session, agencies.hats, WEEK, document, **options)  # type: ignore[arg-type]
    assert second.edition.id == first.edition.id


def test_nothing_is_kept_without_its_chart(agencies: Agencies, maker_at: MakerAt) -> None:
    """A page shows the table instead of a drawing that was late; on paper nothing would say that it is missing."""
    drawer = ChartDrawer(processes=1)
    drawer.seconds = 0.0
    maker = replace(maker_at(), drawer=drawer)
    with pytest.raises(BusyError, match="could not be drawn in time"):
        maker.keep(agencies.hats, WEEK, "user Olga")
    drawer.close()
    with agencies.database.read() as session:
        assert list_editions(session, agencies.hats) == []
