"""`sophia mcp`: the tools of assistants over standard input and output."""

from typing import TYPE_CHECKING, Any

from sophia.cli.installation import Installation, open_installation

if TYPE_CHECKING:
    from collections.abc import Callable

    from sophia.access.web import RequestContext


def mcp() -> None:
    """Answer an assistant on this machine over standard input and output (Model Context Protocol). It only reads.

    SOPHIA_ASSISTANT_KEY limits it to the clients of an API key. Assistants elsewhere use the address /mcp of the server.
    """
    from sophia.mcp.router import load_server

    installation = open_installation()
    find_context = context_finder(installation)
    find_context(None)  # A wrong key ends the command here, and not in the first answer.
    load_server(find_context).run("stdio")


def context_finder(installation: Installation) -> "Callable[[Any], RequestContext]":
    """Return a function that returns the viewer and store of a call. It checks the key each time, because keys end.

    The function raises UnauthorizedError without a valid key, TooManyRequestsError above the limit.
    """
    from sophia.access.bounds import STORE_SECONDS
    from sophia.access.keys import Viewer
    from sophia.access.limits import RateLimits
    from sophia.access.roles import Role
    from sophia.access.web import AppState, RequestContext, authenticate

    settings, database = installation.settings, installation.database
    limits = RateLimits(settings.requests_per_minute)
    app_state = AppState(database, settings, installation.clock, limits, limits)

    def find_context(_: Any) -> "RequestContext":
        viewer = Viewer("operator", "operator", None, Role.READ)
        if settings.assistant_key is not None:
            viewer = authenticate(app_state, settings.assistant_key.get_secret_value(), "this machine")
        return RequestContext(viewer, database.within(STORE_SECONDS), settings, installation.clock())

    return find_context
