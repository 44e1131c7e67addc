"""Which answer a request gets: an object, one of its edges, several objects by `ids`, or the token's holder."""

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
from sophia.demo.meta.publishing.publishing import look, publish
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
    """The JSON of a single request or of one with `ids`. GraphError when Meta would refuse it."""
    if request.path == _EXCHANGE and request.method in {"GET", "POST"}:
        return exchange_token(simulation, request)
    if request.method not in {"GET", "POST"}:
        raise GraphError(f"Unsupported {request.method.lower()} request.", 100, 33, kind=errors.METHOD)
    request_context = RequestContext(simulation, request, identify(simulation, request))
    if request.method == "POST":
        return publish(request_context)
    if request.path == ("debug_token",):
        return debug_token(request_context)
    if request.ids:
        return _answer_ids(request_context)
    if request.path[:1] == ("me",):
        return _answer_me(request_context)
    return _answer_path(request_context, request.path)


def _fields(parameters: Mapping[str, str]) -> tuple[Field, ...] | None:
    text = parameters.get("fields")
    return parse_fields(text) if text else None


def _answer_path(request_context: RequestContext, path: tuple[str, ...]) -> str:
    """`/{id}` or `/{id}/{edge}`."""
    parameters = request_context.request.parameters
    portfolio = answer_portfolio(request_context, path)
    if portfolio is not None:
        return portfolio
    unpublished = look(request_context, path)
    if unpublished is not None:
        return unpublished
    if len(path) == 1:
        node = request_context.node(path[0])
        return render(request_context, node, _fields(parameters) or default_fields(node))
    if len(path) == 2:
        return answer_edge(request_context, request_context.node(path[0]), path[1], parameters)
    raise errors.unknown_path("/".join(path))


def _answer_ids(request_context: RequestContext) -> str:
    """`/?ids=` and `/{edge}?ids=`: an object by id, and one bad id fails all."""
    ids, path = request_context.request.ids, request_context.request.path
    if len(ids) > MAX_IDS:
        raise errors.too_many_ids()
    if len(path) > 1 or (path and path[0] not in _EDGE_NAMES):
        raise errors.unknown_path("/".join(path))
    parts = []
    for object_id in dict.fromkeys(ids):
        single = RequestContext(
            request_context.simulation,
            request_context.request.with_path(object_id, *path),
            request_context.holder,
            request_context.plans,
        )
        parts.append(f'"{object_id}":{_answer_path(single, single.request.path)}')
    return "{" + ",".join(parts) + "}"


def _answer_me(request_context: RequestContext) -> str:
    """The holder of the token; for a Page token that is the Page."""
    world, path = request_context.world, request_context.request.path
    parameters = request_context.request.parameters
    if request_context.holder.page is not None:
        return _answer_path(request_context, (request_context.shown_id(request_context.holder.page), *path[1:]))
    if request_context.holder.kind == "app":
        raise GraphError("An active access token must be used to query information about the current user.", 2500)
    if len(path) == 1:
        known = {"id": world.user_id, "name": world.user_name}
        names = [field.name for field in _fields(parameters) or (Field("name"), Field("id"))]
        for name in names:
            if name not in known:
                raise errors.unknown_field(name, "User")
        return as_json({name: known[name] for name in dict.fromkeys((*names, "id"))})
    if path[1:] == ("businesses",):
        return own_businesses(request_context)
    if path[1:] == ("accounts",):
        is_empty = request_context.simulation.hides_accounts or not request_context.has_scope("pages_show_list")
        pages: list[Page] = [] if is_empty else list(world.pages)
        shown = _fields(parameters) or (Field("access_token"), Field("category"), Field("name"), Field("id"))
        return list_rows(request_context, pages, parameters, shown, "me/accounts")
    if path[1:] == ("businesses",) and request_context.has_scope("business_management"):
        return as_json({"data": []})  # this person's Pages belong to no portfolio
    raise errors.unknown_path("/".join(path))
