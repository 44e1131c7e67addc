"""What an endpoint gets: the viewer, the store, the settings and the time; and the check of keys and roles."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, get_origin

from fastapi import Depends, Request, Security
from fastapi.dependencies.models import Dependant
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from fastapi.security import APIKeyHeader, HTTPAuthorizationCredentials, HTTPBearer
from fastapi.security.utils import get_authorization_scheme_param
from pydantic import BaseModel
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from sophia.access.bounds import STORE_SECONDS
from sophia.access.keys import Viewer, identify
from sophia.access.limits import RateLimits
from sophia.access.middleware import HttpMiddleware
from sophia.access.problems import ForbiddenError, TooManyRequestsError, UnauthorizedError, error_response
from sophia.access.roles import Role
from sophia.access.transport import is_api_path
from sophia.config import Settings
from sophia.database.engine import Database
from sophia.errors import SophiaError

LONGEST_KEY = 200

bearer_scheme = HTTPBearer(auto_error=False, description="A key from `sophia key create`.")
header_scheme = APIKeyHeader(name="X-API-Key", auto_error=False, description="The same key in another header.")


@dataclass(frozen=True, slots=True)
class AppState:
    """What all requests share, as `app.state.app_state`."""

    database: Database
    settings: Settings
    clock: Callable[[], datetime]
    limits: RateLimits
    sign_in_limits: RateLimits


@dataclass(frozen=True, slots=True)
class RequestContext:
    """A request with a valid key.

    It has the store rather than a session: an endpoint opens and closes its session in its own thread. A session that a
    dependency opened could wait for a thread while all threads wait for its connection.
    """

    viewer: Viewer
    database: Database
    settings: Settings
    now: datetime  # aware, UTC

    @property
    def allowed_clients(self) -> frozenset[int] | None:
        """Return the ids of the clients that the key sees; None for all."""
        return self.viewer.client_ids

    @property
    def actor(self) -> str:
        """Return the actor as it is stored with events."""
        return f"{self.viewer.identity.partition(' ')[0]} {self.viewer.name}"


def expect_known_parameters(request: Request) -> None:
    """Raise RequestValidationError for an unknown query parameter, and for one that is repeated but takes a single value.

    Such a request is ambiguous, and an answer would hide that.
    """
    route = request.scope.get("route")
    takes_list = dict(parameters(route.dependant)) if isinstance(route, APIRoute) else {}
    wrong = []
    for name, count in Counter(name for name, _ in request.query_params.multi_items()).items():
        if name not in takes_list:
            wrong.append({"loc": ("query", name[:100]), "msg": "There is no such parameter", "type": "extra_forbidden"})
        elif count > 1 and not takes_list[name]:
            wrong.append({"loc": ("query", name), "msg": "This parameter can be set only once", "type": "repeated"})
    if wrong:
        raise RequestValidationError(wrong)


def parameters(dependant: Dependant) -> Iterator[tuple[str, bool]]:
    """Yield each query parameter of a route and whether it takes several values."""
    for field in dependant.query_params:
        model = field.field_info.annotation
        if isinstance(model, type) and issubclass(model, BaseModel):
            for name, info in model.model_fields.items():
                yield info.alias or name, get_origin(info.annotation) is list
        else:
            yield field.alias, get_origin(model) is list
    for inner in dependant.dependencies:
        yield from parameters(inner)


def read_key(headers: Headers) -> str | None:
    """Return the key in the headers, or None when there is none of a plausible length."""
    scheme, key = get_authorization_scheme_param(headers.get("authorization"))
    key = key if scheme.lower() == "bearer" else headers.get("x-api-key", "")
    return key if 0 < len(key) <= LONGEST_KEY else None


def authenticate(app_state: AppState, key: str | None, address: str) -> Viewer:
    """Return the viewer of a key. Raises UnauthorizedError without a valid key, TooManyRequestsError above the limit."""
    viewer = None
    if key is not None:
        with app_state.database.within(STORE_SECONDS).read() as session:
            viewer = identify(session, key)
    wait = app_state.limits.wait_seconds(f"address {address}" if viewer is None else viewer.identity)
    if wait:
        per_minute = app_state.settings.requests_per_minute
        raise TooManyRequestsError(f"{per_minute} requests a minute are allowed. Ask again in {wait} s.", wait)
    if viewer is None:
        raise UnauthorizedError("Send a valid key: `Authorization: Bearer sophia_…`. `sophia key create` makes one.")
    return viewer


def address_of(scope: Scope) -> str:
    client = scope.get("client")
    return client[0] if client else "unknown"


class Guard(HttpMiddleware):
    """Checks the key before a body is read, so that a request without a key learns nothing about its body (D3, D7)."""

    def __init__(self, app: ASGIApp, app_state: AppState) -> None:
        super().__init__(app)
        self.app_state = app_state

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] not in ("GET", "HEAD", "OPTIONS") and is_api_path(scope["path"]):
            key = read_key(Headers(scope=scope))
            try:
                viewer = await run_in_threadpool(authenticate, self.app_state, key, address_of(scope))
            except (SophiaError, DBAPIError, PoolTimeoutError) as error:
                await error_response(Request(scope), error)(scope, receive, send)
                return
            scope.setdefault("state", {})["viewer"] = viewer
        await self.app(scope, receive, send)


def request_context(
    request: Request,
    _bearer: Annotated[HTTPAuthorizationCredentials | None, Security(bearer_scheme)],
    _header: Annotated[str | None, Security(header_scheme)],
) -> RequestContext:
    """Return the context of a request with a valid key. Routes declare a `Permission`, which depends on this.

    Raises UnauthorizedError without a valid key, TooManyRequestsError above the limit.
    """
    app_state: AppState = request.app.state.app_state
    viewer = request.scope.get("state", {}).get("viewer")
    if not isinstance(viewer, Viewer):
        viewer = authenticate(app_state, read_key(request.headers), address_of(request.scope))
    return RequestContext(viewer, app_state.database.within(STORE_SECONDS), app_state.settings, app_state.clock())


class Permission:
    """The role that a route requires, and whether it requires a key that sees every client.

    Every route except /healthz declares exactly one, as the type of a parameter. Roles are checked here and nowhere else,
    before clients, parameters and body, so that a refusal reveals nothing about them.
    """

    def __init__(self, role: Role, *, every_client: bool = False) -> None:
        self.role = role
        self.every_client = every_client

    async def __call__(
        self, request: Request, context: Annotated[RequestContext, Depends(request_context)]
    ) -> RequestContext:
        """Return the context. Raises ForbiddenError when the key's role does not allow the route, and
        RequestValidationError for parameters that the route does not have.
        """
        viewer = context.viewer
        if not viewer.role.includes(self.role):
            raise ForbiddenError(
                f"This needs a key with the role {self.role}; the key {viewer.name!r} has the role {viewer.role}. Use "
                f"another key, or ask the operator of Sophia to run: sophia key role NAME {self.role}"
            )
        if self.every_client and context.allowed_clients is not None:
            raise ForbiddenError(
                f"This needs a key that is not limited to some clients; the key {viewer.name!r} is. Use another key."
            )
        expect_known_parameters(request)
        return context


# Any key may read.
ReadContext = Annotated[RequestContext, Depends(Permission(Role.READ))]
WriteContext = Annotated[RequestContext, Depends(Permission(Role.WRITE))]
PublishContext = Annotated[RequestContext, Depends(Permission(Role.PUBLISH))]
AdminContext = Annotated[RequestContext, Depends(Permission(Role.ADMIN))]
ReadPortfolioContext = Annotated[RequestContext, Depends(Permission(Role.READ, every_client=True))]
AdminPortfolioContext = Annotated[RequestContext, Depends(Permission(Role.ADMIN, every_client=True))]
