"""Says where the next page is."""

from collections.abc import Callable
from typing import TypeVar

from fastapi import Request, Response

Row = TypeVar("Row")


def link_next(request: Request, response: Response, **parameters: str | int) -> None:
    """Set `Link: <…>; rel="next"` to this request with other parameters.

    The link has no scheme and no host, so it is right behind a proxy. A prefix that the proxy takes off the path, such as
    /sophia, comes from the settings.
    """
    url = request.url.include_query_params(**parameters)
    prefix = request.app.state.app_state.settings.path_prefix
    response.headers["Link"] = f'<{prefix}{url.path}?{url.query}>; rel="next"'


def paginate(
    request: Request, response: Response, rows: list[Row], limit: int, **after: Callable[[Row], str | int]
) -> list[Row]:
    """The first `limit` rows of a list that was read with one more, and a link to the rest where there is any.

    `after` computes from the last row of the page what the next request has to say.
    """
    page = rows[:limit]
    if len(rows) > limit:
        link_next(request, response, **{name: of(page[-1]) for name, of in after.items()})
    return page
