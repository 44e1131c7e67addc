"""Routes of pages: errors become pages, and a request without a session leads to the sign-in."""

import re
from collections.abc import Callable, Coroutine, Sequence
from datetime import date
from typing import Any
from urllib.parse import quote, urlsplit

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import RedirectResponse
from fastapi.routing import APIRoute
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException

from sophia.access.problems import UnauthorizedError, status_of
from sophia.dashboard.layout.pages import SECURITY_POLICY, environment, plain_frame
from sophia.dashboard.layout.windows import page_address
from sophia.display.values import Notice
from sophia.errors import SophiaError

UNPROCESSABLE = 422
SERVER_ERROR = 500
PYTHON_DATE = re.compile(r"datetime\.date\((\d+), (\d+), (\d+)\)")


class PageRoute(APIRoute):
    """A route whose errors are shown as a page."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handler = super().get_route_handler()

        async def show(request: Request) -> Response:
            try:
                if request.method == "POST":
                    # Parsed once: the page shows it again if it is refused.
                    request.state.form = await request.form()
                return await handler(request)
            except UnauthorizedError:
                return to_sign_in(request)
            except SophiaError as error:
                status, headers = status_of(error)
                text = str(error) if status != SERVER_ERROR else "Sophia failed. The log of the server has the cause."
                return await run_in_threadpool(error_page, request, status, text, headers)
            except RequestValidationError as error:
                texts = [validation_text(item["loc"], item["msg"]) for item in error.errors()]
                text = f"This address or form cannot be used as it is. {'; '.join(texts[:3])}"
                return await run_in_threadpool(error_page, request, UNPROCESSABLE, text, {})
            except HTTPException as error:
                return await run_in_threadpool(error_page, request, error.status_code, error.detail, {})

        return show


def validation_text(place: Sequence[str | int], message: str) -> str:
    """Return an error of Pydantic in words: the field, and what is wrong with it."""
    name = ".".join(str(part) for part in place[1:])
    plain = PYTHON_DATE.sub(lambda match: date(*map(int, match.groups())).isoformat(), message)
    plain = plain.removeprefix("Value error, ").replace("Input should be", "must be")
    return f"{name}: {plain}" if name else plain


def to_sign_in(request: Request) -> Response:
    """Lead to the sign-in, and from there back to this page, or to the page of a form, which is not sent again."""
    prefix = request.app.state.app_state.settings.path_prefix
    target = page_address(request) + (f"?{request.url.query}" if request.url.query else "")
    if request.method != "GET":
        # A form may only come from a page of this server; the sign-in leads nowhere else.
        try:
            form = urlsplit(request.headers.get("referer", ""))
        except ValueError:
            form = urlsplit("")
        target = form.path + (f"?{form.query}" if form.query else "")
    query = f"?next={quote(target)}" if target not in ("", f"{prefix}/") else ""
    return RedirectResponse(f"{prefix}/sign-in{query}", 303)


def error_page(request: Request, status: int, text: str, headers: dict[str, str]) -> Response:
    """Return a page that says what went wrong and leads back."""
    prefix = request.app.state.app_state.settings.path_prefix
    title = {403: "Not allowed", 404: "Not found", UNPROCESSABLE: "Cannot be used", 429: "Too many requests"}.get(
        status, "Something went wrong"
    )
    frame = plain_frame(request, title)
    is_reader = request.url.path.startswith("/shared/")
    page = Notice(text) if is_reader else Notice(text, "Go to the portfolio", f"{prefix}/portfolio")
    html = (
        environment().get_template("layout/error.html").render(frame=frame, page=page, export_address=None, typed=None)
    )
    return Response(html, status, {**headers, "Content-Security-Policy": SECURITY_POLICY}, media_type="text/html")
