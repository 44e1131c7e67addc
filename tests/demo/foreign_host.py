"""Another host, to which a caller may be sent and which must never learn a secret."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from sophia.demo.meta.faults.wire import Receive, Scope, Send


@dataclass(slots=True)
class ForeignHost:
    """An ASGI application that answers everything with an empty list and records what it was shown."""

    # Of each request: METHOD, path with query as it came, and all headers, names in lower case.
    seen: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        query = scope["query_string"].decode("latin-1")
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        self.seen.append((scope["method"], f"{scope['path']}?{query}" if query else scope["path"], headers))
        kind = [(b"content-type", b"application/json")]
        await send({"type": "http.response.start", "status": 200, "headers": kind})
        await send({"type": "http.response.body", "body": b'{"data":[]}'})

    @property
    def saw_authorization(self) -> bool:
        return any("authorization" in headers for _, _, headers in self.seen)

    def saw_any(self, secrets: Sequence[str]) -> bool:
        """Whether one of `secrets` stood in a URL or a header."""
        shown = "\n".join(f"{url} {headers}" for _, url, headers in self.seen)
        return any(secret in shown for secret in secrets)
