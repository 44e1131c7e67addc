"""Forms that change the data of one client: what is wrong with the input is shown on the page again."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from fastapi.responses import RedirectResponse
from pydantic import TypeAdapter, ValidationError
from sqlalchemy.orm import Session

from sophia.access.roles import Role
from sophia.access.web import RequestContext
from sophia.analytics.readings.permissions import expect_client
from sophia.errors import ConflictError, InvalidInputError, NotFoundError

UNPROCESSABLE = 422
Form = TypeVar("Form")


def can_change(context: RequestContext) -> bool:
    """Return whether the user may send the forms of a page."""
    return context.viewer.role.includes(Role.WRITE)


def change_client(context: RequestContext, client_id: int, change: Callable[[Session], object]) -> str:
    """Run a change in one transaction, and return what is wrong with the input: nothing if it was stored.

    Raises NotFoundError for a client that the user may not see.
    """
    with context.database.read() as session:
        expect_client(session, context.allowed_clients, client_id)
    try:
        with context.database.write() as session:
            change(session)
    except (InvalidInputError, ConflictError, NotFoundError) as error:
        return str(error)
    return ""


def read_form(model: type[Form], values: Mapping[str, Any]) -> Form:
    """Return the body that the API takes, from the fields of a form. Raises InvalidInputError with each wrong field."""
    try:
        return TypeAdapter(model).validate_python(dict(values))
    except ValidationError as error:
        problems = [
            ": ".join([*(str(part).replace("_", " ") for part in item["loc"][:1]), _message(item["msg"])])
            for item in error.errors()
        ]
        raise InvalidInputError(f"Nothing was saved. {'; '.join(problems)}.") from error


def _message(text: str) -> str:
    return text.removeprefix("Value error, ").replace("_", " ")


def see(context: RequestContext, path: str) -> RedirectResponse:
    """Lead to a page after a form was stored, so that reloading it sends nothing again."""
    return RedirectResponse(f"{context.settings.path_prefix}{path}", 303)
