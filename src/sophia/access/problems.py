"""Errors as the web tells them: RFC 9457 problem documents, whatever went wrong and wherever."""

import sqlite3
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from starlette.exceptions import HTTPException

from sophia.errors import BusyError, ConflictError, InvalidInputError, NotFoundError, SophiaError, StoreError

MEDIA_TYPE = "application/problem+json"
RETRY_SECONDS = 2
# SQLite: BUSY, LOCKED, and INTERRUPT when it took too long. PostgreSQL: connections (08), resources (53), shutting down
# or took too long (57), locks, serialisation.
_BUSY_SQLITE = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_INTERRUPT})
_BUSY_POSTGRES = ("08", "53", "57", "55P03", "40001", "40P01")


class UnauthorizedError(SophiaError):
    """Nobody has shown a valid key."""


class ForbiddenError(SophiaError):
    """The key is valid, and not meant for this."""


class TooManyRequestsError(SophiaError):
    """The key has made all the requests that it may make for now."""

    def __init__(self, message: str, retry_seconds: int) -> None:
        super().__init__(message)
        self.retry_seconds = retry_seconds


STATUSES: Mapping[type[SophiaError], int] = {
    InvalidInputError: 422,
    NotFoundError: 404,
    ConflictError: 409,
    ForbiddenError: 403,
    BusyError: 503,
    StoreError: 503,
}


class FieldProblem(BaseModel):
    """One value that cannot be used, and where it stands: `query.limit`, `body.revenue_amount`."""

    location: str
    message: str
    type: str


class Problem(BaseModel):
    """What went wrong, after RFC 9457. `instance` is the path that was asked for."""

    type: str = Field(examples=["urn:sophia:problem:not-found"])
    title: str
    status: int
    detail: str
    instance: str
    errors: list[FieldProblem] | None = None


def problem(
    status: int,
    detail: str,
    instance: str,
    *,
    errors: list[FieldProblem] | None = None,
    headers: Mapping[str, str] | None = None,
) -> JSONResponse:
    """The answer that tells of a problem; `errors` is left out unless it was a matter of validation."""
    phrase = HTTPStatus(status).phrase
    body = Problem(
        type=f"urn:sophia:problem:{phrase.lower().replace(' ', '-')}",
        title=phrase,
        status=status,
        detail=detail,
        instance=instance,
        errors=errors,
    )
    content = body.model_dump(exclude={"errors"} if errors is None else None)
    return JSONResponse(content, status, headers=headers, media_type=MEDIA_TYPE)


def documented(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The `responses=` of a route that may answer with these problems."""
    return {status: {"model": Problem, "description": HTTPStatus(status).phrase} for status in statuses}


def name_problems(schema: dict[str, Any]) -> None:
    """Give the problems in an OpenAPI document their media type; FastAPI says that of the route's good answers."""
    reference = {"$ref": f"#/components/schemas/{Problem.__name__}"}
    for path in schema.get("paths", {}).values():
        for operation in path.values():
            for response in operation["responses"].values():
                if any(shape.get("schema") == reference for shape in response.get("content", {}).values()):
                    response["content"] = {MEDIA_TYPE: {"schema": reference}}


def install_problems(app: FastAPI) -> None:
    """Let every foreseen error of this application become a problem document."""
    app.add_exception_handler(SophiaError, tell_sophia_error)
    app.add_exception_handler(RequestValidationError, tell_invalid_request)
    app.add_exception_handler(HTTPException, tell_http_error)
    app.add_exception_handler(PoolTimeoutError, tell_busy)
    app.add_exception_handler(DBAPIError, tell_database_error)


def tell_sophia_error(request: Request, error: Exception) -> JSONResponse:
    status, headers = status_of(error)
    # What an unforeseen or internal error says is for the log, not for whoever asked.
    detail = "Sophia failed to answer; the log of the server says why." if status == 500 else str(error)  # noqa: PLR2004
    return problem(status, detail, request.url.path, headers=headers)


def status_of(error: Exception) -> tuple[int, dict[str, str]]:
    """The status of one of Sophia's own errors, and the headers that belong to it."""
    if isinstance(error, UnauthorizedError):
        return 401, {"WWW-Authenticate": 'Bearer realm="sophia"'}
    if isinstance(error, TooManyRequestsError):
        return 429, {"Retry-After": str(error.retry_seconds)}
    status = next((status for kind, status in STATUSES.items() if isinstance(error, kind)), 500)
    return status, {"Retry-After": str(RETRY_SECONDS)} if status == HTTPStatus.SERVICE_UNAVAILABLE else {}


def tell_invalid_request(request: Request, error: Exception) -> JSONResponse:
    """What was sent is not repeated: it may be long, and it may be secret."""
    details = error.errors() if isinstance(error, RequestValidationError) else []
    errors = [_field_problem(".".join(map(str, item["loc"])), item["msg"], item["type"]) for item in details]
    said = "; ".join(f"{item.location}: {item.message}" for item in errors[:3])
    return problem(422, f"The request cannot be used as it is. {said}", request.url.path, errors=errors)


def _field_problem(location: str, message: str, kind: str) -> FieldProblem:
    """Return the same problem for an unknown field, whether the body is a dataclass or a model."""
    if kind == "unexpected_keyword_argument":
        message, kind = "Extra inputs are not permitted", "extra_forbidden"
    return FieldProblem(location=location, message=message, type=kind)


def tell_http_error(request: Request, error: Exception) -> JSONResponse:
    status, detail, headers = 500, "", None
    if isinstance(error, HTTPException):
        status, detail, headers = error.status_code, error.detail, error.headers
    if status == HTTPStatus.NOT_FOUND:
        detail = f"There is nothing at {request.url.path}."
    elif status == HTTPStatus.METHOD_NOT_ALLOWED:
        detail = f"{request.method} is not possible at {request.url.path}."
        allowed = (headers or {}).get("Allow", "")
        headers = {"Allow": f"{allowed}, HEAD"} if allowed == "GET" else headers
    return problem(status, detail, request.url.path, headers=headers)


def tell_busy(request: Request, _error: Exception) -> JSONResponse:
    return problem(
        503,
        "The database is busy. Try again in a moment.",
        request.url.path,
        headers={"Retry-After": str(RETRY_SECONDS)},
    )


def tell_database_error(request: Request, error: Exception) -> JSONResponse:
    """A database that is full or away for now is a 503 (J12). Anything else is ours to mend, and goes on as it is."""
    if isinstance(error, DBAPIError) and is_saturation(error):
        return tell_busy(request, error)
    raise error


def tell(request: Request, error: Exception) -> JSONResponse:
    """One of our own errors, or one of the database, outside of an endpoint. Raises what is ours to mend."""
    if isinstance(error, SophiaError):
        return tell_sophia_error(request, error)
    return tell_busy(request, error) if isinstance(error, PoolTimeoutError) else tell_database_error(request, error)


def is_saturation(error: DBAPIError) -> bool:
    """Whether trying again later can help: locked, out of connections, restarting, or beaten by another writer."""
    original = error.orig
    if isinstance(original, sqlite3.Error):
        # The lowest byte is the primary result code; the others say more of the same.
        return getattr(original, "sqlite_errorcode", 0) & 0xFF in _BUSY_SQLITE
    state = getattr(original, "sqlstate", None)
    if state is None:
        # What goes wrong while connecting has no state. psycopg's ConnectionTimeout is an OperationalError too.
        return error.connection_invalidated or any(
            base.__name__ == "OperationalError" for base in type(original).__mro__
        )
    return str(state).startswith(_BUSY_POSTGRES)
