"""Clients, their accounts and tokens: create, find, connect, list, archive and delete them, and rotate the keys of tokens.

Every function works inside the caller's transaction. Returned records are frozen and hold no token.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from pydantic import SecretStr
from sqlalchemy import delete, func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from sophia.config import known_zone
from sophia.database.engine import Database
from sophia.database.records import as_record
from sophia.database.statements import among
from sophia.errors import ConflictError, InvalidInputError, NotFoundError
from sophia.meta.tokens import TokenFacts
from sophia.portfolio.alert_models import AlertRoute
from sophia.portfolio.models import Account, Client
from sophia.portfolio.slugs import LONGEST_SLUG, slug_of
from sophia.vault import Vault

LONGEST_NAME = 200
KEYS_LOCK = -3  # an advisory lock of PostgreSQL; positive numbers are accounts


@dataclass(frozen=True, slots=True)
class ClientInfo:
    """A client and the number of its accounts. `timezone` is the zone of its people."""

    id: int
    name: str
    slug: str
    timezone: str
    status: str
    accounts: int
    created_at: datetime
    industry: str | None


@dataclass(frozen=True, slots=True)
class AccountInfo:
    """A connected account, without its token. Moments are in UTC; None means never or unknown."""

    id: int
    client_id: int
    client_name: str
    platform: str
    external_id: str
    name: str
    username: str | None
    status: str
    status_reason: str | None
    has_token: bool
    scopes: frozenset[str]
    token_expires_at: datetime | None
    data_access_expires_at: datetime | None
    token_checked_at: datetime | None
    connected_at: datetime

    @property
    def label(self) -> str:
        """Return the account's name with client and platform, since a Page and an Instagram account often share a name."""
        return f"{self.client_name} · {self.platform} · {self.name}"

    @property
    def token_ends_at(self) -> datetime | None:
        ends = [moment for moment in (self.token_expires_at, self.data_access_expires_at) if moment is not None]
        return min(ends, default=None)


@dataclass(frozen=True, slots=True)
class Connection:
    """The facts about an account when it is connected. `checked_at` is when Meta was asked about its token."""

    platform: str
    external_id: str
    name: str
    username: str | None
    token: SecretStr
    scopes: frozenset[str]
    expires_at: datetime | None = None
    data_access_expires_at: datetime | None = None
    checked_at: datetime | None = None


def unique_slug(session: Session, name: str) -> str:
    """Return the slug of the name, with a number when another client has it already."""
    slug = slug_of(name, kind="client")
    # A number may take the place of the last signs of a long slug.
    slugs = session.scalars(select(Client.slug).where(Client.slug.like(f"{slug[: LONGEST_SLUG - 10]}%")))
    return slug_of(name, set(slugs), kind="client")


def create_client(session: Session, name: str, timezone: str, now: datetime) -> Client:
    """Create a client. Raises InvalidInputError for an invalid name or zone, ConflictError when another client has the name."""
    name = checked_name(name)
    check_zone(timezone)
    if session.scalar(select(Client.id).where(Client.name == name)) is not None:
        raise ConflictError(f"There is a client named {name!r} already.")
    client = Client(
        name=name,
        slug=unique_slug(session, name),
        timezone=timezone,
        status="active",
        created_at=now,
    )
    try:
        with session.begin_nested():
            session.add(client)
    except IntegrityError:
        raise ConflictError(f"{name} was created by another process at the same moment. Try again.") from None
    return client


def checked_name(name: str) -> str:
    """Return the name with single spaces. Raises InvalidInputError when it has no printable character or is too long."""
    name = " ".join(name.split())
    if not name or not name.isprintable():
        raise InvalidInputError("A client needs a name of printable characters.")
    if len(name) > LONGEST_NAME:
        raise InvalidInputError(f"A client's name has {LONGEST_NAME} characters at most; this one has {len(name)}.")
    return name


def check_zone(timezone: str) -> None:
    """Raise InvalidInputError for an unknown zone."""
    try:
        known_zone(timezone)
    except ValueError as error:
        raise InvalidInputError(str(error)) from None


def find_client(session: Session, name_or_id: str) -> Client:
    """Return the client with this name, else this slug, else this id. Raises NotFoundError."""
    text = " ".join(name_or_id.split())
    client = session.scalar(select(Client).where(Client.name == text))
    client = client or session.scalar(select(Client).where(Client.slug == text))
    if client is None and text.isascii() and text.isdigit() and len(text) < 19:  # noqa: PLR2004 - fits 64 bits
        client = session.get(Client, int(text))
    if client is None:
        raise NotFoundError(f"There is no client {text!r}; `sophia client list` shows them.")
    return client


def find_or_create_client(session: Session, name: str, timezone: str, now: datetime) -> Client:
    """Return the client with this name and create it with this zone if needed. Two callers at once create one client."""
    named = select(Client).where(Client.name == checked_name(name))
    client = session.scalar(named)
    if client is None:
        try:
            return create_client(session, name, timezone, now)
        except ConflictError:
            client = session.scalar(named)
            if client is None:
                raise
    return client


def connect_account(
    session: Session, vault: Vault, client: Client, connection: Connection, now: datetime
) -> tuple[int, bool]:
    """Store an account with its token, or the new token of an existing account. Returns its id and whether it is new.

    `connected_at` keeps the first moment, so that reports as of a moment in between include the account.

    Raises ConflictError when the account belongs to another client (A3), or the client is archived.
    """
    if client.status != "active":
        raise ConflictError(f"{client.name} is archived. Bring it back first: sophia client restore {client.id}")
    account = session.scalar(
        select(Account).where(Account.platform == connection.platform, Account.external_id == connection.external_id)
    )
    if account is not None and account.client_id != client.id:
        owner = session.get_one(Client, account.client_id)
        raise ConflictError(
            f"{connection.name} ({connection.platform} {connection.external_id}) belongs to the client {owner.name!r} already, and an "
            f"account has one client only. Connect it to {owner.name!r}, or delete that client first."
        )
    lock_keys(session, vault)
    is_new = account is None
    if account is None:
        account = Account(
            client_id=client.id,
            platform=connection.platform,
            external_id=connection.external_id,
            name=connection.name,
            connected_at=now,
        )
        session.add(account)
    account.name, account.username = connection.name[:LONGEST_NAME], connection.username
    account.token_encrypted, account.token_scopes = vault.encrypt(connection.token), sorted(connection.scopes)
    account.token_expires_at, account.data_access_expires_at = connection.expires_at, connection.data_access_expires_at
    account.token_checked_at = connection.checked_at
    account.status, account.status_reason = "active", None
    try:
        session.flush()
    except IntegrityError:
        raise ConflictError(
            f"{connection.name} was connected by another process at the same moment. Try again."
        ) from None
    return account.id, is_new


def owner_of(session: Session, platform: str, external_id: str) -> str | None:
    """Return the name of the account's client, or None when the account is not connected."""
    return session.scalar(
        select(Client.name)
        .join(Account, Account.client_id == Client.id)
        .where(Account.platform == platform, Account.external_id == external_id)
    )


def list_clients(session: Session) -> list[ClientInfo]:
    """Return all clients by name, archived ones included."""
    rows = session.execute(
        select(Client, func.count(Account.id))
        .outerjoin(Account, Account.client_id == Client.id)
        .group_by(Client.id)
        .order_by(Client.name)
    )
    return [as_record(ClientInfo, client, accounts=count) for client, count in rows]


def list_accounts(
    session: Session,
    *,
    client_id: int | None = None,
    account_ids: Collection[int] | None = None,
    archived: bool = False,
) -> list[AccountInfo]:
    """Return accounts by client and name, of archived clients only with `archived`."""
    query = select(Account, Client.name).join(Client, Account.client_id == Client.id)
    query = query.order_by(Client.name, Account.platform, Account.name, Account.id)
    if not archived:
        query = query.where(Client.status == "active")
    if client_id is not None:
        query = query.where(Account.client_id == client_id)
    if account_ids is not None:
        query = query.where(among(Account.id, account_ids))
    return [
        as_record(
            AccountInfo,
            account,
            client_name=name,
            has_token=account.token_encrypted is not None,
            scopes=frozenset(account.token_scopes),
        )
        for account, name in session.execute(query)
    ]


def archive_client(session: Session, client_id: int) -> None:
    """Stop collecting for a client; its data stays."""
    session.get_one(Client, client_id).status = "archived"


def restore_client(session: Session, client_id: int) -> None:
    session.get_one(Client, client_id).status = "active"


def delete_client(session: Session, client_id: int) -> None:
    """Delete the client with its accounts, tokens, posts, readings, revisions and drafts (K5).

    Every table of a client refers to it, directly or indirectly, with ON DELETE CASCADE. Accounts are deleted first, while
    rows that refer to both an account and a draft can still find both.
    """
    session.execute(delete(Account).where(Account.client_id == client_id))
    session.execute(delete(Client).where(Client.id == client_id))


def accounts_with_tokens(session: Session, vault: Vault) -> list[tuple[AccountInfo, SecretStr]]:
    """Return the accounts of active clients with their tokens. Raises ConfigurationError when no key fits."""
    accounts = {info.id: info for info in list_accounts(session) if info.has_token}
    rows = session.execute(select(Account.id, Account.token_encrypted).where(Account.token_encrypted.is_not(None)))
    return [(accounts[account_id], vault.decrypt(text)) for account_id, text in rows if account_id in accounts and text]


def record_facts(session: Session, account_ids: Sequence[int], facts: TokenFacts, now: datetime) -> None:
    """Store Meta's answer about the token of these accounts. An invalid token marks them as needs_reconnect (B11)."""
    for account in session.scalars(select(Account).where(among(Account.id, account_ids))):
        account.token_checked_at = now
        if not facts.is_valid:
            account.status = "needs_reconnect"
            account.status_reason = f"Connect this account again: sophia connect ({facts.problem or 'the token ended'})"
            continue
        account.token_scopes = sorted(facts.scopes)
        account.token_expires_at = facts.expires_at
        account.data_access_expires_at = facts.data_access_expires_at


def lock_keys(session: Session, vault: Vault | None = None) -> None:
    """Lock the keys of tokens until the transaction ends.

    With a vault the lock is shared: tokens can be stored, but keys cannot be rotated. Without one it is exclusive, for the
    rotation. Otherwise PostgreSQL could store a token under the old key after all others were encrypted with the new key;
    SQLite has only one writer anyway. Raises ConfigurationError when the vault has no key and stored tokens need one.
    """
    if session.get_bind().dialect.name == "postgresql":
        lock = func.pg_advisory_xact_lock if vault is None else func.pg_advisory_xact_lock_shared
        session.execute(select(lock(KEYS_LOCK)))
    if vault is not None and not vault.key_count:
        expect_keys(session, vault)


def stored_tokens(session: Session) -> list[str]:
    """Return everything that the keys encrypt: the tokens of accounts, and the addresses of alert routes."""
    columns = (Account.token_encrypted, AlertRoute.address_encrypted)
    return [text for column in columns for text in session.scalars(select(column).where(column.is_not(None))) if text]


def expect_keys(session: Session, vault: Vault) -> None:
    """Raise ConfigurationError when the vault cannot decrypt a stored token."""
    for text in stored_tokens(session):
        vault.decrypt(text)


def reencrypt_tokens(session: Session, vault: Vault) -> int:
    """Encrypt every token, and every address of a route, with the newest key, so that older keys can be removed (D5).

    Returns the number of tokens.
    """
    accounts = list(session.scalars(select(Account).where(Account.token_encrypted.is_not(None))))
    for account in accounts:
        if account.token_encrypted is not None:
            account.token_encrypted = vault.encrypt(vault.decrypt(account.token_encrypted))
    for route in session.scalars(select(AlertRoute).where(AlertRoute.address_encrypted.is_not(None))):
        route.address_encrypted = vault.encrypt(vault.decrypt(route.address_encrypted or ""))
    session.flush()
    return len(accounts)


def rotate_keys(database: Database, vault: Vault) -> int:
    """Add a new key to the vault's file, encrypt every token with it and drop the old keys. Returns the number of tokens.

    Every token stays readable if the process stops at any moment: old keys leave the file only when no token needs them,
    after the tokens have reached the disk. Raises ConfigurationError, and changes nothing, when a token cannot be read.
    """
    with database.write() as session:
        lock_keys(session)
        expect_keys(session, vault)
        vault.add_key()
        count = reencrypt_tokens(session, vault)
    database.sync()
    with database.write() as session:
        lock_keys(session)
        if all(vault.is_newest(text) for text in stored_tokens(session)):
            vault.drop_old_keys()
    return count


def forget_tokens(session: Session) -> int:
    """Delete all tokens and addresses of routes after their key was lost, so that they are entered again.

    Returns the number of accounts to connect again.
    """
    lock_keys(session)
    session.execute(update(AlertRoute).values(address_encrypted=None))
    accounts = list(session.scalars(select(Account).where(Account.token_encrypted.is_not(None))))
    for account in accounts:
        account.token_encrypted, account.status = None, "needs_reconnect"
        account.status_reason = "Connect this account again: sophia connect (the key of its token was lost)"
    return len(accounts)
