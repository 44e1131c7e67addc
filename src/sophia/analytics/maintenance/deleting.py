"""Deletes a client with all its data, unless one of its accounts is being collected or published (K5)."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import delete, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from sophia.access.keys import ApiKey, ApiKeyClient
from sophia.access.users import User, UserClient
from sophia.analytics.readings.models import AccountTotal, MetricSeries, StoredMetric
from sophia.analytics.readings.run_models import BudgetPause, Lease, MetricStatus
from sophia.analytics.readings.runs_store import release_lease, take_lease
from sophia.database.engine import Database
from sophia.database.statements import among
from sophia.errors import BusyError
from sophia.portfolio.models import Account, Client, Post, PostPicture
from sophia.portfolio.pictures import file_of, picture_folder
from sophia.portfolio.service import delete_client

LEASE = timedelta(minutes=30)
# The leases under which an account is collected or imported, and published.
LEASES = ("account", "publish")
HOLDER = "delete:"


@dataclass(frozen=True, slots=True)
class DeletedClient:
    """Counts of what a client had.

    `keys` and `users` may see no other client, so they are deleted too. `marks` are the names and Meta's ids that texts
    elsewhere may mention.
    """

    name: str
    accounts: int
    posts: int
    readings: int
    pictures: int
    keys: int
    users: int
    marks: frozenset[str]


def delete_client_data(database: Database, client_id: int, data_dir: Path, now: datetime) -> DeletedClient:
    """Delete a client, the keys and users of this client only, and its pictures in the data folder.

    SQLite overwrites the deleted rows with zeros. Raises BusyError while one of its accounts is being collected or
    published, because that run would fail.
    """
    with _accounts_leased(database, client_id, now):
        with database.write() as session:
            if database.is_sqlite:
                session.connection().exec_driver_sql("PRAGMA secure_delete=ON")
            pictures = _pictures_of(session, client_id)
            deleted = _delete(session, client_id, len(pictures), now)
            pictures -= set(session.scalars(select(PostPicture.sha256).where(among(PostPicture.sha256, pictures))))
        for name in pictures:
            file_of(picture_folder(data_dir), str(name)).unlink(missing_ok=True)
    return deleted


@contextmanager
def _accounts_leased(database: Database, client_id: int, now: datetime) -> Iterator[None]:
    holder = f"{HOLDER}{secrets.token_hex(8)}"
    with database.write() as session:
        account_ids = session.scalars(select(Account.id).where(Account.client_id == client_id)).all()
        names = [f"{kind}:{account_id}" for account_id in account_ids for kind in LEASES]
        for name in names:
            if not take_lease(session, name, holder, now, LEASE):
                raise BusyError(
                    "One of its accounts is being collected or published right now. Try again in a few minutes."
                )
    try:
        yield
    finally:
        with database.write() as session:
            for name in names:
                release_lease(session, name, holder)


def _pictures_of(session: Session, client_id: int) -> set[str | None]:
    query = (
        select(PostPicture.sha256)
        .join(Post, Post.id == PostPicture.post_id)
        .join(Account, Account.id == Post.account_id)
        .where(Account.client_id == client_id, PostPicture.sha256.is_not(None))
    )
    return set(session.scalars(query))


def _delete(session: Session, client_id: int, pictures: int, now: datetime) -> DeletedClient:
    client = session.get_one(Client, client_id)
    accounts = session.scalars(select(Account).where(Account.client_id == client_id)).all()
    account_ids, external_ids = [account.id for account in accounts], {account.external_id for account in accounts}
    names = {client.name, client.slug, *(text for account in accounts for text in (account.name, account.username))}
    posts = select(func.count()).select_from(Post).where(among(Post.account_id, account_ids))
    readings = select(func.sum(AccountTotal.readings)).where(among(AccountTotal.account_id, account_ids))
    key_ids = _without_others(session, ApiKeyClient.api_key_id, ApiKeyClient.client_id, client_id)
    user_ids = _without_others(session, UserClient.user_id, UserClient.client_id, client_id)
    deleted = DeletedClient(
        name=client.name,
        accounts=len(accounts),
        posts=session.scalar(posts) or 0,
        readings=int(session.scalar(readings) or 0),
        pictures=pictures,
        keys=len(key_ids),
        users=len(user_ids),
        marks=frozenset(external_ids | {name for name in names if name}),
    )
    _delete_mentions(session, external_ids)
    session.execute(delete(ApiKey).where(among(ApiKey.id, key_ids)))
    session.execute(delete(User).where(among(User.id, user_ids)))
    delete_client(session, client_id)
    _delete_unused_metrics(session, now)
    return deleted


def _without_others(
    session: Session, viewer: InstrumentedAttribute[int], client: InstrumentedAttribute[int], client_id: int
) -> list[int]:
    """Return the keys or users that may see this client and no other."""
    query = select(viewer).group_by(viewer).having(func.min(client) == client_id, func.max(client) == client_id)
    return list(session.scalars(query))


def _delete_mentions(session: Session, external_ids: set[str]) -> None:
    """Delete what refers to no client but names its accounts: pauses of their budgets, and refusals of metrics.

    Meta is asked again for a refused metric.
    """
    for external_id in external_ids:
        texts = (BudgetPause.budget, BudgetPause.reason)
        session.execute(delete(BudgetPause).where(or_(*(text.contains(external_id) for text in texts))))
        reason = MetricStatus.reason.contains(external_id)
        session.execute(delete(MetricStatus).where(MetricStatus.account_id.is_(None), reason))


def _delete_unused_metrics(session: Session, now: datetime) -> None:
    """Delete breakdowns without series, such as the towns of this client's audience.

    A collection in another process remembers the ids of metrics. While there is one, they stay until the next deletion.
    """
    own = Lease.holder.startswith(HOLDER)
    collection = select(Lease.name).where(Lease.name.startswith("account:"), Lease.expires_at > now, ~own)
    if session.scalar(collection.limit(1)) is None:
        has_series = select(MetricSeries.id).where(MetricSeries.metric_id == StoredMetric.id).exists()
        session.execute(delete(StoredMetric).where(StoredMetric.breakdown != "", ~has_series))
