"""What the pages for connecting show: the two ways in, the permissions, and the accounts to choose from."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from sophia.display.formatting import PLATFORM_LABELS
from sophia.display.values import Cell, Choice, Column, State, Table, Value
from sophia.meta.page_discovery import PORTFOLIOS
from sophia.portfolio import scopes as permissions
from sophia.portfolio.connecting import Offer
from sophia.portfolio.pending_connections import account_key

OBJECTS = {"facebook": "Facebook Pages", "instagram": "Instagram accounts"}
GRANT_LOGIN = (
    "With Facebook Login for Business: add the permission to the configuration in the dashboard of your app, log in again, "
    "and allow it. With a system user: Business settings, System users, Generate token, select it."
)


@dataclass(frozen=True, slots=True)
class WaysToConnect:
    """Facebook Login, and a token. `account_id` is the account to reconnect, empty for new ones.

    `login` is the text of the button that opens Meta's dialog, and `no_login` says why there is none; one of both is
    empty.
    """

    login: str
    no_login: str
    asks_again: bool
    callback: str
    account_id: str


@dataclass(frozen=True, slots=True)
class ConnectPage:
    """The ways to connect, or, in `unavailable`, why nothing can be connected here."""

    lead: str
    unavailable: str
    error: str
    ways: WaysToConnect | None
    permissions: Table


@dataclass(frozen=True, slots=True)
class AccountChoice:
    """An account with a checkbox. `key` is what the form sends, `note` what is special about it."""

    key: str
    label: str
    note: str
    checked: bool


@dataclass(frozen=True, slots=True)
class PageChoice:
    """A Page with its accounts, and the client that they are for. `hint` says who has them already."""

    page_id: str
    name: str
    client: str
    hint: str
    accounts: tuple[AccountChoice, ...]


@dataclass(frozen=True, slots=True)
class ChoosePage:
    """The accounts of a token. `error` says why the last choice was not stored."""

    lead: str
    error: str
    warnings: tuple[str, ...]
    pages: tuple[PageChoice, ...]
    clients: tuple[Choice, ...]
    zone: str
    permissions: Table


@dataclass(frozen=True, slots=True)
class TypedChoice:
    """What a person chose: the keys of accounts, {Page id: client}, and the time zone of new clients."""

    keys: frozenset[str]
    clients: Mapping[str, str]
    zone: str


def permission_table(scopes: frozenset[str] | None, *, is_checked: bool) -> Table:
    """Return all permissions with their use; after a check also whether each was granted, None if Meta does not say."""
    columns = [Column("Permission"), Column("Needed for")]
    if is_checked:
        columns.append(Column("State"))
    rows = []
    for name, use in uses().items():
        cells = [Cell(Value(name)), Cell(Value(use))]
        if is_checked:
            text, state = permission_state(name, scopes)
            cells.append(Cell(Value(text), state=state))
        rows.append(tuple(cells))
    return Table("permissions", "Permissions", tuple(columns), tuple(rows), "", footnote=GRANT_LOGIN)


def uses() -> dict[str, str]:
    """Return {permission: what it is for}."""
    texts: dict[str, list[str]] = {}
    tables = (
        (permissions.NEEDED, "{}"),
        (permissions.OPTIONAL, "comments of {} (optional)"),
        (permissions.PUBLISHING, "publishing on {} (optional)"),
    )
    for table, purpose in tables:
        for platform, effects in table.items():
            for name in effects:
                texts.setdefault(name, []).append(purpose.format(OBJECTS[platform]))
    return {name: ", ".join(parts) for name, parts in texts.items()} | {PORTFOLIOS: "Pages of a business portfolio"}


def permission_state(name: str, scopes: frozenset[str] | None) -> tuple[str, State | None]:
    if scopes is None:
        return "not verified", None
    if name in scopes:
        return "granted", None
    needed = {scope for effects in permissions.NEEDED.values() for scope in effects}
    return "missing", "coral" if name in needed else "amber"


def choose_page(offer: Offer, clients: Collection[str], typed: TypedChoice, error: str) -> ChoosePage:
    """Return the page with everything that a person typed so far."""
    pages = tuple(
        PageChoice(
            page_id=page.id,
            name=page.name,
            client=typed.clients.get(page.id, ""),
            hint=f"Connected already, for {offer.owners[page.id]}." if page.id in offer.owners else "",
            accounts=tuple(
                AccountChoice(
                    account_key(connection),
                    f"{PLATFORM_LABELS[connection.platform]}: {connection.name}",
                    f"@{connection.username}" if connection.username else "",
                    account_key(connection) in typed.keys,
                )
                for connection in offer.connections.get(page.id, ())
            ),
        )
        for page in offer.pages
    )
    count = sum(len(page.accounts) for page in pages)
    return ChoosePage(
        lead=f"This token gives access to {count} accounts. Choose those to measure, and the client of each Page.",
        error=error,
        warnings=offer.warnings,
        pages=pages,
        clients=tuple(Choice(name, name) for name in clients),
        zone=typed.zone,
        permissions=permission_table(offer.scopes, is_checked=True),
    )


def proposal(offer: Offer, zone: str) -> TypedChoice:
    """Return the choice that a page proposes: every account, each Page for its client or a new one of its name."""
    keys = {account_key(connection) for accounts in offer.connections.values() for connection in accounts}
    names = {page.id: offer.owners.get(page.id) or page.name for page in offer.pages}
    return TypedChoice(frozenset(keys), names, zone)
