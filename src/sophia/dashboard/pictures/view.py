"""Serves the small copies of the pictures of posts, to those who may see the post."""

from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Request, Response
from fastapi import Path as PathField
from starlette.datastructures import Headers

from sophia.access.pages import ReadPage
from sophia.analytics.figures.requests import Id
from sophia.dashboard.layout.routes import PageRoute
from sophia.errors import NotFoundError
from sophia.portfolio.pictures import StoredPicture, file_of, find_picture, picture_folder
from sophia.portfolio.thumbnails import MEDIA_TYPE

router = APIRouter(route_class=PageRoute, include_in_schema=False)

NO_PICTURE = "There is no such picture."
NOT_MODIFIED = 304


@router.get("/pictures/{post_id}")
def picture(request: Request, context: ReadPage, post_id: Annotated[Id, PathField()]) -> Response:
    with context.database.read() as session:
        found = find_picture(session, post_id)
    if found is None or (context.allowed_clients is not None and found.client_id not in context.allowed_clients):
        raise NotFoundError(NO_PICTURE)
    return picture_response(request.headers, context.settings.data_dir, found)


def picture_response(headers: Headers, data_dir: Path, picture: StoredPicture) -> Response:
    """Return the copy, or 304 to a browser that has it. Browsers ask every time, so that a sign-out ends their access.

    Raises NotFoundError when the file is missing.
    """
    # A copy is never changed, so its name is its tag.
    tag = f'"{picture.sha256}"'
    if tag in (part.strip().removeprefix("W/") for part in headers.get("if-none-match", "").split(",")):
        return Response(status_code=NOT_MODIFIED, headers={"ETag": tag})
    try:
        content = file_of(picture_folder(data_dir), picture.sha256).read_bytes()
    except FileNotFoundError:
        raise NotFoundError(NO_PICTURE) from None
    return Response(content, media_type=MEDIA_TYPE, headers={"ETag": tag, "Content-Disposition": "inline"})
