"""A request to the simulated Meta: path without version, parameters, token, and moment."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from urllib.parse import parse_qsl, urlencode

from sophia.demo.meta.graph.versions import served_version
from sophia.demo.meta.world.pacific import pacific_day

_VERSION = re.compile(r"v(\d+)\.\d+")
_SECRET_PARAMETERS = frozenset(
    {"access_token", "input_token", "fb_exchange_token", "client_secret", "appsecret_proof", "code"}
)


@dataclass(frozen=True, slots=True)
class Request:
    """One request, or one item of a batch. `query` and `text` never carry a secret; `now` is aware."""

    method: str
    path: tuple[str, ...]
    parameters: Mapping[str, str]
    version: int
    token: str | None
    token_in_url: bool
    base_url: str
    now: datetime
    raw_path: str
    query: str

    @property
    def text(self) -> str:
        """`METHOD /path?query`, decoded and without secrets; patterns of faults match it."""
        return f"{self.method} {self.raw_path}?{self.query}" if self.query else f"{self.method} {self.raw_path}"

    @property
    def ids(self) -> tuple[str, ...]:
        """The object ids of a `?ids=` request, empty for any other."""
        return tuple(name for name in self.parameters.get("ids", "").split(",") if name)

    def with_path(self, *path: str) -> "Request":
        """Return the same request for another object, its `ids` taken out."""
        parameters = {key: value for key, value in self.parameters.items() if key != "ids"}
        return replace(self, path=path, parameters=parameters)

    def url(self, path: str, parameters: Mapping[str, str], version: int | None = None) -> str:
        """Return a paging link. Like Meta's, it carries the token if the request's URL did."""
        public = {key: value for key, value in parameters.items() if key not in _SECRET_PARAMETERS}
        if self.token_in_url and self.token is not None:
            public["access_token"] = self.token
        return f"{self.base_url}/v{version or self.version}.0/{path}?{urlencode(public)}"


def read_request(
    method: str,
    raw_path: str,
    query: str,
    *,
    header_token: str | None,
    form: Mapping[str, str],
    base_url: str,
    now: datetime,
) -> Request:
    """Build a request. Take the token from the header, else the query, else the form."""
    in_url = dict(parse_qsl(query, keep_blank_values=True))
    parts = [part for part in raw_path.split("/") if part]
    match = _VERSION.fullmatch(parts[0]) if parts else None
    if match:
        del parts[0]
    public_query = "&".join(f"{key}={value}" for key, value in in_url.items() if key not in _SECRET_PARAMETERS)
    return Request(
        method=method,
        path=tuple(parts),
        parameters={**form, **in_url},
        version=served_version(int(match[1]) if match else None, pacific_day(now)),
        token=header_token or in_url.get("access_token") or form.get("access_token"),
        token_in_url="access_token" in in_url,
        base_url=base_url,
        now=now,
        raw_path=raw_path,
        query=public_query,
    )
