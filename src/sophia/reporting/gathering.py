"""Reads what a document needs, and makes it: for pages, files, mails and editions."""

from base64 import b64encode
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from sophia.analytics.figures.comparison import Comparison
from sophia.analytics.readings.account_states import account_states
from sophia.analytics.readings.aggregated import aggregate
from sophia.analytics.reports.gathering import make_report
from sophia.database.engine import Database
from sophia.display.charts.drawing import ChartDrawer
from sophia.display.languages import LanguageCode
from sophia.errors import BusyError, InvalidInputError
from sophia.meta.reporting_zone import DateRange, reporting_day
from sophia.portfolio.models import Client
from sophia.portfolio.pictures import file_of, find_picture, picture_folder
from sophia.portfolio.thumbnails import make_thumbnail
from sophia.publishing.queue import QUEUED, list_entries
from sophia.reporting.building import ReportFacts, build
from sophia.reporting.charts import chart_days
from sophia.reporting.document import Document
from sophia.reporting.editions import KeptReport, find_kept, keep_report, newest_edition
from sophia.reporting.notes import find_note
from sophia.reporting.settings import report_look

MOST_QUEUED = 200
# The picture of a post in a document, in pixels a side: 12 mm at 300 dots per inch.
PICTURE_SIDE = 144


@dataclass(frozen=True, slots=True)
class DocumentMaker:
    """Makes documents of any client. The caller checks who may see the client."""

    database: Database
    drawer: ChartDrawer
    data_dir: Path
    now: datetime

    def facts(self, client_id: int, window: DateRange, comparison: Comparison = Comparison.PREVIOUS) -> ReportFacts:
        """Return the facts of a document without pictures. Raises NotFoundError, and InvalidInputError for the window."""
        scope = frozenset({client_id})
        with self.database.read() as session:
            accounts = account_states(session, scope, client_id=client_id)
            views = aggregate(session, client_id, chart_days(window), "day", "platform", canonical="views")
            queued = list_entries(session, scope, client_id=client_id, status=QUEUED, limit=MOST_QUEUED)
            note = find_note(session, client_id, window)
        report = make_report(self.database, client_id, window, self.now, use_stored=True, comparison=comparison)
        return ReportFacts(report, accounts, views, queued, self.now, note=note)

    def document(
        self,
        client_id: int,
        window: DateRange,
        code: LanguageCode | None = None,
        comparison: Comparison = Comparison.PREVIOUS,
    ) -> Document:
        """Return the document of a client with its pictures inside, by default in the client's language.

        Raises BusyError if its chart could not be drawn in time, because nothing would say that it is missing on paper.
        """
        facts = self.facts(client_id, window, comparison)
        with self.database.read() as session:
            look = report_look(session, client_id)
            pictures = embedded_pictures(session, self.data_dir, [post.post_id for post in facts.report.top_posts])
        language = code or look.language
        document = build(
            replace(facts, pictures=pictures), look.branding, language, self.drawer, sections=look.sections
        )
        if lacks_chart(document):
            raise BusyError("The chart of this report could not be drawn in time. Try again in a minute.")
        return document

    def keep(
        self, client_id: int, window: DateRange, actor: str, code: LanguageCode | None = None, *, reason: str = ""
    ) -> KeptReport:
        """Keep the report of a period, or return the edition that it has; with a `reason` make a correction of it.

        Raises InvalidInputError for a period that is not over, and as `keep_report` and `document` do.
        """
        if not window.is_closed(reporting_day(self.now)):
            raise InvalidInputError("This period is not over yet in Meta's Pacific time. Keep its report afterwards.")
        with self.database.read() as session:
            zone = ZoneInfo(session.get_one(Client, client_id).timezone)
            language = code or report_look(session, client_id).language
            last = newest_edition(session, client_id, window, language)
            if last is not None and not reason:
                return find_kept(session, client_id, last.id)
        document = self.document(client_id, window, language)
        with self.database.write() as session:
            return keep_report(
                session,
                client_id,
                window,
                document,
                as_of=self.now,
                zone=zone,
                actor=actor,
                now=self.now,
                reason=reason,
            )


def lacks_chart(document: Document) -> bool:
    """Return whether the document has daily values and no drawing of them."""
    if document.changes is None or document.changes.chart.svg:
        return False
    values = (cell for row in document.changes.chart.table.rows for cell in row[1:])
    return any(not cell.value.reason for cell in values)


def embedded_pictures(session: Session, data_dir: Path, post_ids: Collection[int]) -> dict[int, str]:
    """Return the pictures of posts as small JPEGs inside data addresses; posts without a picture are left out."""
    pictures = {}
    for post_id in post_ids:
        stored = find_picture(session, post_id)
        path = None if stored is None else file_of(picture_folder(data_dir), stored.sha256)
        if path is not None and path.is_file():
            small = make_thumbnail(path.read_bytes(), longest_side=PICTURE_SIDE).content
            pictures[post_id] = f"data:image/jpeg;base64,{b64encode(small).decode()}"
    return pictures
