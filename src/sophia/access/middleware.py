"""The base class of the ASGI middleware."""

from starlette.types import ASGIApp, Receive, Scope, Send


class HttpMiddleware:
    """The base of middleware for HTTP requests; anything else, such as the lifespan, passes through."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await (self.handle if scope["type"] == "http" else self.app)(scope, receive, send)

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle a request; the base class only passes it on."""
        await self.app(scope, receive, send)
