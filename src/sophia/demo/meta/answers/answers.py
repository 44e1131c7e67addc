"""Answers of single requests: an object, one of its edges, several objects by `ids`, or the token's holder."""

from collections.abc import Mapping

from sophia.demo.meta.answers.business_portfolio import answer_portfolio, own_businesses
from sophia.demo.meta.answers.edges import answer_edge, list_rows
from sophia.demo.meta.answers.nodes import default_fields, render
from sophia.demo.meta.graph import errors
from sophia.demo.meta.graph.access import debug_token, exchange_token, identify
from sophia.demo.meta.graph.errors import GraphError, as_json
from sophia.demo.meta.graph.fields import Field, parse_fields
from sophia.demo.meta.graph.request_context import RequestContext, Simulation
from sophia.demo.meta.graph.requests import Request
from sophia.demo.meta.publishing.publishing import describe_unpublished, publish
from sophia.demo.meta.world.objects import Page

MAX_IDS = 50
_EDGE_NAMES = frozenset(
    {
        "insights",
        "video_insights",
        "published_posts",
        "posts",
        "feed",
        "videos",
        "video_reels",
        "stories",
        "media",
        "comments",
    }
)
_EXCHANGE = ("oauth", "access_token")


def answer(simulation: Simulation, request: Request) -> str:
    """Return the JSON of a single request or of one with `ids`. GraphError when Meta would refuse it."""
    if request.path == _EXCHANGE and request.method in {"GET", "POST"}:
        return exchange_token(simulation, request)
    if request.method not in {"GET", "POST"}:
        raise GraphError(f"Unsupported {request.method.lower()} request.", 100, 33, kind=errors.METHOD)
    context = RequestContext(simulation, request, identify(simulation, request))
    if request.method == "POST":
        return publish(context)
    if request.path == ("debug_token",):
        return debug_token(context)
    if request.ids:
        return _answer_ids(context)
    if request.path[:1] == ("me",):
        return _answer_me(context)
    return _answer_path(context, request.path)


def _fields(parameters: Mapping[str, str]) -> tuple[Field, ...] | None:
    text = parameters.get("fields")
    return parse_fields(text) if text else None


def _answer_path(context: RequestContext, path: tuple[str, ...]) -> str:
    """Answer `/{id}` or `/{id}/{edge}`."""
    parameters = context.request.parameters
    portfolio = answer_portfolio(context, path)
    if portfolio is not None:
        return portfolio
    unpublished = describe_unpublished(context, path)
    if unpublished is not None:
        return unpublished
    if len(path) == 1:
        node = context.node(path[0])
        return render(context, node, _fields(parameters) or default_fields(node))
    if len(path) == 2:
        return answer_edge(context, context.node(path[0]), path[1], parameters)
    raise errors.unknown_path("/".join(path))


def _answer_ids(context: RequestContext) -> str:
    """Answer `/?ids=` and `/{edge}?ids=`, by id. One bad id fails the whole request."""
    ids, path = context.request.ids, context.request.path
    if len(ids) > MAX_IDS:
        raise errors.too_many_ids()
    if len(path) > 1 or (path and path[0] not in _EDGE_NAMES):
        raise errors.unknown_path("/".join(path))
    parts = []
    for object_id in dict.fromkeys(ids):
        single = RequestContext(
            context.simulation,
            context.request.with_path(object_id, *path),
            context.holder,
            context.plans,
        )
        parts.append(f'"{object_id}":{_answer_path(single, single.request.path)}')
    return "{" + ",".join(parts) + "}"


def _answer_me(context: RequestContext) -> str:
    """Answer `/me`: the person, or for a Page token the Page."""
    world, path = context.world, context.request.path
    parameters = context.request.parameters
    if context.holder.page is not None:
        return _answer_path(context, (context.shown_id(context.holder.page), *path[1:]))
    if context.holder.kind == "app":
        raise GraphError("An active access token must be used to query information about the current user.", 2500)
    if len(path) == 1:
        values = {"id": world.user_id, "name": world.user_name}
        names = [field.name for field in _fields(parameters) or (Field("name"), Field("id"))]
        for name in names:
            if name not in values:
                raise errors.unknown_field(name, "User")
        return as_json({name: values[name] for name in dict.fromkeys((*names, "id"))})
    if path[1:] == ("businesses",):
        return own_businesses(context)
    if path[1:] == ("accounts",):
        is_empty = context.simulation.hides_accounts or not context.has_scope("pages_show_list")
        opened = [page for page in world.pages if context.simulation.opens(context.request.token, page.id)]
        pages: list[Page] = [] if is_empty else opened
        fields = _fields(parameters) or (Field("access_token"), Field("category"), Field("name"), Field("id"))
        return list_rows(context, pages, parameters, fields, "me/accounts")
    raise errors.unknown_path("/".join(path))
