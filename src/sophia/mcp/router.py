"""The endpoint /mcp: the tools over HTTP, with the keys, roles and limits of the API."""

from functools import cache
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, Request
from fastapi.responses import Response
from starlette.types import Receive, Scope, Send

from sophia.access.problems import documented
from sophia.access.transport import ASSISTANT_PATH
from sophia.access.web import ReadContext, RequestContext
from sophia.errors import ConfigurationError

if TYPE_CHECKING:
    from mcp.server.mcpserver import Context

    from sophia.mcp.server import AssistantServer

MISSING_EXTRA = 'Assistants need the package mcp. Install Sophia with it: pip install "sophia[mcp]"'

router = APIRouter(include_in_schema=False)


class AssistantResponse(Response):
    """Lets the SDK answer the request. Each request has its own session manager, so the server keeps no sessions.

    Any process may therefore answer any request, and a session cannot be used with another key. The check of Host and
    Origin is off: it protects servers without keys, and browsers never send a key by themselves.
    """

    def __init__(self, server: "AssistantServer") -> None:
        super().__init__()
        self.server = server

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        manager = self.server.new_session_manager()
        async with manager.run():
            await manager.handle_request(scope, receive, send)


@router.post(ASSISTANT_PATH, responses=documented(401, 403, 422, 429, 500, 503))
def assistants(request: Request, context: ReadContext) -> AssistantResponse:
    """Answer a message of an assistant."""
    request.state.context = context
    return AssistantResponse(http_server())


@cache
def http_server() -> "AssistantServer":
    """Return the server for HTTP, which is the same for all applications. The SDK takes a second to import.

    Raises ConfigurationError without the extra.
    """
    return load_server(context_of_request)


def load_server(find_context: Any) -> "AssistantServer":
    """Return a server. Raises ConfigurationError without the extra."""
    try:
        from sophia.mcp.server import build_server  # noqa: PLC0415 - an extra, and slow
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] != "mcp":
            raise
        raise ConfigurationError(MISSING_EXTRA) from None
    return build_server(find_context)


def context_of_request(context: "Context[Any, Request]") -> RequestContext:
    """Return the context that the endpoint found for the key of the request."""
    request = context.request_context.request
    assert request is not None, "a call over HTTP has a request"
    request_context: RequestContext = request.state.context
    return request_context
