"""Finished reports: the document as it was sent, kept with its hash. A correction is a new edition, never a change."""

import json
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from functools import cache
from hashlib import sha256
from zoneinfo import ZoneInfo

from pydantic import TypeAdapter
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from sophia.analytics.reports.models import ReportEdition
from sophia.database.records import as_record
from sophia.display.languages import LanguageCode, expect_language, full_day, language
from sophia.errors import ConflictError, InvalidInputError, NotFoundError, StoreError
from sophia.meta.reporting_zone import ONE_DAY, DateRange
from sophia.reporting.document import Document

# Counts the versions of the template and of the document's fields. A change of either raises it.
TEMPLATE_VERSION = 1
LONGEST_REASON = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Edition:
    """A finished report without its document. Moments are in UTC."""

    id: int
    client_id: int
    window: DateRange
    language: LanguageCode
    number: int
    template_version: int
    sha256: str
    reason: str | None
    as_of: datetime
    created_by: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class KeptReport:
    """An edition with its document, exactly as it was kept."""

    edition: Edition
    document: Document


def keep_report(
    session: Session,
    client_id: int,
    window: DateRange,
    document: Document,
    *,
    as_of: datetime,
    zone: ZoneInfo,
    actor: str,
    now: datetime,
    reason: str = "",
) -> KeptReport:
    """Keep a document as the first edition of its period, or with a `reason` as a correction of the last edition.

    Without a reason, a period that has an edition keeps it, and that edition is returned: keeping twice is harmless.
    Raises InvalidInputError for a correction of nothing, and ConflictError when another process keeps one at this moment.
    """
    reason = checked_reason(reason)
    last = newest_edition(session, client_id, window, document.language)
    if last is not None and not reason:
        return find_kept(session, client_id, last.id)
    if last is None and reason:
        raise InvalidInputError(
            "There is no edition of this period to correct. Keep the report first, without a reason."
        )
    named = replace(document, edition=edition_text(last, reason, zone, now, document.language))
    text = as_json(named)
    row = ReportEdition(
        client_id=client_id,
        start_date=window.start,
        end_date=window.end - ONE_DAY,
        language=document.language,
        number=1 if last is None else last.number + 1,
        document=text,
        template_version=TEMPLATE_VERSION,
        sha256=sha256(text.encode()).hexdigest(),
        reason=reason or None,
        as_of=as_of,
        created_by=actor,
        created_at=now,
    )
    try:
        with session.begin_nested():
            session.add(row)
    except IntegrityError:
        raise ConflictError("Another edition of this report was kept at the same moment. Try again.") from None
    return KeptReport(_edition(row), named)


def edition_text(last: Edition | None, reason: str, zone: ZoneInfo, now: datetime, code: LanguageCode) -> str:
    """Return how an edition names itself, and which edition it corrects."""
    words, day = language(code), full_day(now.astimezone(zone).date(), code)
    if last is None:
        return words.say("edition.first", day=day)
    earlier = full_day(last.created_at.astimezone(zone).date(), code)
    number = str(last.number + 1)
    return words.say("edition.corrected", number=number, day=day, earlier=earlier, reason=reason)


def newest_edition(session: Session, client_id: int, window: DateRange, code: LanguageCode) -> Edition | None:
    """Return the newest edition of exactly these days in a language, or None."""
    row = session.scalar(
        select(ReportEdition)
        .where(
            ReportEdition.client_id == client_id,
            ReportEdition.start_date == window.start,
            ReportEdition.end_date == window.end - ONE_DAY,
            ReportEdition.language == code,
        )
        .order_by(ReportEdition.number.desc())
        .limit(1)
    )
    return None if row is None else _edition(row)


def list_editions(session: Session, client_id: int, limit: int = 100) -> list[Edition]:
    """Return the editions of a client, the newest first."""
    rows = session.scalars(
        select(ReportEdition).where(ReportEdition.client_id == client_id).order_by(ReportEdition.id.desc()).limit(limit)
    )
    return [_edition(row) for row in rows]


def find_kept(session: Session, client_id: int, edition_id: int) -> KeptReport:
    """Return an edition of a client with its document.

    Raises NotFoundError if the client has no such edition, and StoreError if the stored document is not the kept one.
    """
    row = session.scalar(
        select(ReportEdition).where(ReportEdition.id == edition_id, ReportEdition.client_id == client_id)
    )
    if row is None:
        raise NotFoundError(f"There is no report {edition_id} of this client.")
    if sha256(row.document.encode()).hexdigest() != row.sha256:
        raise StoreError(
            f"The stored document of report {edition_id} was changed: its hash is not the one it was kept with."
        )
    return KeptReport(_edition(row), _document_type().validate_json(row.document))


def as_json(document: Document) -> str:
    """Return a document as JSON with sorted keys, so that equal documents have equal texts and hashes."""
    return json.dumps(asdict(document), ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def checked_reason(reason: str) -> str:
    """Return a reason on one line. Raises InvalidInputError for one that is too long or not printable."""
    line = " ".join(reason.split())
    if len(line) > LONGEST_REASON or not line.isprintable():
        raise InvalidInputError(f"The reason has at most {LONGEST_REASON} printable characters.")
    return line


def _edition(row: ReportEdition) -> Edition:
    window = DateRange(row.start_date, row.end_date + ONE_DAY)
    return as_record(Edition, row, window=window, language=expect_language(row.language))


@cache
def _document_type() -> TypeAdapter[Document]:
    return TypeAdapter(Document)
