"""What Meta knows about a token: whether it is valid, its permissions, its end. `page_discovery` finds its Pages.

Here tokens are parameters and not only credentials, so no request leaves this module: answers are parsed at once, their
sources dropped, and errors raised again without the secrets that Meta may repeat in them. The parameters travel in the
body of a POST, never in an address that a proxy could log (D2).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from pydantic import SecretStr

from sophia.meta.caller import MOST_BATCH_ITEMS, Call, Caller
from sophia.meta.client import GraphClient
from sophia.meta.envelope import OBJECT_ID, Answer
from sophia.meta.errors import GraphError, Remedy, display_text
from sophia.vault import REDACTED, redact_secrets

INSTAGRAM_FIELDS = "instagram_business_account{id,username,name,followers_count}"
PAGE_FIELDS = f"id,name,access_token,tasks,{INSTAGRAM_FIELDS}"
MISSING_METHOD = (100, 33)


@dataclass(frozen=True, slots=True)
class App:
    """The Meta app that issued the tokens."""

    id: str
    secret: SecretStr

    @property
    def token(self) -> SecretStr:
        """The app's own token, which may request facts about the tokens that people gave to it."""
        return SecretStr(f"{self.id}|{self.secret.get_secret_value()}")


@dataclass(frozen=True, slots=True)
class TokenFacts:
    """What Meta knows about a token. Moments are in UTC; None if Meta says that it never ends, or says nothing.

    `type` is USER, PAGE, SYSTEM_USER or APP, empty for a token that Meta does not know. At `data_access_expires_at` the
    access to data ends although the token stays valid. `problem` is Meta's reason if the token is not valid. `page_ids`
    are the Pages that the person chose in Meta's dialogue; empty if the person chose all.
    """

    is_valid: bool
    type: str
    scopes: frozenset[str]
    expires_at: datetime | None
    data_access_expires_at: datetime | None
    user_id: str | None
    app_id: str | None
    problem: str | None = None
    page_ids: frozenset[str] = frozenset()

    @property
    def ends_at(self) -> datetime | None:
        """The moment from which the token gives no data, or None."""
        ends = [moment for moment in (self.expires_at, self.data_access_expires_at) if moment is not None]
        return min(ends, default=None)


@dataclass(frozen=True, slots=True)
class DiscoveredInstagramAccount:
    """The Instagram professional account that is linked to a Page. `followers` is None if Meta does not say."""

    id: str
    username: str
    name: str
    followers: int | None


@dataclass(frozen=True, slots=True)
class DiscoveredPage:
    """A Page that a person's token gives access to, with the Page's own token. `tasks` are the person's tasks on it."""

    id: str
    name: str
    token: SecretStr
    tasks: frozenset[str]
    instagram: DiscoveredInstagramAccount | None


async def debug_token(client: GraphClient, app: App, token: SecretStr) -> TokenFacts:
    """Return what Meta knows about one token. Raises GraphError if Meta does not answer, or not to this app."""
    return (await debug_tokens(client, app, [token]))[0]


async def debug_tokens(client: GraphClient, app: App, tokens: Sequence[SecretStr]) -> list[TokenFacts]:
    """Return what Meta knows about each token, in order; fifty per HTTP call."""
    caller = client.caller(app.token)
    token_facts: list[TokenFacts] = []
    for start in range(0, len(tokens), MOST_BATCH_ITEMS):
        chunk = tokens[start : start + MOST_BATCH_ITEMS]
        queries = [("debug_token", {"input_token": token.get_secret_value()}, 1) for token in chunk]
        try:
            results = await caller.batch(queries, "debug_token")
        except GraphError as error:
            raise without_secrets(error, app.secret, *chunk) from None
        for result in results:
            if isinstance(result, GraphError):
                raise without_secrets(result, app.secret, *chunk) from None
            token_facts.append(read_facts(result.data))
    return token_facts


def read_facts(data: dict[str, Any]) -> TokenFacts:
    """Return the content of an answer of /debug_token. Raises GraphError if it is invalid."""
    facts = data.get("data")
    if not isinstance(facts, dict) or not isinstance(facts.get("is_valid"), bool):
        raise GraphError("Meta's answer about a token cannot be read")
    error = facts.get("error")
    scopes = facts.get("scopes")
    return TokenFacts(
        is_valid=facts["is_valid"],
        type=str(facts.get("type") or ""),
        scopes=frozenset(str(scope) for scope in scopes) if isinstance(scopes, list) else frozenset(),
        expires_at=moment_of(facts.get("expires_at")),
        data_access_expires_at=moment_of(facts.get("data_access_expires_at")),
        user_id=str(facts["user_id"]) if facts.get("user_id") else None,
        app_id=str(facts["app_id"]) if facts.get("app_id") else None,
        problem=display_text(str(error.get("message") or "no reason given")) if isinstance(error, dict) else None,
        page_ids=page_ids_of(facts.get("granular_scopes")),
    )


def page_ids_of(granular_scopes: Any) -> frozenset[str]:
    """Return the targets of the permissions about Pages; those of other permissions are accounts and portfolios."""
    listed = granular_scopes if isinstance(granular_scopes, list) else []
    scopes = [item for item in listed if isinstance(item, dict) and str(item.get("scope")).startswith("pages_")]
    targets = [item.get("target_ids") for item in scopes]
    ids = [str(target) for target_ids in targets if isinstance(target_ids, list) for target in target_ids]
    return frozenset(page_id for page_id in ids if OBJECT_ID.fullmatch(page_id))


def moment_of(seconds: Any) -> datetime | None:
    """Return Unix seconds as a moment; for Meta 0 means never."""
    if not isinstance(seconds, int) or isinstance(seconds, bool) or seconds <= 0:
        return None
    return datetime.fromtimestamp(seconds, UTC)


async def exchange_long_lived(client: GraphClient, app: App, token: SecretStr) -> tuple[SecretStr, datetime | None]:
    """Exchange a person's short-lived token for a long-lived one (about 60 days). Return it, and its end if Meta says
    so.

    Raises GraphError; an expired token cannot be exchanged.
    """
    params = {
        "grant_type": "fb_exchange_token",
        "client_id": app.id,
        "client_secret": app.secret.get_secret_value(),
        "fb_exchange_token": token.get_secret_value(),
    }
    try:
        answer = await request_token(client, app, params)
    except GraphError as error:
        raise without_secrets(error, app.secret, token) from None
    longer, seconds = answer.data.get("access_token"), answer.data.get("expires_in")
    if not isinstance(longer, str) or not longer:
        raise GraphError("Meta exchanged the token for nothing")
    ends_at = client.clock() + timedelta(seconds=seconds) if isinstance(seconds, int) and seconds > 0 else None
    return SecretStr(longer), ends_at


async def request_token(client: GraphClient, app: App, params: dict[str, str], *, patient: bool = True) -> Answer:
    """POST, which keeps the secrets out of the address. If Meta accepts only the documented GET, send that inside a
    batch, whose items travel in the body. An impatient request is sent once.
    """
    caller = client.caller(app.token)
    try:
        return await caller.send(Call("POST", "oauth/access_token", params, "token", patient=patient))
    except GraphError as error:
        if (error.code, error.subcode) != MISSING_METHOD:
            raise
    (answer,) = await caller.batch([("oauth/access_token", params, 1)], "token")
    if isinstance(answer, GraphError):
        raise answer
    return answer


def read_page(item: Mapping[str, Any]) -> DiscoveredPage:
    """Return a Page of a list or by its id; `item` has an id and an access_token."""
    tasks, linked = item.get("tasks"), item.get("instagram_business_account")
    return DiscoveredPage(
        id=str(item["id"]),
        name=display_text(str(item.get("name") or item["id"])),
        token=SecretStr(str(item["access_token"])),
        tasks=frozenset(str(task) for task in tasks) if isinstance(tasks, list) else frozenset(),
        instagram=read_instagram(linked) if isinstance(linked, dict) and linked.get("id") else None,
    )


def read_instagram(linked: dict[str, Any]) -> DiscoveredInstagramAccount:
    followers, username = linked.get("followers_count"), display_text(str(linked.get("username") or ""))
    return DiscoveredInstagramAccount(
        id=str(linked["id"]),
        username=username,
        name=display_text(str(linked.get("name") or username or linked["id"])),
        followers=followers if isinstance(followers, int) else None,
    )


async def granted_permissions(caller: Caller) -> frozenset[str] | None:
    """Return what a person allowed, requested with the person's token; None if Meta does not say."""
    try:
        answer = await caller.get("me/permissions", {}, "permissions")
    except GraphError as error:
        if error.remedy in (Remedy.RECONNECT, Remedy.AGAIN, Remedy.PAUSE):
            raise
        return None
    listed = answer.data.get("data")
    items = [item for item in listed if isinstance(item, dict)] if isinstance(listed, list) else []
    return frozenset(str(item["permission"]) for item in items if item.get("status") == "granted") or None


def without_secrets(error: GraphError, *secrets: SecretStr) -> GraphError:
    """Return the same error without the secrets, which Meta repeats in some messages ("Malformed access token …")."""

    def redact(text: str) -> str:
        for secret in secrets:
            text = text.replace(secret.get_secret_value(), REDACTED)
        return redact_secrets(text)

    return GraphError(
        redact(error.message),
        user_title=redact(error.user_title),
        user_message=redact(error.user_message),
        code=error.code,
        subcode=error.subcode,
        status=error.status,
        is_transient=error.is_transient,
        trace=error.trace,
        remedy=error.remedy,
    )
