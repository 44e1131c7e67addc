"""The agency's business portfolio: `/me/businesses`, `/{business}/owned_pages` and `/{business}/client_pages`.

Pages that belong to a portfolio may be missing from `/me/accounts`, though the person manages them.
"""

from collections.abc import Mapping, Sequence

from sophia.demo.meta.answers.edges import list_rows
from sophia.demo.meta.graph import errors
from sophia.demo.meta.graph.blocks import EMPTY
from sophia.demo.meta.graph.errors import as_json
from sophia.demo.meta.graph.fields import Field, parse_fields
from sophia.demo.meta.graph.request_context import RequestContext
from sophia.demo.meta.world.objects import Page

_DEFAULT_FIELDS = (Field("id"), Field("name"))


def own_businesses(request_context: RequestContext) -> str:
    """`/me/businesses`: the one portfolio, nothing when the world has no Pages."""
    _require_permission(request_context)
    if not request_context.world.pages:
        return EMPTY
    return f'{{"data":[{_portfolio(request_context, request_context.request.parameters)}]}}'


def answer_portfolio(request_context: RequestContext, path: tuple[str, ...]) -> str | None:
    """`/{business}` or one of its lists of Pages; None when `path` is about something else.

    GraphError 100/33 for tokens of Pages and apps, 200 without `business_management`.
    """
    if path[0] != request_context.world.portfolio_id:
        return None
    if request_context.holder.kind != "user":
        raise errors.unknown_object(path[0])
    _require_permission(request_context)
    parameters = request_context.request.parameters
    if len(path) == 1:
        return _portfolio(request_context, parameters)
    pages = _lists(request_context).get(path[1])
    if pages is None or len(path) > 2:
        raise errors.unknown_field(path[1], "Business")
    text = parameters.get("fields")
    return list_rows(request_context, pages, parameters, parse_fields(text) if text else None, "/".join(path))


def _lists(request_context: RequestContext) -> dict[str, Sequence[Page]]:
    """Every second Page belongs to the portfolio; the others belong to clients who shared them with it."""
    pages = request_context.world.pages
    return {"owned_pages": pages[::2], "client_pages": pages[1::2]}


def _require_permission(request_context: RequestContext) -> None:
    if not request_context.has_scope("business_management"):
        raise errors.business_permission_missing()


def _portfolio(request_context: RequestContext, parameters: Mapping[str, str]) -> str:
    text = parameters.get("fields")
    shown = {
        "id": request_context.world.portfolio_id,
        "name": request_context.world.portfolio_name,
        "verification_status": "verified",
    }
    names = [field.name for field in (parse_fields(text) if text else _DEFAULT_FIELDS)]
    for name in names:
        if name not in shown:
            raise errors.unknown_field(name, "Business")
    return as_json({name: shown[name] for name in dict.fromkeys((*names, "id"))})
