"""The page /docs, which shows the OpenAPI document to the holder of a key and sends requests with that key.

The page needs no key itself, because a browser cannot send one with an address. Its program asks for the key, reads
/openapi.json with it, and keeps it in memory only. All files come from this server.
"""

from importlib.resources import files

from fastapi import APIRouter
from fastapi.responses import Response

MEDIA_TYPES = {"page.html": "text/html", "page.js": "text/javascript", "page.css": "text/css"}
SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)

router = APIRouter(include_in_schema=False)


def send(name: str) -> Response:
    """Return a file of the page. Requests are few and an import must not read files, so each request reads it."""
    content = (files("sophia.api_documents") / name).read_bytes()
    headers = {"Content-Security-Policy": SECURITY_POLICY}
    return Response(content, media_type=MEDIA_TYPES[name], headers=headers)


@router.get("/docs")
def docs_page() -> Response:
    return send("page.html")


@router.get("/docs/page.js")
def docs_program() -> Response:
    return send("page.js")


@router.get("/docs/page.css")
def docs_style() -> Response:
    return send("page.css")
