"""Says where the next page is."""

from fastapi import Request, Response


def link_next(request: Request, response: Response, **parameters: str | int) -> None:
    """Set `Link: <…>; rel="next"` to this request with other parameters; relative, so that it is right behind a proxy."""
    url = request.url.include_query_params(**parameters)
    response.headers["Link"] = f'<{url.path}?{url.query}>; rel="next"'
