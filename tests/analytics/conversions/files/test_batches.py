"""Many conversions at once: what becomes of them is what becomes of them one by one, and it takes few queries."""

import re
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from tests.conftest import NOW, ON_SQLITE, Filling, QueryCounter

from sophia.analytics.conversions.files.options import FileOptions
from sophia.analytics.conversions.files.recording import EVENTS_PER_TRANSACTION, ImportReport, import_conversions
from sophia.analytics.conversions.incoming import Conversion, IncomingConversion, Outcome, Recorded
from sophia.analytics.conversions.models import ConversionEvent
from sophia.analytics.conversions.store import record_conversion, record_conversions
from sophia.analytics.links.models import TrackedLink
from sophia.analytics.utm.addresses import address_hash
from sophia.errors import ConflictError, NotFoundError

READING = FileOptions(client_zone=ZoneInfo("UTC"), today=date(2026, 11, 22))
HEAD = "event_date,event_type,source,external_id,utm_content,link_url\n"
PLAIN = Conversion("dm", "form", date(2026, 11, 20), None, None, None, None)


def put(filling: Filling, client: int, rows: Sequence[str], *, dry_run: bool = False) -> ImportReport:
    raw = (HEAD + "\n".join(rows)).encode()
    return import_conversions(filling.database, client, raw, READING, NOW, dry_run=dry_run)


def link(filling: Filling, client: int, draft: int, original: str, tagged: str) -> None:
    hashes = {"original_sha256": address_hash(original), "tagged_sha256": address_hash(tagged)}
    filling.add(
        TrackedLink(client_id=client, draft_id=draft, original=original, tagged=tagged, first_seen_at=NOW, **hashes)
    )


def furnished(filling: Filling, name: str) -> tuple[int, int, int]:
    """A client with two drafts, links of one, of both, and one that is the tagged link of the second only."""
    client = filling.client(name)
    one, two = filling.draft(client), filling.draft(client)
    link(filling, client, one, "https://hats.example/one", "https://hats.example/one?x=1")
    for draft in (one, two):
        link(filling, client, draft, "https://hats.example/both", f"https://hats.example/both?x={draft}")
    link(filling, client, one, "https://hats.example/again", "https://hats.example/again?x=1")
    link(filling, client, two, "https://hats.example/again?x=2", "https://hats.example/again")
    return client, one, two


def all_sorts(one: int, two: int) -> list[tuple[str, Conversion]]:
    """New ones, repetitions and contradictions by key and by number, drafts that there are and are not, links."""
    order = replace(PLAIN, external_id="A-1")
    return [
        ("a", PLAIN),
        ("a", PLAIN),
        ("a", replace(PLAIN, source="phone")),
        ("b", order),
        ("c", order),
        ("d", replace(order, source="phone")),
        ("e", replace(PLAIN, content_draft_id=999_999, external_id="A-2")),
        ("e", replace(PLAIN, content_draft_id=one, external_id="A-2")),
        ("f", replace(PLAIN, content_draft_id=999_999, external_id="A-2")),
        ("g", replace(PLAIN, utm_content=f"post_{two}", link_url="https://hats.example/one")),
        ("h", replace(PLAIN, utm_content="post_999999", link_url="https://hats.example/one")),
        ("i", replace(PLAIN, link_url="https://hats.example/both")),
        ("j", replace(PLAIN, link_url="https://hats.example/again")),
        ("k", replace(PLAIN, link_url="https://hats.example/none")),
        ("l", replace(PLAIN, link_url=f"/menu?utm_content=post_{one}")),
        ("a", replace(PLAIN, external_id="A-1")),
        ("m", replace(order, event_date=date(2026, 11, 21))),
        ("n", replace(order, event_date=date(2026, 11, 21))),
        ("o", order),
        ("m", replace(order, event_date=date(2026, 11, 21))),
    ]


# What becomes of them, the draft counted from the first one, how it is known; or how the error begins.
EXPECTED = [
    ("recorded", None, None),
    ("duplicate", None, None),
    "The Idempotency-Key",
    ("recorded", None, None),
    ("duplicate", None, None),
    ("recorded", None, None),
    "Client … has no dra",
    ("recorded", 0, "content_draft_id"),
    "Client … has no dra",
    ("recorded", 1, "utm_content"),
    ("recorded", 0, "link_url"),
    ("recorded", None, None),
    ("recorded", 1, "link_url"),
    ("recorded", None, None),
    ("recorded", 0, "utm_content"),
    "The Idempotency-Key",
    ("changed", None, None),
    ("duplicate", None, None),
    ("changed", None, None),
    ("duplicate", None, None),
]


def told(outcomes: Sequence[Outcome], one: int) -> list[object]:
    return [
        (
            outcome.status.value,
            None if outcome.content_draft_id is None else outcome.content_draft_id - one,
            outcome.attributed_by,
        )
        if isinstance(outcome, Recorded)
        else re.sub("[0-9]+", "…", str(outcome))[:19]
        for outcome in outcomes
    ]


def test_at_once_is_as_one_by_one(filling: Filling) -> None:
    """L13, J5, F12, D4: repeated or changed in the same batch, or credited to whatever draft: no different; an earlier version's key is known."""
    client, one, two = furnished(filling, "Hats")
    with filling.database.write() as session:
        at_once = record_conversions(
            session, client, [IncomingConversion(event, key) for key, event in all_sorts(one, two)], NOW
        )
    other, first, second = furnished(filling, "Shoes")
    singly: list[Outcome] = []
    for key, conversion in all_sorts(first, second):
        with filling.database.write() as session:
            try:
                singly.append(record_conversion(session, other, conversion, key, NOW))
            except (ConflictError, NotFoundError) as error:
                singly.append(error)
    assert told(singly, first) == EXPECTED
    assert told(at_once, one) == EXPECTED
    numbers = [outcome.id if isinstance(outcome, Recorded) else str(outcome) for outcome in at_once]
    assert numbers[0] == numbers[1]
    assert numbers[2] == f"The Idempotency-Key belongs to another conversion, {numbers[0]}. Use a new one."
    assert numbers[3] == numbers[4]
    assert numbers[16] == numbers[18] == numbers[19] == numbers[3] != numbers[5]


def test_two_imports_at_once_record_each_event_once(filling: Filling) -> None:
    """J5: whoever is first records an event, the other one knows it; together they say what is there."""
    client = filling.client("Hats")
    rows = [
        f"2026-11-20,dm,form,{f'A-{number}' if number % 2 else ''},,"
        for number in range(2 * EVENTS_PER_TRANSACTION + 7)
    ]
    with ThreadPoolExecutor(2) as pool:
        reports = list(pool.map(lambda _: put(filling, client, rows), range(2)))
    assert [report.bad for report in reports] == [[], []]
    assert [report.recorded + report.known_before for report in reports] == [len(rows)] * 2
    assert sum(report.recorded for report in reports) == len(rows)
    with filling.database.read() as session:
        assert session.scalar(select(func.count()).select_from(ConversionEvent)) == len(rows)


def test_queries_grow_by_batches_and_not_by_rows(filling: Filling) -> None:
    """J9: as many for 500 events as for 2, new or known, and three times as many for three batches; a dry run no more."""
    asked: dict[tuple[int, str], int] = {}
    for size in (2, EVENTS_PER_TRANSACTION, 3 * EVENTS_PER_TRANSACTION):
        client, one, _ = furnished(filling, f"Hats{size}")
        kinds = (f"post_{one},", ",https://hats.example/one")
        rows = [f"2026-11-20,dm,form,A-{number},{kinds[number % 2]}" for number in range(size)]
        for name, dry_run in (("dry", True), ("new", False), ("known", False)):
            with QueryCounter(filling.database) as counter:
                report = put(filling, client, rows, dry_run=dry_run)
            assert report.known_before if name == "known" else report.recorded == size
            assert report.unattributed == 0
            asked[size, name] = counter.count
    for name in ("dry", "new", "known"):
        assert asked[2, name] == asked[EVENTS_PER_TRANSACTION, name] <= 7, asked
        assert asked[3 * EVENTS_PER_TRANSACTION, name] <= 3 * asked[2, name], asked


@ON_SQLITE
def test_bad_rows_of_every_batch_have_their_lines(filling: Filling) -> None:
    """J4, J5: a number that is used again in the same batch, and one that is used again in a later one."""
    client = filling.client("Hats")
    rows = [f"2026-11-20,dm,form,A-{number},," for number in range(2 * EVENTS_PER_TRANSACTION)]
    rows[10] = "2026-11-21,dm,form,A-9,,"
    rows[EVENTS_PER_TRANSACTION + 10] = "2026-11-21,dm,form,A-8,,"
    rows[EVENTS_PER_TRANSACTION + 11] = rows[7]
    for dry_run in (True, False):
        report = put(filling, client, rows, dry_run=dry_run)
        assert [row.line for row in report.bad] == [12, EVENTS_PER_TRANSACTION + 12]
        assert (report.recorded, report.known_before) == (2 * EVENTS_PER_TRANSACTION - 3, 1)
