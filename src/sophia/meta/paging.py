"""Where the next page of a list begins, from `paging.next` (GRAPH_API §2.7).

Meta pages by cursors, and some lists by `until` and `__paging_token`. Sophia never sends a request to the address of
`next`: it adds the paging parameters to its own request, which goes to the configured host with the token in its
header.
"""

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from sophia.meta.errors import GraphError, Remedy

# Hosts in Meta's own `next`; with a proxy of the operator they differ from the configured one.
META_ORIGINS = frozenset({"https://graph.facebook.com", "https://graph.instagram.com"})
# Sophia sets `fields` and `limit`, which may change in the middle of a list. The rest are secrets, never repeated.
NEVER_COPIED = frozenset(
    {"fields", "limit", "access_token", "appsecret_proof", "client_secret", "input_token", "fb_exchange_token", "code"}
)
LONGEST_PARAMETERS = 4000


def has_next(data: Mapping[str, Any]) -> bool:
    """Return whether the list continues. `cursors.after` exists on the last page too, so `next` decides."""
    paging = data.get("paging")
    return isinstance(paging, dict) and bool(paging.get("next"))


def next_page_params(data: Mapping[str, Any], base_url: str, edge: str = "") -> dict[str, str] | None:
    """Return the parameters that request the next page, without secrets, or None on the last page.

    `base_url` is the configured address of the Graph API, `edge` the last part of the list's path if known. Raises
    GraphError if there is a next page that cannot be requested: then the list is incomplete.
    """
    if not has_next(data):
        return None
    paging = data["paging"]
    cursors = paging.get("cursors")
    after = cursors.get("after") if isinstance(cursors, dict) else None
    if isinstance(after, str) and 0 < len(after) <= LONGEST_PARAMETERS:
        return {"after": after}
    page_params = _read_next(paging["next"], base_url, edge)
    if not page_params:
        raise incomplete("its next page is at an address that is not Meta's, or that cannot be read")
    return page_params


def _read_next(address: Any, base_url: str, edge: str) -> dict[str, str] | None:
    if not isinstance(address, str) or len(address) > 2 * LONGEST_PARAMETERS:
        return None
    try:
        parts = urlsplit(address)
        pairs = parse_qsl(parts.query, max_num_fields=100)
    except ValueError:
        return None
    configured = urlsplit(base_url)
    origins = META_ORIGINS | {f"{configured.scheme}://{configured.netloc}"}
    if f"{parts.scheme}://{parts.netloc}" not in origins or not parts.path.rstrip("/").endswith(edge):
        return None
    return {name: value for name, value in pairs if name not in NEVER_COPIED}


def incomplete(reason: str) -> GraphError:
    """Return the error of a list that was cut before its end."""
    return GraphError(f"Meta's list is incomplete: {reason}", remedy=Remedy.AGAIN)
