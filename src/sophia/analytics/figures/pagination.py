"""Adds links to the next page to responses."""

from collections.abc import Callable
from typing import TypeVar

from fastapi import Request, Response

Row = TypeVar("Row")


def link_next(request: Request, response: Response, **parameters: str | int) -> None:
    """Set `Link: <…>; rel="next"` to this request with other parameters.

    The link has no scheme and no host, so it is right behind a proxy. If the proxy removes a prefix from the path, such as
    /sophia, the settings name it.
    """
    url = request.url.include_query_params(**parameters)
    prefix = request.app.state.app_state.settings.path_prefix
    response.headers["Link"] = f'<{prefix}{url.path}?{url.query}>; rel="next"'


def paginate(
    request: Request, response: Response, rows: list[Row], limit: int, **after: Callable[[Row], str | int]
) -> list[Row]:
    """Return the first `limit` rows of a list that was read with one row more; link to the next page if there is one.

    `after` computes the next request's parameters from the last row of the page.
    """
    page = rows[:limit]
    if len(rows) > limit:
        link_next(request, response, **{name: parameter(page[-1]) for name, parameter in after.items()})
    return page
