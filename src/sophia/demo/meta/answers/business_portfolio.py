"""The agency's business portfolio: `/me/businesses`, `/{business}/owned_pages` and `/{business}/client_pages`.

`/me/accounts` may lack Pages of a portfolio although the person manages them.
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


def own_businesses(context: RequestContext) -> str:
    """Answer `/me/businesses` with the one portfolio, or with an empty list if the world has no Pages."""
    _require_permission(context)
    if not context.world.pages:
        return EMPTY
    return f'{{"data":[{_portfolio(context, context.request.parameters)}]}}'


def answer_portfolio(context: RequestContext, path: tuple[str, ...]) -> str | None:
    """Answer `/{business}` or one of its lists of Pages; return None for any other `path`.

    Raise GraphError 100/33 for tokens of Pages and apps, 200 without `business_management`.
    """
    if path[0] != context.world.portfolio_id:
        return None
    if context.holder.kind != "user":
        raise errors.unknown_object(path[0])
    _require_permission(context)
    parameters = context.request.parameters
    if len(path) == 1:
        return _portfolio(context, parameters)
    pages = _lists(context).get(path[1])
    if pages is None or len(path) > 2:
        raise errors.unknown_field(path[1], "Business")
    text = parameters.get("fields")
    return list_rows(context, pages, parameters, parse_fields(text) if text else None, "/".join(path))


def _lists(context: RequestContext) -> dict[str, Sequence[Page]]:
    """Return the lists: the portfolio owns every second Page, and clients share the others with it."""
    pages = context.world.pages
    return {"owned_pages": pages[::2], "client_pages": pages[1::2]}


def _require_permission(context: RequestContext) -> None:
    if not context.has_scope("business_management"):
        raise errors.business_permission_missing()


def _portfolio(context: RequestContext, parameters: Mapping[str, str]) -> str:
    text = parameters.get("fields")
    values = {
        "id": context.world.portfolio_id,
        "name": context.world.portfolio_name,
        "verification_status": "verified",
    }
    names = [field.name for field in (parse_fields(text) if text else _DEFAULT_FIELDS)]
    for name in names:
        if name not in values:
            raise errors.unknown_field(name, "Business")
    return as_json({name: values[name] for name in dict.fromkeys((*names, "id"))})
