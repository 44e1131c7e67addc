"""Shows problems of any part of the server as a page to browsers, which ask for HTML; programs get the problem document."""

import json

from fastapi import Request
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.types import Message, Receive, Scope, Send

from sophia.access.middleware import HttpMiddleware
from sophia.access.problems import MEDIA_TYPE
from sophia.access.transport import is_api_path
from sophia.dashboard.layout.routes import error_page

# They describe the body of the problem document.
REPLACED = ("content-type", "content-length")


class ErrorPages(HttpMiddleware):
    """Replaces a problem document by a page when the path is none of the API and the client accepts HTML."""

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        accepts_html = "text/html" in Headers(scope=scope).get("accept", "")
        if not accepts_html or is_api_path(scope["path"]):
            await self.app(scope, receive, send)
            return
        start: Message | None = None
        body = b""

        async def replace_problem(message: Message) -> None:
            nonlocal start, body
            if message["type"] == "http.response.start" and is_problem(message):
                start = message
            elif start is None or message["type"] != "http.response.body":
                await send(message)
            else:
                body += message.get("body", b"")
                if not message.get("more_body", False):
                    await show(Request(scope), start, body, receive, send)

        await self.app(scope, receive, replace_problem)


def is_problem(start: Message) -> bool:
    return Headers(raw=start["headers"]).get("content-type", "").startswith(MEDIA_TYPE)


async def show(request: Request, start: Message, body: bytes, receive: Receive, send: Send) -> None:
    """Send the page of a problem with the problem's status and other headers."""
    headers = {name: text for name, text in Headers(raw=start["headers"]).items() if name not in REPLACED}
    page = await run_in_threadpool(error_page, request, start["status"], json.loads(body)["detail"], headers)
    await page(request.scope, receive, send)
