"""Turns every error into an RFC 9457 problem document."""

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
# SQLite: BUSY, LOCKED, and INTERRUPT after a time limit. PostgreSQL: connections (08), resources (53), shutdown or time
# limit (57), locks, serialisation.
_BUSY_SQLITE = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_INTERRUPT})
_BUSY_POSTGRES = ("08", "53", "57", "55P03", "40001", "40P01")


class UnauthorizedError(SophiaError):
    """The request has no valid key."""


class ForbiddenError(SophiaError):
    """The key is valid but does not allow this."""


class TooManyRequestsError(SophiaError):
    """The key has used up its requests for now."""

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
    """An invalid value and its location, such as `query.limit` or `body.revenue_amount`."""

    location: str
    message: str
    type: str


class Problem(BaseModel):
    """A problem as defined by RFC 9457. `instance` is the path of the request."""

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
    """Return the response for a problem; it has `errors` only after a failed validation."""
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
    """Return the `responses=` of a route that may answer with these problems."""
    return {status: {"model": Problem, "description": HTTPStatus(status).phrase} for status in statuses}


def name_problems(schema: dict[str, Any]) -> None:
    """Set the media type of problems in an OpenAPI document; FastAPI gives them that of the successful response."""
    reference = {"$ref": f"#/components/schemas/{Problem.__name__}"}
    for path in schema.get("paths", {}).values():
        for operation in path.values():
            for response in operation["responses"].values():
                if any(shape.get("schema") == reference for shape in response.get("content", {}).values()):
                    response["content"] = {MEDIA_TYPE: {"schema": reference}}


def install_problems(app: FastAPI) -> None:
    """Register handlers that turn expected errors into problem documents."""
    app.add_exception_handler(SophiaError, handle_sophia_error)
    app.add_exception_handler(RequestValidationError, handle_invalid_request)
    app.add_exception_handler(HTTPException, handle_http_error)
    app.add_exception_handler(PoolTimeoutError, handle_busy)
    app.add_exception_handler(DBAPIError, handle_database_error)


def handle_sophia_error(request: Request, error: Exception) -> JSONResponse:
    status, headers = status_of(error)
    # The message of an internal error belongs into the log, not into the response.
    detail = "Sophia failed to answer; the log of the server says why." if status == 500 else str(error)  # noqa: PLR2004
    return problem(status, detail, request.url.path, headers=headers)


def status_of(error: Exception) -> tuple[int, dict[str, str]]:
    """Return the HTTP status and headers for one of Sophia's errors."""
    if isinstance(error, UnauthorizedError):
        return 401, {"WWW-Authenticate": 'Bearer realm="sophia"'}
    if isinstance(error, TooManyRequestsError):
        return 429, {"Retry-After": str(error.retry_seconds)}
    status = next((status for kind, status in STATUSES.items() if isinstance(error, kind)), 500)
    return status, {"Retry-After": str(RETRY_SECONDS)} if status == HTTPStatus.SERVICE_UNAVAILABLE else {}


def handle_invalid_request(request: Request, error: Exception) -> JSONResponse:
    """Return the problem of an invalid request without its values, which may be long or secret."""
    details = error.errors() if isinstance(error, RequestValidationError) else []
    errors = [_field_problem(".".join(map(str, item["loc"])), item["msg"], item["type"]) for item in details]
    summary = "; ".join(f"{item.location}: {item.message}" for item in errors[:3])
    return problem(422, f"The request is not valid. {summary}", request.url.path, errors=errors)


def _field_problem(location: str, message: str, kind: str) -> FieldProblem:
    """Return the same problem for an unknown field, whether the body is a dataclass or a model."""
    if kind == "unexpected_keyword_argument":
        message, kind = "Extra inputs are not permitted", "extra_forbidden"
    return FieldProblem(location=location, message=message, type=kind)


def handle_http_error(request: Request, error: Exception) -> JSONResponse:
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


def handle_busy(request: Request, _error: Exception) -> JSONResponse:
    return problem(
        503,
        "The database is busy. Try again in a moment.",
        request.url.path,
        headers={"Retry-After": str(RETRY_SECONDS)},
    )


def handle_database_error(request: Request, error: Exception) -> JSONResponse:
    """Return 503 for a database that is saturated or unreachable (J12). Raise any other error again: it is a fault of Sophia."""
    if isinstance(error, DBAPIError) and is_saturation(error):
        return handle_busy(request, error)
    raise error


def error_response(request: Request, error: Exception) -> JSONResponse:
    """Return the response for an error of Sophia or the database outside of an endpoint. Raises faults of Sophia again."""
    if isinstance(error, SophiaError):
        return handle_sophia_error(request, error)
    return handle_busy(request, error) if isinstance(error, PoolTimeoutError) else handle_database_error(request, error)


def is_saturation(error: DBAPIError) -> bool:
    """Return whether a retry can help: the database is locked, out of connections or restarting, or a conflicting write won."""
    original = error.orig
    if isinstance(original, sqlite3.Error):
        # The lowest byte is the primary result code; the others give details.
        return getattr(original, "sqlite_errorcode", 0) & 0xFF in _BUSY_SQLITE
    state = getattr(original, "sqlstate", None)
    if state is None:
        # Errors while connecting have no state. psycopg's ConnectionTimeout is an OperationalError too.
        return error.connection_invalidated or any(
            base.__name__ == "OperationalError" for base in type(original).__mro__
        )
    return str(state).startswith(_BUSY_POSTGRES)
