"""Routes of pages: errors become pages, and a request without a session leads to the sign-in."""

from collections.abc import Callable, Coroutine
from typing import Any
from urllib.parse import quote

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import RedirectResponse
from fastapi.routing import APIRoute
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException

from sophia.access.problems import UnauthorizedError, status_of
from sophia.dashboard.layout.pages import SECURITY_POLICY, environment, plain_frame
from sophia.dashboard.layout.values import Notice
from sophia.errors import SophiaError

UNPROCESSABLE = 422
SERVER_ERROR = 500


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
                texts = [f"{'.'.join(str(part) for part in item['loc'][1:])}: {item['msg']}" for item in error.errors()]
                text = f"This address or form cannot be used as it is. {'; '.join(texts[:3])}"
                return await run_in_threadpool(error_page, request, UNPROCESSABLE, text, {})
            except HTTPException as error:
                return await run_in_threadpool(error_page, request, error.status_code, error.detail, {})

        return show


def to_sign_in(request: Request) -> Response:
    """Lead to the sign-in, and from there back to this page; a form that was sent is not sent again."""
    prefix = request.app.state.app_state.settings.path_prefix
    target = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    query = f"?next={quote(target)}" if request.method == "GET" and target != f"{prefix}/" else ""
    return RedirectResponse(f"{prefix}/sign-in{query}", 303)


def error_page(request: Request, status: int, text: str, headers: dict[str, str]) -> Response:
    """Return a page that says what went wrong and leads back."""
    prefix = request.app.state.app_state.settings.path_prefix
    title = {403: "Not allowed", 404: "Not found", UNPROCESSABLE: "Cannot be used", 429: "Too many requests"}.get(
        status, "Something went wrong"
    )
    frame = plain_frame(request, title)
    page = Notice(text, "Go to the portfolio", f"{prefix}/portfolio")
    html = (
        environment().get_template("layout/error.html").render(frame=frame, page=page, export_address=None, typed=None)
    )
    return Response(html, status, {**headers, "Content-Security-Policy": SECURITY_POLICY}, media_type="text/html")
