"""Connects accounts: finds what a token gives access to, checks its permissions, and assigns accounts to clients.

Examining and storing are two steps, so that a person can decide in between. `Connecting.examine` calls Meta and writes
nothing; `store` writes in one transaction per Page and calls nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import anyio.to_thread
from pydantic import SecretStr

from sophia.config import Settings
from sophia.database.engine import Database
from sophia.errors import ConfigurationError, ConflictError, InvalidInputError
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
from sophia.portfolio.meta_context import MetaContext
from sophia.portfolio.service import Connection, connect_account, find_or_create_client, owner_of
from sophia.vault import Vault

# Meta's short-lived tokens last an hour or two, its long-lived ones about sixty days.
SHORT_LIVED = timedelta(days=2)
SET_APP = "Set SOPHIA_FACEBOOK_APP_ID and SOPHIA_FACEBOOK_APP_SECRET, and both are checked every day."
CANNOT_CHECK = (
    "The permissions and the end of this token could not be verified: Meta shows them only to the app of the token. "
    f"{permissions.NEEDED_SENTENCE} Without a permission Meta answers with nothing, and a short-lived token stops "
    f"working within hours. {SET_APP}"
)
END_UNKNOWN = f"When this token ends could not be verified: a short-lived one stops working within hours. {SET_APP}"


@dataclass(frozen=True, slots=True)
class Offer:
    """The Pages that a token gives access to, ready to be assigned to clients. `warnings` are for the person who connects.

    `scopes` are the permissions of the token, None if they could not be verified.
    """

    pages: tuple[DiscoveredPage, ...]
    connections: Mapping[str, tuple[Connection, ...]]  # {Page id: the Page and its Instagram account}
    owners: Mapping[str, str]  # {Page id: the client that has the Page or its Instagram account already}
    warnings: tuple[str, ...]
    scopes: frozenset[str] | None


@dataclass(frozen=True, slots=True)
class Connected:
    """A connected account, or, with `refused`, the reason why it was not connected. `account_id` is 0 then."""

    client: str
    platform: str
    external_id: str
    name: str
    account_id: int
    is_new: bool
    refused: str | None = None


@dataclass(frozen=True, slots=True)
class Connecting(MetaContext):
    """Examines tokens and connects the accounts that they give access to."""

    async def examine(self, token: SecretStr) -> Offer:
        """Return what the token gives access to. Raises InvalidInputError when it is invalid or lacks permissions,
        GraphError when Meta cannot be asked.
        """
        app, warnings = app_of(self.settings), list[str]()
        token, verified, page_ids = await self._verify(app, token, warnings)
        scopes = permissions.ALL if verified is None else verified
        platforms = usable_platforms(scopes, warnings)
        discovery = await find_pages(self.client.caller(token), scopes, page_ids)
        pages = discovery.pages
        warnings += discovery.warnings
        if not pages:
            raise InvalidInputError(no_page(scopes, discovery.warnings))
        facts = await debug_tokens(self.client, app, [page.token for page in pages]) if app else None
        connections: dict[str, tuple[Connection, ...]] = {}
        for index, page in enumerate(pages):
            if page.tasks and not page.tasks & {"ANALYZE", "MANAGE"}:
                warnings.append(f"{page.name}: you cannot see its insights there (the task ANALYZE is missing).")
            page_facts = facts[index] if facts else None
            warnings += missing_on_page(page, platforms, page_facts)
            connections[page.id] = connections_of_page(page, platforms, scopes, page_facts, self.clock())
            if "instagram" in platforms and page.instagram is None:
                warnings.append(f"{page.name} has no Instagram professional account linked to it.")
        owners = await anyio.to_thread.run_sync(self._owners, connections)
        return Offer(pages, connections, owners, tuple(warnings), verified)

    async def _verify(
        self, app: App | None, token: SecretStr, warnings: list[str]
    ) -> tuple[SecretStr, frozenset[str] | None, frozenset[str]]:
        """Return the token, exchanged for a long-lived one if possible, its permissions and the ids of the Pages it names.

        The permissions are None if they cannot be verified; they then count as granted.
        """
        if app is None:
            granted = await granted_permissions(self.client.caller(token))
            warnings.append(END_UNKNOWN if granted else CANNOT_CHECK)
            return token, granted, frozenset()
        facts = (await debug_tokens(self.client, app, [token]))[0]
        expect_usable(facts, app)
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
        """Connect the Page and the Instagram account that the settings name, without a prompt.

        A second run changes only the tokens. `client_name` defaults to the client that has the account, else to the
        account's name. Raises ConfigurationError when one setting of a pair is missing.
        """
        done: list[Connected] = []
        for platform, (token, external_id) in pairs(self.settings).items():
            account = await self._describe(platform, external_id, token)
            owner = await anyio.to_thread.run_sync(self._owners, {"": (account,)})
            name = client_name or owner.get("") or (done[0].client if done and not done[0].refused else account.name)
            done += await anyio.to_thread.run_sync(
                store_page, self.database, self.vault, (account,), name, self.settings.operator_timezone, self.clock()
            )
        return done

    async def _describe(self, platform: str, external_id: str, token: SecretStr) -> Connection:
        """Return an account by its id, with its own token, its name and the token's permissions."""
        if platform == "facebook":
            token = await self._page_token(external_id, token)
        app = app_of(self.settings)
        facts = (await debug_tokens(self.client, app, [token]))[0] if app else None
        if facts and app:
            expect_usable(facts, app)
            if missing := permissions.missing(platform, with_pages(facts.scopes)):
                raise InvalidInputError(" ".join(missing))
        answer = await self.client.caller(token).get(external_id, {"fields": "id,name,username"}, "account")
        username = answer.data.get("username")
        username = username if isinstance(username, str) and username else None
        name = str(answer.data.get("name") or username or external_id)
        scopes = facts.scopes if facts else permissions.ALL
        return connection(platform, external_id, name, username, token, scopes, facts, self.clock())

    async def _page_token(self, page_id: str, token: SecretStr) -> SecretStr:
        """Return the Page's own token for a token of a person or of the Page.

        A person's token is never stored instead: it ends with the person's login and gives access to other Pages too.
        Raises InvalidInputError when Meta gives no token for the Page.
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
            f"SOPHIA_FACEBOOK_ACCESS_TOKEN gives no access to the Page {page_id}: {reason} Give the person, or the system "
            "user, a role on this Page (the task ANALYZE), allow pages_show_list and pages_read_engagement, and make "
            "the token again. A person's own token is not stored instead of the Page's."
        )


def store(
    database: Database, vault: Vault, offer: Offer, clients: Mapping[str, str], timezone: str, now: datetime
) -> list[Connected]:
    """Connect the Pages in `clients` ({Page id: name of its client}) with their Instagram accounts.

    Each Page is one transaction, so that a refused Page does not affect the others (A3). New clients get `timezone`.
    """
    done: list[Connected] = []
    for page_id, name in clients.items():
        done += store_page(database, vault, offer.connections[page_id], name, timezone, now)
    return done


def store_page(
    database: Database, vault: Vault, accounts: tuple[Connection, ...], name: str, timezone: str, now: datetime
) -> list[Connected]:
    """Connect accounts that belong together to a client: all of them or, with the reason, none."""
    done: list[Connected] = []
    try:
        with database.write() as session:
            client = find_or_create_client(session, name, timezone, now)
            for account in accounts:
                account_id, is_new = connect_account(session, vault, client, account, now)
                done.append(
                    Connected(client.name, account.platform, account.external_id, account.name, account_id, is_new)
                )
    except (ConflictError, InvalidInputError) as error:
        reason = str(error)
        return [Connected(name, o.platform, o.external_id, o.name, 0, is_new=False, refused=reason) for o in accounts]
    return done


def no_page(scopes: frozenset[str], warnings: tuple[str, ...]) -> str:
    """Return why a token may give access to no Page, and what to do."""
    portfolio = (
        f"With {PORTFOLIOS}, Meta lists no Page of a business portfolio either: give the person or the system user a role "
        "on the Pages there"
        if PORTFOLIOS in scopes
        else f"If the Pages belong to a business portfolio, make a token that also has {PORTFOLIOS}"
    )
    return " ".join(
        [
            "This token gives access to no Page.",
            *warnings,
            "Log in as a person who manages the Pages, choose all of them in Meta's dialogue, and allow",
            f"pages_show_list. {portfolio}, or name the Page: set SOPHIA_FACEBOOK_PAGE_ID to its id and",
            "SOPHIA_FACEBOOK_ACCESS_TOKEN to this token.",
        ]
    )


def app_of(settings: Settings) -> App | None:
    """Return the Meta app of the settings, or None unless both its id and secret are set."""
    if not settings.facebook_app_id or settings.facebook_app_secret is None:
        return None
    return App(settings.facebook_app_id, settings.facebook_app_secret)


def can_log_in(settings: Settings) -> bool:
    """Return whether the settings name the app and the configuration of Facebook Login for Business."""
    return app_of(settings) is not None and settings.facebook_login_config_id is not None


def pairs(settings: Settings) -> dict[str, tuple[SecretStr, str]]:
    """Return {platform: (token, id)} of the accounts that the settings name. Raises ConfigurationError for half a pair."""
    settings_by_platform = {
        "facebook": (settings.facebook_access_token, settings.facebook_page_id, "PAGE_ID"),
        "instagram": (settings.instagram_access_token, settings.instagram_business_account_id, "BUSINESS_ACCOUNT_ID"),
    }
    accounts: dict[str, tuple[SecretStr, str]] = {}
    for platform, (token, external_id, suffix) in settings_by_platform.items():
        names = (f"SOPHIA_{platform.upper()}_ACCESS_TOKEN", f"SOPHIA_{platform.upper()}_{suffix}")
        if token is None and not external_id:
            continue
        if token is None or not external_id:
            present, absent = (names[1], names[0]) if token is None else names
            raise ConfigurationError(f"{present} is set and {absent} is not. Set both.")
        try:
            accounts[platform] = (token, object_id(external_id))
        except ValueError as error:
            raise ConfigurationError(f"{names[1]}: {error}") from None
    return accounts


def expect_usable(facts: TokenFacts, app: App) -> None:
    """Raise InvalidInputError for a token that is invalid or belongs to another app."""
    if not facts.is_valid:
        raise InvalidInputError(f"Meta says that this token is not valid: {facts.problem or 'no reason given'}")
    if facts.app_id is not None and facts.app_id != app.id:
        raise InvalidInputError(
            f"This token was made for the app {facts.app_id}, and SOPHIA_FACEBOOK_APP_ID is {app.id}. Make a token for "
            "your own app, or set the app that this one belongs to."
        )


def usable_platforms(scopes: frozenset[str], warnings: list[str]) -> frozenset[str]:
    """Return the platforms that these permissions allow to measure, and add missing permissions to the warnings.

    Raises InvalidInputError with every missing permission when no platform can be measured.
    """
    usable = frozenset(p for p in permissions.NEEDED if not permissions.missing(p, scopes))
    lines = [line for p in permissions.NEEDED if p not in usable for line in permissions.missing(p, scopes)]
    missing = list(dict.fromkeys(lines))
    if not usable or "pages_show_list" not in scopes:
        raise InvalidInputError(" ".join([*missing, "Make a new token and allow all of these."]))
    warnings += missing
    warnings += [line for platform in sorted(usable) for line in permissions.missing_optional(platform, scopes)]
    return usable


def missing_on_page(page: DiscoveredPage, platforms: frozenset[str], facts: TokenFacts | None) -> list[str]:
    """Return a warning for every permission that the person's token has and the Page's own token lacks."""
    if facts is None or not facts.is_valid:
        return []
    lines = [line for platform in sorted(platforms) for line in permissions.missing(platform, with_pages(facts.scopes))]
    return [f"{page.name}: {line}" for line in dict.fromkeys(lines)]


def with_pages(scopes: frozenset[str]) -> frozenset[str]:
    """Return the permissions with pages_show_list added, which a Page's own token does not need."""
    return scopes | {"pages_show_list"}


def connections_of_page(
    page: DiscoveredPage, platforms: frozenset[str], scopes: frozenset[str], facts: TokenFacts | None, now: datetime
) -> tuple[Connection, ...]:
    """Return the Page and its Instagram account, both with the Page's token, on the platforms that can be measured."""
    connections: list[Connection] = []
    granted = facts.scopes if facts and facts.is_valid and facts.scopes else scopes
    if "facebook" in platforms:
        connections.append(connection("facebook", page.id, page.name, None, page.token, granted, facts, now))
    if "instagram" in platforms and page.instagram is not None:
        linked = page.instagram
        username = linked.username or None
        connections.append(connection("instagram", linked.id, linked.name, username, page.token, granted, facts, now))
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
