"""Pictures of posts: their addresses at Meta, and small copies in the data folder.

A copy is a file named after its SHA-256, so that equal pictures take space once. Files that no row names are swept.
"""

import hashlib
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from sophia.database.statements import among
from sophia.portfolio.models import Account, Post, PostPicture

FOLDER = "pictures"
MOST_ATTEMPTS = 3
# A file is written before its row, so a new file without a row may get one in a moment.
SWEEP_AFTER_SECONDS = 3600


@dataclass(frozen=True, slots=True)
class WaitingPicture:
    """A picture to be fetched from its address."""

    post_id: int
    address: str


@dataclass(frozen=True, slots=True)
class StoredPicture:
    """The name of a copy, the client whose post it belongs to, and when (UTC) the post was published."""

    sha256: str
    client_id: int
    published_at: datetime


def picture_folder(data_dir: Path) -> Path:
    return data_dir / FOLDER


def note_addresses(session: Session, addresses: Mapping[int, str], now: datetime) -> None:
    """Record the addresses of the pictures of posts that have none yet; {post id: address}.

    A stored picture is never fetched again. A refused one is, from its new address.
    """
    if not addresses:
        return
    rows = session.execute(
        select(PostPicture.post_id, PostPicture.status, PostPicture.address, PostPicture.attempts).where(
            among(PostPicture.post_id, addresses)
        )
    )
    known = {row.post_id: row for row in rows}
    new = [
        {"post_id": post_id, "status": "waiting", "address": address, "attempts": 0, "changed_at": now}
        for post_id, address in addresses.items()
        if post_id not in known
    ]
    if new:
        session.execute(insert(PostPicture), new)
    again = [
        {"post_id": post_id, "status": "waiting", "address": addresses[post_id], "changed_at": now}
        for post_id, row in known.items()
        if row.status in ("waiting", "refused") and row.attempts < MOST_ATTEMPTS and row.address != addresses[post_id]
    ]
    if again:
        session.execute(update(PostPicture), again)


def waiting_pictures(session: Session, limit: int) -> list[WaitingPicture]:
    """Return the pictures to be fetched, those of the newest posts first."""
    rows = session.execute(
        select(PostPicture.post_id, PostPicture.address)
        .join(Post, Post.id == PostPicture.post_id)
        .where(PostPicture.status == "waiting", PostPicture.address.is_not(None))
        .order_by(Post.published_at.desc(), Post.id.desc())
        .limit(limit)
    )
    return [WaitingPicture(post_id, address) for post_id, address in rows if address]


def write_file(folder: Path, content: bytes) -> str:
    """Write a copy and return its name, the SHA-256 of its content. A file is complete or absent."""
    name = hashlib.sha256(content).hexdigest()
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    target = file_of(folder, name)
    partial = target.with_suffix(f".{time.monotonic_ns()}.part")
    partial.write_bytes(content)
    partial.replace(target)
    return name


def file_of(folder: Path, sha256: str) -> Path:
    return folder / f"{sha256}.jpg"


def record_stored(session: Session, post_id: int, sha256: str, size: int, now: datetime) -> None:
    """Record the copy of a post's picture; the address, which expires, is dropped."""
    session.execute(
        update(PostPicture)
        .where(PostPicture.post_id == post_id)
        .values(status="stored", address=None, sha256=sha256, bytes=size, problem=None, changed_at=now)
    )


def record_refused(session: Session, post_id: int, problem: str, now: datetime, *, is_final: bool) -> None:
    """Record why a picture was not fetched. A temporary failure leaves it waiting, up to MOST_ATTEMPTS times."""
    row = session.get(PostPicture, post_id)
    if row is None or row.status != "waiting":
        return
    row.attempts += 1
    row.problem, row.changed_at = problem, now
    if is_final or row.attempts >= MOST_ATTEMPTS:
        row.status = "refused"


def remove_oldest(session: Session, most_bytes: int, now: datetime) -> int:
    """Mark the copies as removed that were stored first, until the others fit. Returns the number of removed copies."""
    rows = session.execute(
        select(PostPicture.post_id, PostPicture.sha256, PostPicture.bytes)
        .where(PostPicture.status == "stored")
        .order_by(PostPicture.changed_at.desc(), PostPicture.post_id.desc())
    )
    total, files, surplus = 0, set[str | None](), list[int]()
    for post_id, sha256, size in rows:
        total += 0 if sha256 in files else size or 0
        files.add(sha256)
        if total > most_bytes:
            surplus.append(post_id)
    if surplus:
        values = {"status": "removed", "sha256": None, "bytes": None, "changed_at": now}
        session.execute(update(PostPicture), [{"post_id": post_id, **values} for post_id in surplus])
    return len(surplus)


def sweep(session: Session, folder: Path, *, older_than_seconds: float = SWEEP_AFTER_SECONDS) -> int:
    """Delete the files that no row names: of removed pictures and of deleted clients. Returns their number."""
    if not folder.is_dir():
        return 0
    named = set(session.scalars(select(PostPicture.sha256).where(PostPicture.sha256.is_not(None)).distinct()))
    oldest, deleted = time.time() - older_than_seconds, 0
    for path in folder.iterdir():
        if path.stem not in named and path.stat().st_mtime < oldest:
            path.unlink(missing_ok=True)
            deleted += 1
    return deleted


def stored_pictures(session: Session, post_ids: Collection[int]) -> frozenset[int]:
    """Return the posts among these that have a copy."""
    if not post_ids:
        return frozenset()
    rows = session.scalars(
        select(PostPicture.post_id).where(among(PostPicture.post_id, post_ids), PostPicture.status == "stored")
    )
    return frozenset(rows)


def find_picture(session: Session, post_id: int) -> StoredPicture | None:
    """Return the copy of a post's picture, or None when there is none."""
    row = session.execute(
        select(PostPicture.sha256, Account.client_id, Post.published_at)
        .join(Post, Post.id == PostPicture.post_id)
        .join(Account, Account.id == Post.account_id)
        .where(PostPicture.post_id == post_id, PostPicture.status == "stored")
    ).one_or_none()
    return None if row is None or row.sha256 is None else StoredPicture(row.sha256, row.client_id, row.published_at)
