"""Connecting accounts: what a token opens, what it may, and whose client each account becomes.

Looking and storing are two steps, so that a person can be asked in between: `Connecting.look` speaks to Meta and writes
nothing, `store` writes in one transaction per Page and speaks to nobody.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import anyio.to_thread
from pydantic import SecretStr

from sophia.config import Settings
from sophia.database.engine import Database
from sophia.errors import ConfigurationError, ConflictError, InvalidInputError
from sophia.meta.client import GraphClient
from sophia.meta.envelope import object_id
from sophia.meta.page_discovery import PORTFOLIOS, find_pages, holder_id, own_token
from sophia.meta.tokens import (
    App,
    DiscoveredPage,
    TokenFacts,
    debug_tokens,
    exchange_long_lived,
    granted_permissions,
)
from sophia.portfolio import scopes as permissions
from sophia.portfolio.service import Connection, connect_account, find_or_create_client, owner_of
from sophia.vault import Vault

# Meta's short-lived tokens last an hour or two, its long-lived ones about sixty days.
SHORT_LIVED = timedelta(days=2)
SET_APP = "Set SOPHIA_FACEBOOK_APP_ID and SOPHIA_FACEBOOK_APP_SECRET, and both are checked every day."
CANNOT_CHECK = (
    "The permissions and the end of this token could not be verified: Meta tells them only to the Meta app that it was made "
    f"for. {permissions.NEEDED_SENTENCE} Without a permission Meta answers with nothing, and a short-lived token stops "
    f"working within hours. {SET_APP}"
)
END_UNKNOWN = f"When this token ends could not be verified: a short-lived one stops working within hours. {SET_APP}"


@dataclass(frozen=True, slots=True)
class Offer:
    """What a person's token opens, ready to be assigned to clients. `warnings` are for the person who connects."""

    pages: tuple[DiscoveredPage, ...]
    connections: Mapping[str, tuple[Connection, ...]]  # by Page id: the Page, and its Instagram account
    owners: Mapping[str, str]  # by Page id: the client that the Page or its Instagram account belongs to already
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Connected:
    """An account that was connected, or, with `refused`, was not and why. `account_id` is 0 then."""

    client: str
    platform: str
    external_id: str
    name: str
    account_id: int
    is_new: bool
    refused: str | None = None


@dataclass(frozen=True, slots=True)
class Connecting:
    """Everything that connecting needs, put together at the edge."""

    database: Database
    vault: Vault
    client: GraphClient
    settings: Settings
    clock: Callable[[], datetime]

    async def look(self, token: SecretStr) -> Offer:
        """What this person's token opens. Raises InvalidInputError when it is dead or may too little, GraphError when
        Meta cannot be asked.
        """
        app, warnings = app_of(self.settings), list[str]()
        token, scopes, page_ids = await self._examine(app, token, warnings)
        platforms = usable_platforms(scopes, warnings)
        found = await find_pages(self.client.caller(token), scopes, page_ids)
        pages = found.pages
        warnings += found.warnings
        if not pages:
            raise InvalidInputError(no_page(scopes, found.warnings))
        facts = await debug_tokens(self.client, app, [page.token for page in pages]) if app else None
        connections: dict[str, tuple[Connection, ...]] = {}
        for index, page in enumerate(pages):
            if page.tasks and not page.tasks & {"ANALYZE", "MANAGE"}:
                warnings.append(f"{page.name}: you may not see its insights there (the task ANALYZE is missing).")
            known = facts[index] if facts else None
            warnings += lacking_on_page(page, platforms, known)
            connections[page.id] = offered(page, platforms, scopes, known, self.clock())
            if "instagram" in platforms and page.instagram is None:
                warnings.append(f"{page.name} has no Instagram professional account linked to it.")
        owners = await anyio.to_thread.run_sync(self._owners, connections)
        return Offer(pages, connections, owners, tuple(warnings))

    async def _examine(
        self, app: App | None, token: SecretStr, warnings: list[str]
    ) -> tuple[SecretStr, frozenset[str], frozenset[str]]:
        """The token to go on with, long-lived if it can be, what it may, and the ids of the Pages that it names; unknown
        permissions are taken as given.
        """
        if app is None:
            granted = await granted_permissions(self.client.caller(token))
            warnings.append(END_UNKNOWN if granted else CANNOT_CHECK)
            return token, granted or permissions.ALL, frozenset()
        facts = (await debug_tokens(self.client, app, [token]))[0]
        refuse_unusable(facts, app)
        if facts.expires_at is not None and facts.expires_at - self.clock() < SHORT_LIVED and facts.type == "USER":
            token, _ = await exchange_long_lived(self.client, app, token)
        return token, facts.scopes, facts.page_ids

    def _owners(self, connections: Mapping[str, tuple[Connection, ...]]) -> dict[str, str]:
        owners: dict[str, str] = {}
        with self.database.read() as session:
            for page_id, accounts in connections.items():
                for account in accounts:
                    owner = owner_of(session, account.platform, account.external_id)
                    if owner is not None:
                        owners.setdefault(page_id, owner)
        return owners

    async def connect_from_settings(self, client_name: str | None = None) -> list[Connected]:
        """Connect the one Page and the one Instagram account that the settings name, without asking anybody.

        Running it again changes nothing but the tokens. `client_name` defaults to the client that has the account, else
        to the account's name. Raises ConfigurationError when a setting is there without its other half.
        """
        done: list[Connected] = []
        for platform, (token, external_id) in pairs(self.settings).items():
            one = await self._described(platform, external_id, token)
            owner = await anyio.to_thread.run_sync(self._owners, {"": (one,)})
            name = client_name or owner.get("") or (done[0].client if done and not done[0].refused else one.name)
            done += await anyio.to_thread.run_sync(
                store_page, self.database, self.vault, (one,), name, self.settings.operator_timezone, self.clock()
            )
        return done

    async def _described(self, platform: str, external_id: str, token: SecretStr) -> Connection:
        """One account by its id: the right token for it, its name, and what the token may."""
        if platform == "facebook":
            token = await self._page_token(external_id, token)
        app = app_of(self.settings)
        facts = (await debug_tokens(self.client, app, [token]))[0] if app else None
        if facts and app:
            refuse_unusable(facts, app)
            if lacking := permissions.missing(platform, with_pages(facts.scopes)):
                raise InvalidInputError(" ".join(lacking))
        answer = await self.client.caller(token).get(external_id, {"fields": "id,name,username"}, "account")
        username = answer.data.get("username")
        username = username if isinstance(username, str) and username else None
        name = str(answer.data.get("name") or username or external_id)
        scopes = facts.scopes if facts else permissions.ALL
        return connection(platform, external_id, name, username, token, scopes, facts, self.clock())

    async def _page_token(self, page_id: str, token: SecretStr) -> SecretStr:
        """The Page's own token, whether the token given is a person's or the Page's. A person's token is never kept in
        its place: it ends with the person's login and opens other Pages too. Raises InvalidInputError when Meta gives
        no token for the Page.
        """
        caller = self.client.caller(token)
        own, reason = await own_token(caller, page_id)
        if own is not None:
            return own
        app = app_of(self.settings)
        facts = (await debug_tokens(self.client, app, [token]))[0] if app else None
        if (facts is not None and facts.type == "PAGE") or await holder_id(caller) == page_id:
            return token
        raise InvalidInputError(
            f"SOPHIA_FACEBOOK_ACCESS_TOKEN does not open the Page {page_id}: {reason} Give the person, or the system "
            "user, a role on this Page (the task ANALYZE), allow pages_show_list and pages_read_engagement, and make "
            "the token again. A person's own token is not stored in place of the Page's."
        )


def store(
    database: Database, vault: Vault, offer: Offer, clients: Mapping[str, str], timezone: str, now: datetime
) -> list[Connected]:
    """Connect the Pages named in `clients` ({Page id: client's name}) with their Instagram accounts.

    A Page is one transaction; one that is refused costs itself only (A3). `timezone` is for clients that are new.
    """
    done: list[Connected] = []
    for page_id, name in clients.items():
        done += store_page(database, vault, offer.connections[page_id], name, timezone, now)
    return done


def store_page(
    database: Database, vault: Vault, accounts: tuple[Connection, ...], name: str, timezone: str, now: datetime
) -> list[Connected]:
    """Connect accounts that belong together to one client; all of them or, with the reason, none."""
    done: list[Connected] = []
    try:
        with database.write() as session:
            client = find_or_create_client(session, name, timezone, now)
            for account in accounts:
                number, is_new = connect_account(session, vault, client, account, now)
                done.append(Connected(client.name, account.platform, account.external_id, account.name, number, is_new))
    except (ConflictError, InvalidInputError) as error:
        reason = str(error)
        return [Connected(name, o.platform, o.external_id, o.name, 0, is_new=False, refused=reason) for o in accounts]
    return done


def no_page(scopes: frozenset[str], warnings: tuple[str, ...]) -> str:
    """Why a token may open no Page, and the ways round."""
    portfolio = (
        f"With {PORTFOLIOS} Meta lists no Page of a business portfolio either: give the person or the system user a role "
        "on the Pages there"
        if PORTFOLIOS in scopes
        else f"If the Pages belong to a business portfolio, make a token that has {PORTFOLIOS} too"
    )
    return " ".join(
        [
            "This token opens no Page.",
            *warnings,
            "Log in as somebody who manages the Pages, choose all of them in Meta's dialogue, and allow",
            f"pages_show_list. {portfolio}, or name the Page: set SOPHIA_FACEBOOK_PAGE_ID to its id and",
            "SOPHIA_FACEBOOK_ACCESS_TOKEN to this token.",
        ]
    )


def app_of(settings: Settings) -> App | None:
    """The Meta app of the settings; None unless both halves are there."""
    if not settings.facebook_app_id or settings.facebook_app_secret is None:
        return None
    return App(settings.facebook_app_id, settings.facebook_app_secret)


def pairs(settings: Settings) -> dict[str, tuple[SecretStr, str]]:
    """{platform: (token, id)} of the accounts that the settings name. Raises ConfigurationError for half a pair."""
    given = {
        "facebook": (settings.facebook_access_token, settings.facebook_page_id, "PAGE_ID"),
        "instagram": (settings.instagram_access_token, settings.instagram_business_account_id, "BUSINESS_ACCOUNT_ID"),
    }
    found: dict[str, tuple[SecretStr, str]] = {}
    for platform, (token, external_id, suffix) in given.items():
        names = (f"SOPHIA_{platform.upper()}_ACCESS_TOKEN", f"SOPHIA_{platform.upper()}_{suffix}")
        if token is None and not external_id:
            continue
        if token is None or not external_id:
            there, absent = (names[1], names[0]) if token is None else names
            raise ConfigurationError(f"{there} is set and {absent} is not; they belong together.")
        try:
            found[platform] = (token, object_id(external_id))
        except ValueError as error:
            raise ConfigurationError(f"{names[1]}: {error}") from None
    return found


def refuse_unusable(facts: TokenFacts, app: App) -> None:
    """Raises InvalidInputError for a token that is dead or belongs to another app."""
    if not facts.is_valid:
        raise InvalidInputError(f"Meta says that this token is not valid: {facts.problem or 'no reason given'}")
    if facts.app_id is not None and facts.app_id != app.id:
        raise InvalidInputError(
            f"This token was made for the app {facts.app_id}, and SOPHIA_FACEBOOK_APP_ID is {app.id}. Make a token for "
            "your own app, or set the app that this one belongs to."
        )


def usable_platforms(scopes: frozenset[str], warnings: list[str]) -> frozenset[str]:
    """The platforms that can be measured with these permissions; what is missing is added to the warnings.

    Raises InvalidInputError, naming every missing permission, when there is none.
    """
    usable = frozenset(p for p in permissions.NEEDED if not permissions.missing(p, scopes))
    lacking = [line for p in permissions.NEEDED if p not in usable for line in permissions.missing(p, scopes)]
    lacking = list(dict.fromkeys(lacking))
    if not usable or "pages_show_list" not in scopes:
        raise InvalidInputError(" ".join([*lacking, "Make a new token and allow all of these."]))
    warnings += lacking
    warnings += [line for platform in sorted(usable) for line in permissions.missed(platform, scopes)]
    return usable


def lacking_on_page(page: DiscoveredPage, platforms: frozenset[str], facts: TokenFacts | None) -> list[str]:
    """A warning for every permission that the person allowed and that the Page's own token lacks all the same."""
    if facts is None or not facts.is_valid:
        return []
    lines = [line for platform in sorted(platforms) for line in permissions.missing(platform, with_pages(facts.scopes))]
    return [f"{page.name}: {line}" for line in dict.fromkeys(lines)]


def with_pages(scopes: frozenset[str]) -> frozenset[str]:
    """The permissions together with the one to list Pages, which a Page's own token does not need."""
    return scopes | {"pages_show_list"}


def offered(
    page: DiscoveredPage, platforms: frozenset[str], scopes: frozenset[str], facts: TokenFacts | None, now: datetime
) -> tuple[Connection, ...]:
    """The Page and its Instagram account, both with the Page's token, as far as the platforms can be measured."""
    connections: list[Connection] = []
    may = facts.scopes if facts and facts.is_valid and facts.scopes else scopes
    if "facebook" in platforms:
        connections.append(connection("facebook", page.id, page.name, None, page.token, may, facts, now))
    if "instagram" in platforms and page.instagram is not None:
        linked = page.instagram
        username = linked.username or None
        connections.append(connection("instagram", linked.id, linked.name, username, page.token, may, facts, now))
    return tuple(connections)


def connection(
    platform: str,
    external_id: str,
    name: str,
    username: str | None,
    token: SecretStr,
    scopes: frozenset[str],
    facts: TokenFacts | None,
    now: datetime,
) -> Connection:
    plain = Connection(platform, external_id, name, username, token, scopes)
    if facts is None:
        return plain
    return replace(
        plain,
        expires_at=facts.expires_at,
        data_access_expires_at=facts.data_access_expires_at,
        checked_at=now,
    )
