"""Adds links to the next page to responses."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, TypeVar

from fastapi import Depends, Request, Response

Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class Pagination:
    """A request for a page of a list, and its response."""

    request: Request
    response: Response

    def link_next(self, **parameters: str | int) -> None:
        """Set `Link: <…>; rel="next"` to this request with other parameters.

        The link has no scheme and no host, so it is right behind a proxy. If the proxy removes a prefix from the path,
        such as /sophia, the settings name it.
        """
        url = self.request.url.include_query_params(**parameters)
        prefix = self.request.app.state.app_state.settings.path_prefix
        self.response.headers["Link"] = f'<{prefix}{url.path}?{url.query}>; rel="next"'

    def cut(self, rows: list[Row], limit: int, **after: Callable[[Row], str | int]) -> list[Row]:
        """Return the first `limit` rows of a list that was read with one row more; link to the next page if there is one.

        `after` computes the next request's parameters from the last row of the page.
        """
        page = rows[:limit]
        if len(rows) > limit:
            self.link_next(**{name: parameter(page[-1]) for name, parameter in after.items()})
        return page


Paging = Annotated[Pagination, Depends()]
