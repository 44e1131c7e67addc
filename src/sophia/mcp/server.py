"""The server of the Model Context Protocol, on the official SDK. Needs the extra `mcp`."""

import inspect
from collections.abc import Callable
from functools import wraps
from importlib.metadata import version
from typing import Any

from mcp.server.mcpserver import Context, MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from mcp.types import CallToolResult, InputRequiredResult, ToolAnnotations
from pydantic import ValidationError

from sophia.access.web import RequestContext
from sophia.errors import SophiaError
from sophia.mcp.tools import TOOLS

INSTRUCTIONS = (
    "Figures of Facebook Pages and Instagram accounts of an agency's clients. Begin with portfolio_brief, which lists the "
    "clients. Days are days of Meta's Pacific time. A missing value has a reason and is never zero; unique counts such as "
    "reach are never added up. `source` is the request of the API that returns the same figures in full."
)
READ_ONLY = ToolAnnotations(read_only_hint=True, destructive_hint=False, idempotent_hint=True, open_world_hint=False)

FindContext = Callable[[Context[Any, Any]], RequestContext]


class AssistantServer(MCPServer[Any]):
    """A server that refuses arguments which a tool does not have, as the API refuses unknown parameters (J3)."""

    async def call_tool(
        self, name: str, arguments: dict[str, Any], context: Context[Any, Any] | None = None
    ) -> CallToolResult | InputRequiredResult:
        properties = (self._tool_input_schema(name) or {}).get("properties", arguments)
        unknown = sorted(set(arguments) - set(properties))
        if unknown:
            raise ToolError(f"{name} has no argument {unknown[0][:100]!r}. It has: {', '.join(properties)}.")
        return await super().call_tool(name, arguments, context)

    def new_session_manager(self) -> StreamableHTTPSessionManager:
        """Return the manager of one HTTP request; its session ends with the request."""
        return StreamableHTTPSessionManager(self._lowlevel_server, json_response=True, stateless=True)


def build_server(find_context: FindContext) -> AssistantServer:
    """Return a server with every tool. `find_context` returns the viewer and store of a call, or raises SophiaError."""
    server = AssistantServer(
        "sophia", title="Sophia", version=version("sophia"), instructions=INSTRUCTIONS, subscriptions=False
    )  # fmt: skip
    for tool in TOOLS:
        # Without structured output, because it would repeat the whole text.
        server.add_tool(with_context(tool, find_context), annotations=READ_ONLY, structured_output=False)
    return server


def with_context(tool: Callable[..., str], find_context: FindContext) -> Callable[..., str]:
    """Return the tool as the SDK calls it: with the SDK's context, and with errors that the assistant may read."""

    @wraps(tool)
    def call(context: Context[Any, Any], **arguments: Any) -> str:
        try:
            return tool(find_context(context), **arguments)
        except SophiaError as error:
            raise ToolError(str(error)) from error
        except ValidationError as error:
            raise ToolError(
                "; ".join(problem["msg"].removeprefix("Value error, ") for problem in error.errors())
            ) from error

    call.__annotations__ = tool.__annotations__ | {"context": Context}
    signature = inspect.signature(tool)
    context = signature.parameters["context"].replace(annotation=Context)
    others = [parameter for name, parameter in signature.parameters.items() if name != "context"]
    call.__signature__ = signature.replace(parameters=[context, *others])  # type: ignore[attr-defined]
    return call
