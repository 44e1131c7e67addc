"""What an endpoint is given: who asks, the store, the settings and the clock."""

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
from pydantic import BaseModel

from sophia.access.bounds import STORE_SECONDS
from sophia.access.keys import Viewer, identify
from sophia.access.limits import RateLimits
from sophia.access.problems import ForbiddenError, TooManyRequestsError, UnauthorizedError
from sophia.config import Settings
from sophia.database import Database

LONGEST_KEY = 200

bearer_scheme = HTTPBearer(auto_error=False, description="A key that `sophia key create` has shown.")
header_scheme = APIKeyHeader(name="X-API-Key", auto_error=False, description="The same key, in a header of its own.")


@dataclass(frozen=True, slots=True)
class House:
    """What all requests share; hangs on `app.state.house`."""

    database: Database
    settings: Settings
    clock: Callable[[], datetime]
    limits: RateLimits


@dataclass(frozen=True, slots=True)
class Visit:
    """One request of somebody who has shown a valid key.

    It carries the store and not a session: an endpoint opens its session inside its own thread and closes it before it
    returns. A session that a dependency opened would wait for a thread while all threads wait for its connection.
    """

    viewer: Viewer
    database: Database
    settings: Settings
    now: datetime  # aware, UTC

    @property
    def seen(self) -> frozenset[int] | None:
        """The clients that may be seen; None for all."""
        return self.viewer.client_ids


def expect_known_parameters(request: Request) -> None:
    """Raises RequestValidationError for a parameter of the address that the route does not know, or that stands there
    twice and has one value only: of two readings of a question one is wrong, and an answer would hide it.
    """
    route = request.scope.get("route")
    known = dict(parameters(route.dependant)) if isinstance(route, APIRoute) else {}
    wrong = []
    for name, count in Counter(name for name, _ in request.query_params.multi_items()).items():
        if name not in known:
            wrong.append(
                {"loc": ("query", name[:100]), "msg": "There is no such parameter here", "type": "extra_forbidden"}
            )
        elif count > 1 and not known[name]:
            wrong.append({"loc": ("query", name), "msg": "May be given once only", "type": "repeated"})
    if wrong:
        raise RequestValidationError(wrong)


def parameters(dependant: Dependant) -> Iterator[tuple[str, bool]]:
    """What may stand in the address for this route, and whether more than once."""
    for field in dependant.query_params:
        model = field.field_info.annotation
        if isinstance(model, type) and issubclass(model, BaseModel):
            for name, info in model.model_fields.items():
                yield info.alias or name, get_origin(info.annotation) is list
        else:
            yield field.alias, get_origin(model) is list
    for inner in dependant.dependencies:
        yield from parameters(inner)


def visit(
    request: Request,
    bearer: Annotated[HTTPAuthorizationCredentials | None, Security(bearer_scheme)],
    header: Annotated[str | None, Security(header_scheme)],
) -> Visit:
    """Raises UnauthorizedError without a valid key, TooManyRequestsError when it was used too often, and
    RequestValidationError for parameters that the route does not have.
    """
    house: House = request.app.state.house
    key = bearer.credentials if bearer else header
    viewer = None
    database = house.database.within(STORE_SECONDS)
    if key is not None and len(key) <= LONGEST_KEY:
        with database.read() as session:
            viewer = identify(session, key)
    address = request.client.host if request.client else "unknown"
    name = f"address {address}" if viewer is None else f"key {viewer.key_id}"
    wait = house.limits.wait_seconds(name)
    if wait:
        per_minute = house.settings.requests_per_minute
        raise TooManyRequestsError(f"{per_minute} requests a minute are allowed. Ask again in {wait} s.", wait)
    if viewer is None:
        raise UnauthorizedError("Send a valid key: `Authorization: Bearer sophia_…`. `sophia key create` makes one.")
    expect_known_parameters(request)
    return Visit(viewer, database, house.settings, house.clock())


Visited = Annotated[Visit, Depends(visit)]


def whole_portfolio(who: Visited) -> Visit:
    """Raises ForbiddenError for a key that is limited to some clients."""
    if who.seen is not None:
        raise ForbiddenError("This needs a key that is not limited to some clients.")
    return who


OperatorVisited = Annotated[Visit, Depends(whole_portfolio)]
