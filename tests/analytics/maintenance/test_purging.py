"""Unique marks in every text of a client, and in its files, of which a purge leaves none."""

import hashlib
from collections.abc import Iterator
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import JSON, CheckConstraint, Column, LargeBinary, String, Table, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session
from tests.conftest import NOW, Filling
from tests.models.rows import status
from tests.portfolio.test_service import fill

from sophia.access.mail_links import MailLink
from sophia.access.sessions import SignInLink, UserSession
from sophia.access.share_links import ShareLink
from sophia.access.users import UserClient, UserRole, create_user, find_user
from sophia.analytics.maintenance.purging import Mention, purge_client
from sophia.analytics.maintenance.tables import all_tables
from sophia.analytics.readings.run_models import BudgetPause, MetricStatus
from sophia.analytics.readings.runs_store import take_lease
from sophia.analytics.reports.schedule_models import ReportDelivery
from sophia.database.columns import Message
from sophia.database.engine import Database
from sophia.errors import BusyError
from sophia.portfolio.models import Account, Client, Post, PostPicture
from sophia.portfolio.pictures import picture_folder, write_file
from sophia.portfolio.service import delete_client

Row = tuple[Any, ...]
Contents = dict[str, dict[Row, Row]]
# Tables of which no row belongs to one client only. A new table belongs here, or into `fill`.
SHARED = {"industry_benchmarks", "watched_metrics", "portfolio_events", "leases"}


def contents(database: Database) -> Contents:
    """Every row of every table, by its key."""
    with database.read() as session:
        return {table.name: {row[0]: row[1] for row in rows_of(session, table)} for table in all_tables()}


def rows_of(session: Session, table: Table) -> Iterator[tuple[Row, Row]]:
    width = len(table.primary_key.columns)
    for row in session.execute(select(*table.primary_key, *table.columns)):
        yield tuple(row[:width]), tuple(row[width:])


def is_checked(column: Column[Any]) -> bool:
    """Whether a rule of the table bounds the texts of the column, so that it cannot hold a name."""
    rules = [str(rule.sqltext) for rule in column.table.constraints if isinstance(rule, CheckConstraint)]
    return any(column.name in rule for rule in rules)


@pytest.fixture
def others(filling: Filling, tmp_path: Path) -> Contents:
    """Another client with a row in every table, a picture, an operator, and a viewer."""
    client = fill(filling, "Stays")
    picture(filling, tmp_path, filling.account(client), b"common picture")
    with filling.database.write() as session:
        create_user(session, "Operator", UserRole.OPERATOR, [], NOW, "hash")
        create_user(session, "Bo", UserRole.VIEWER, [client], NOW, "hash")
    return contents(filling.database)


def picture(filling: Filling, data_dir: Path, account: int, content: bytes) -> None:
    post, sha256 = filling.post(account, sha256_of(content)), write_file(picture_folder(data_dir), content)
    with filling.database.write() as session:
        session.add(PostPicture(post_id=post, status="stored", sha256=sha256, bytes=5, changed_at=NOW))


def sha256_of(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def furnish(filling: Filling, data_dir: Path) -> int:
    """A client with a row in every table, pictures, and a key, a user and a share link of its own."""
    client = fill(filling, "Goes")
    account = filling.account(client)
    filling.series(account, filling.metric("facebook", "account", "page_fans_city", "day", "Upper Goesham"))
    picture(filling, data_dir, account, b"own picture")
    picture(filling, data_dir, account, b"common picture")
    link = {"label": "x", "created_by": "Ida", "created_at": NOW, "expires_at": NOW}
    with filling.database.write() as session:
        user = create_user(session, "Ida of Goes", UserRole.VIEWER, [client], NOW, "hash").id
        share = ShareLink(sha256="a" * 64, client_id=client, **link)
        session.add(share)
        session.flush()
        delivery = session.scalars(select(ReportDelivery.id).where(ReportDelivery.client_id == client)).one()
        session.add(MailLink(delivery_id=delivery, share_link_id=share.id, unsubscribe_sha256="d" * 64))
        session.add(SignInLink(sha256="b" * 64, user_id=user, expires_at=NOW))
        session.add(UserSession(sha256="c" * 64, user_id=user, created_at=NOW, used_at=NOW, browser="Browser"))
        session.add(UserClient(user_id=find_user(session, "Bo").id, client_id=client))
        session.add(BudgetPause(budget="x", until=NOW, reason="x"))
        session.add(status())
    return client


def mention_account(database: Database, client: int) -> None:
    """Let the rows that belong to no client name an account of it, as Meta's messages do."""
    with database.write() as session:
        external_id = session.scalars(select(Account.external_id).where(Account.client_id == client)).first()
        session.execute(update(BudgetPause).values(budget=external_id, reason="busy"))
        refused = update(MetricStatus).where(MetricStatus.account_id.is_(None))
        session.execute(refused.values(reason=f"Object {external_id} has no such metric"))


def holds_texts(column: Column[Any]) -> bool:
    """Whether a mark fits. Keys of rows stay, and the names of picture files."""
    is_text = isinstance(column.type, JSON | String | Message | LargeBinary)
    is_short = isinstance(column.type, String) and (column.type.length or 100) < len("zq0001qz")
    return is_text and not column.primary_key and not is_short and str(column) != "post_pictures.sha256"


def plant(database: Database, rows: dict[str, set[Row]], numbers: Iterator[int]) -> list[str]:
    """Write a mark into every text, JSON and blob of the rows, except where a rule of the table refuses it."""
    marks = list[str]()
    with database.write() as session:
        for table in all_tables():
            for column in table.columns:
                if not holds_texts(column):
                    continue
                for key in rows[table.name]:
                    mark = f"zq{next(numbers):04d}qz"
                    value: Any = {JSON: {"text": mark}, LargeBinary: mark.encode()}.get(type(column.type), mark)
                    matches = (part == value_of for part, value_of in zip(table.primary_key, key, strict=True))
                    try:
                        with session.begin_nested():
                            session.execute(update(table).where(*matches).values({column: value}))
                        marks.append(mark)
                    except IntegrityError:
                        assert is_checked(column), f"{table.name}.{column.name}"
    return marks


def texts(database: Database) -> str:
    """Everything in every table."""
    return repr([list(rows.values()) for rows in contents(database).values()])


def files(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())


def test_a_purge_leaves_no_mark_of_the_client_and_all_of_the_others(
    filling: Filling, others: Contents, tmp_path: Path
) -> None:
    """K5: tables, pictures, and the bytes of the database file; what was overwritten before is gone from them too."""
    database, numbers = filling.database, count(1)
    client = furnish(filling, tmp_path)
    own = {name: set(rows) - set(others[name]) for name, rows in contents(database).items()}
    assert {name for name, rows in own.items() if not rows} == SHARED
    earlier, marks = plant(database, own, numbers), plant(database, own, numbers)
    mention_account(database, client)
    stored = texts(database)
    assert len([mark for mark in marks if mark in stored]) > len(marks) - 5 > 150

    result = purge_client(database, client, tmp_path, NOW)

    assert result.is_erased
    counts = result.deleted.accounts, result.deleted.keys, result.deleted.users, result.deleted.pictures
    assert counts == (2, 1, 1, 2)
    assert result.mentions == ()
    left, on_disk = texts(database), files(tmp_path)
    assert [mark for mark in [*earlier, *marks] if mark in left or mark.encode() in on_disk] == []
    assert b"own picture" not in on_disk
    assert b"common picture" in on_disk
    assert contents(database) == others


def test_a_mention_by_another_client_is_reported_and_kept(filling: Filling, tmp_path: Path) -> None:
    """K5: what another client wrote is its own; a person decides about it."""
    other, client = filling.client("Hatter"), filling.client("Größenwahn")
    filling.add(Post(account_id=filling.account(other), platform_post_id="1", kind="post", published_at=NOW, first_seen_at=NOW, text="Thanks to Größenwahn!"))  # fmt: skip
    with filling.database.write() as session:
        session.get_one(Client, other).domains = ["größenwahn.example", "Größenwahn"]
    result = purge_client(filling.database, client, tmp_path, NOW)
    assert set(result.mentions) == {Mention("posts", "text", 1), Mention("clients", "domains", 1)}
    assert "Thanks to Größenwahn!" in texts(filling.database)


@pytest.mark.parametrize("kind", ["account", "publish"])
def test_a_busy_account_is_not_purged(filling: Filling, tmp_path: Path, kind: str) -> None:
    """K5: a run that collects or publishes would fail; the client stays complete."""
    client = filling.client("Bakery")
    account = filling.account(client)
    with filling.database.write() as session:
        take_lease(session, f"{kind}:{account}", "a run", NOW, timedelta(minutes=5))
    before = contents(filling.database)
    with pytest.raises(BusyError):
        purge_client(filling.database, client, tmp_path, NOW)
    assert contents(filling.database) == before


def test_a_reader_keeps_old_pages_and_the_answer_says_so(sqlite_database: Database) -> None:
    """K5: what SQLite could not erase is not called erased."""
    client = Filling(sqlite_database).client("Bakery")
    with sqlite_database.read() as session:
        session.scalar(select(Client.id))
        with sqlite_database.write() as other:
            delete_client(other, client)
        assert not sqlite_database.erase_deleted_rows(patience_seconds=0.05)
    assert sqlite_database.erase_deleted_rows()
