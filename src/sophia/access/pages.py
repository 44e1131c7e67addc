"""Who may see a page and send its forms: the session of a signed-in user, and protection against forms of other sites.

Pages and API share one rule of who sees what: a session becomes the same `Viewer` as an API key. Sessions open pages only,
and keys open the API only, so that no other site can use a browser's session to call the API.
"""

from typing import Annotated
from urllib.parse import urlsplit

from fastapi import Depends, Request
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.types import Receive, Scope, Send

from sophia.access.bounds import STORE_SECONDS
from sophia.access.keys import Viewer
from sophia.access.middleware import HttpMiddleware
from sophia.access.problems import ForbiddenError, UnauthorizedError, error_response
from sophia.access.roles import Role
from sophia.access.sessions import ActiveSession, find_session, needs_renewal, renew_session
from sophia.access.transport import is_api_path
from sophia.access.web import AppState, RequestContext, expect_known_parameters

SESSION_COOKIE = "sophia_session"
LONGEST_TOKEN = 100
SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
NOT_SIGNED_IN = "Sign in to see this page."
OTHER_SITE = "This form was sent by another site, so nothing was changed. Open the page again and send it from there."


class SameOrigin(HttpMiddleware):
    """Refuses requests that change something and come from another site.

    Browsers say in `Sec-Fetch-Site` where a request comes from, older ones in `Origin`. A program that sends neither has
    no session of a browser that could be abused.
    """

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_change = scope["method"] not in SAFE_METHODS
        if is_change and not is_api_path(scope["path"]) and not is_same_origin(Headers(scope=scope)):
            await error_response(Request(scope), ForbiddenError(OTHER_SITE))(scope, receive, send)
            return
        await self.app(scope, receive, send)


def is_same_origin(headers: Headers) -> bool:
    """Return whether a request comes from a page of this server, or from no page at all."""
    fetch_site = headers.get("sec-fetch-site")
    if fetch_site is not None:
        return fetch_site in ("same-origin", "none")
    origin = headers.get("origin")
    return origin is None or urlsplit(origin).netloc == headers.get("host")


def viewer_of(active: ActiveSession) -> Viewer:
    """Return what the user of a session may see and do."""
    user = active.user
    return Viewer(f"user {user.id}", user.name, user.client_ids, user.role.api_role)


def read_session(app_state: AppState, token: str | None) -> ActiveSession | None:
    """Return the open session of a token, or None. Writes its last use at most every five minutes."""
    if token is None or not 0 < len(token) <= LONGEST_TOKEN:
        return None
    now, database = app_state.clock(), app_state.database.within(STORE_SECONDS)
    with database.read() as session:
        active = find_session(session, token, now)
    if active is not None and needs_renewal(active, now):
        with database.write(counted=False) as session:
            renew_session(session, active.id, now)
    return active


async def current_session(request: Request) -> ActiveSession:
    """Return the session of the signed-in user. Raises UnauthorizedError when there is none."""
    app_state: AppState = request.app.state.app_state
    active = await run_in_threadpool(read_session, app_state, request.cookies.get(SESSION_COOKIE))
    if active is None:
        raise UnauthorizedError(NOT_SIGNED_IN)
    return active


CurrentSession = Annotated[ActiveSession, Depends(current_session)]


class PagePermission:
    """The role that a page requires, and whether it requires a user who sees every client."""

    def __init__(self, role: Role, *, every_client: bool = False, any_parameter: bool = False) -> None:
        """`any_parameter`: another server makes the address, and may add parameters at any time."""
        self.role = role
        self.every_client = every_client
        self.any_parameter = any_parameter

    async def __call__(self, request: Request, active: CurrentSession) -> RequestContext:
        """Return the context of the request.

        Raises UnauthorizedError without a session, ForbiddenError when the user may not do this, and
        RequestValidationError for parameters that the page does not have.
        """
        viewer = viewer_of(active)
        if not viewer.role.includes(self.role):
            raise ForbiddenError(f"A user with the role {active.user.role} cannot do this. Ask an operator.")
        if self.every_client and viewer.client_ids is not None:
            raise ForbiddenError("Only a user who sees every client can do this. Ask an operator.")
        if not self.any_parameter:
            expect_known_parameters(request)
        app_state: AppState = request.app.state.app_state
        database = app_state.database.within(STORE_SECONDS)
        return RequestContext(viewer, database, app_state.settings, app_state.clock())


ReadPage = Annotated[RequestContext, Depends(PagePermission(Role.READ))]
WritePage = Annotated[RequestContext, Depends(PagePermission(Role.WRITE))]
PublishPage = Annotated[RequestContext, Depends(PagePermission(Role.PUBLISH))]
AdminPage = Annotated[RequestContext, Depends(PagePermission(Role.ADMIN, every_client=True))]
CallbackPage = Annotated[RequestContext, Depends(PagePermission(Role.ADMIN, every_client=True, any_parameter=True))]
