"""The Pages that a token gives access to: the person's own, those of business portfolios, and those that the token
names.

`/me/accounts` lists only Pages on which the person has a role. Pages of a business portfolio are on its edges
`owned_pages` and `client_pages`, which need business_management; and the granular scopes of a token name the Pages that
the person chose in Meta's dialogue. Each Page is read with its own token, never with the person's (GRAPH_API §5).
"""

from collections.abc import AsyncGenerator, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import SecretStr

from sophia.meta.caller import MOST_BATCH_ITEMS, Caller
from sophia.meta.envelope import OBJECT_ID, Answer
from sophia.meta.errors import STOPS, GraphError, Remedy, display_text
from sophia.meta.tokens import INSTAGRAM_FIELDS, PAGE_FIELDS, DiscoveredPage, read_page, without_secrets

PORTFOLIOS = "business_management"
# The edges of a portfolio are requested with names only: their other fields are not documented.
EDGES = ("owned_pages", "client_pages")
OWN_FIELDS = f"id,name,access_token,{INSTAGRAM_FIELDS}"
NO_ANSWER = STOPS | {Remedy.AGAIN}


@dataclass(frozen=True, slots=True)
class DiscoveredPages:
    """The Pages with their own tokens, each once; and sentences about Pages and portfolios that cannot be read."""

    pages: tuple[DiscoveredPage, ...]
    warnings: tuple[str, ...]


async def find_pages(caller: Caller, scopes: Collection[str], page_ids: Collection[str] = ()) -> DiscoveredPages:
    """Return every Page that this person's token gives access to.

    `scopes` are the token's permissions, `page_ids` the Pages that its granular scopes name. Raises GraphError if Meta
    does not answer, or refuses the person's own list.
    """
    pages: dict[str, DiscoveredPage] = {}
    names: dict[str, str] = {}  # Pages that came without a token
    warnings: list[str] = []
    async for item in _items(caller, "me/accounts", PAGE_FIELDS):
        page_id = str(item.get("id"))
        if item.get("access_token") and page_id not in pages:
            pages[page_id] = read_page(item)
        names[page_id] = display_text(str(item.get("name") or page_id))
    if PORTFOLIOS in scopes:
        names |= await _portfolio_pages(caller, warnings)
    names |= {page_id: names.get(page_id, page_id) for page_id in page_ids}
    missing = {page_id: name for page_id, name in names.items() if page_id not in pages}
    for page in await _own_pages(caller, missing, warnings):
        pages.setdefault(page.id, page)
    return DiscoveredPages(tuple(pages.values()), tuple(warnings))


async def own_token(caller: Caller, page_id: str) -> tuple[SecretStr | None, str]:
    """Return the Page's own token, requested with a person's token or with the Page's; or None and the reason.

    Raises GraphError if Meta does not answer, or if the token is dead.
    """
    try:
        answer = await caller.get(page_id, {"fields": "id,access_token"}, "page_token")
    except GraphError as error:
        if error.remedy in NO_ANSWER:
            raise
        return None, error.text
    token = answer.data.get("access_token")
    return (SecretStr(token), "") if isinstance(token, str) and token else (None, "Meta gives no token for it.")


async def holder_id(caller: Caller) -> str | None:
    """Return the id of the person, or of the Page, that the token belongs to. None if Meta does not say."""
    try:
        answer = await caller.get("me", {"fields": "id"}, "token_holder")
    except GraphError as error:
        if error.remedy in NO_ANSWER:
            raise
        return None
    return str(answer.data.get("id"))


async def _items(caller: Caller, path: str, fields: str) -> AsyncGenerator[Mapping[str, Any], None]:
    async for answer in caller.pages(path, {"fields": fields, "limit": "100"}, "pages"):
        listed = answer.data.get("data")
        for item in listed if isinstance(listed, list) else []:
            # An item without an id cannot be requested or named.
            if isinstance(item, dict) and OBJECT_ID.fullmatch(str(item.get("id"))):
                yield item


async def _portfolio_pages(caller: Caller, warnings: list[str]) -> dict[str, str]:
    """Return {id: name} of the Pages of every portfolio. A list that Meta refuses becomes a warning."""
    names: dict[str, str] = {}
    portfolios: dict[str, str] = {}
    await _read_names(caller, "me/businesses", "your business portfolios", portfolios, warnings)
    for portfolio, name in portfolios.items():
        for edge in EDGES:
            what = f"the {edge.replace('_', ' ')} of the business portfolio {name}"
            await _read_names(caller, f"{portfolio}/{edge}", what, names, warnings)
    return names


async def _read_names(caller: Caller, path: str, what: str, names: dict[str, str], warnings: list[str]) -> None:
    try:
        async for item in _items(caller, path, "id,name"):
            names[str(item["id"])] = display_text(str(item.get("name") or item["id"]))
    except GraphError as error:
        if error.remedy in NO_ANSWER:
            raise
        warnings.append(f"Meta does not list {what}: {error}")


async def _own_pages(caller: Caller, missing: Mapping[str, str], warnings: list[str]) -> list[DiscoveredPage]:
    """Return the Pages with their own tokens, fifty per HTTP call. One without a token becomes a warning."""
    pages: list[DiscoveredPage] = []
    ids = [page_id for page_id in missing if OBJECT_ID.fullmatch(page_id)]
    for start in range(0, len(ids), MOST_BATCH_ITEMS):
        part = ids[start : start + MOST_BATCH_ITEMS]
        results = await caller.batch([(page_id, {"fields": OWN_FIELDS}, 1) for page_id in part], "pages")
        for page_id, result in zip(part, results, strict=True):
            if isinstance(result, GraphError) and result.remedy in NO_ANSWER:
                raise without_secrets(result, caller.token)
            if isinstance(result, Answer) and result.data.get("access_token"):
                # Under the requested id: Meta may return another one (GRAPH_API §2.12).
                pages.append(read_page({**result.data, "id": page_id}))
                continue
            why = str(result) if isinstance(result, GraphError) else "Meta gives no token for it."
            warnings.append(
                f"The Page {missing[page_id]} ({page_id}) cannot be connected: {why} Give the person, or the system "
                "user, a role on it (the task ANALYZE)."
            )
    return pages
