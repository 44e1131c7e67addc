"""A proxy between Sophia and the simulated Meta that answers or changes what its rules name.

It is written with nothing but the standard library and knows nothing of Sophia, so that it shares none of its assumptions.
A rule refuses: `{"metric": name or absent, "path": regular expression, "code", "subcode"?, "message", "user"?: [title, text]}`,
or changes an answer: `{"path": regular expression, "mutate": Python that changes the parsed answer d}`. Parts of a batch
are treated like requests of their own.
"""

import json
import re
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

Rule = Mapping[str, Any]
EXPANDED_METRICS = re.compile(r"metric\(([^)]*)\)")
PASSED_HEADERS = ("authorization", "content-type")


def metrics_of(url: str) -> set[str]:
    """The metrics that an address asks for, in its own parameter and in expanded fields."""
    query = parse_qs(urlsplit(url).query)
    metrics = set((query.get("metric") or [""])[0].split(","))
    for expanded in EXPANDED_METRICS.findall((query.get("fields") or [""])[0]):
        metrics |= set(expanded.split(","))
    return metrics


def matches(rule: Rule, url: str) -> bool:
    has_metric = not rule.get("metric") or rule["metric"] in metrics_of(url)
    return has_metric and (not rule.get("path") or re.search(rule["path"], unquote(url)) is not None)


def refusal(rules: Sequence[Rule], url: str) -> str | None:
    """The error body of the first rule that refuses this address, or None."""
    rule = next((rule for rule in rules if "mutate" not in rule and matches(rule, url)), None)
    if rule is None:
        return None
    error = {"message": rule["message"], "type": "OAuthException", "code": rule["code"], "fbtrace_id": "Acase"}
    if "subcode" in rule:
        error["error_subcode"] = rule["subcode"]
    if "user" in rule:
        error["error_user_title"], error["error_user_msg"] = rule["user"]
    return json.dumps({"error": error})


def changed(rules: Sequence[Rule], url: str, body: str) -> str:
    """The body after every rule that changes answers of this address."""
    for rule in rules:
        if "mutate" in rule and re.search(rule["path"], unquote(url)):
            answer = json.loads(body)
            exec(rule["mutate"], {"d": answer})  # noqa: S102 - the rules are files of this repository's own reviewers
            body = json.dumps(answer)
    return body


class RuleProxy(ThreadingHTTPServer):
    """Listens on a free port of the loopback interface. `rules` may be replaced while it runs."""

    daemon_threads = True

    def __init__(self, upstream: str) -> None:
        super().__init__(("127.0.0.1", 0), RequestHandler)
        self.upstream = upstream
        self.rules: Sequence[Rule] = ()

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class RequestHandler(BaseHTTPRequestHandler):
    """Refuses by rule, or passes the request on and changes the answer by rule."""

    protocol_version = "HTTP/1.1"
    server: RuleProxy

    def do_GET(self) -> None:
        self.answer(None)

    def do_POST(self) -> None:
        self.answer(self.rfile.read(int(self.headers.get("content-length") or 0)))

    def log_message(self, *_: object) -> None:
        """Print nothing."""

    def answer(self, form: bytes | None) -> None:
        rules = self.server.rules
        is_batch = form is not None and b"batch=" in form
        if not is_batch and (body := refusal(rules, self.path)):
            self.send(400, body.encode(), {})
            return
        status, content, headers = self.forward(form)
        if is_batch and form is not None:
            content = self.answer_batch(form, content)
        elif status == 200 and form is None:
            content = changed(rules, self.path, content.decode()).encode()
        self.send(status, content, headers)

    def forward(self, form: bytes | None) -> tuple[int, bytes, Mapping[str, str]]:
        passed = {name: value for name, value in self.headers.items() if name.lower() in PASSED_HEADERS}
        request = urllib.request.Request(self.server.upstream + self.path, form, passed, method=self.command)
        try:
            with urllib.request.urlopen(request, timeout=60) as response:
                return response.status, response.read(), dict(response.headers)
        except urllib.error.HTTPError as error:
            return error.code, error.read(), dict(error.headers)

    def answer_batch(self, form: bytes, content: bytes) -> bytes:
        items = json.loads(parse_qs(form.decode())["batch"][0])
        results = json.loads(content)
        if not isinstance(results, list):
            return content
        for index, item in enumerate(items):
            url = "/" + item["relative_url"]
            if results[index] is None:
                continue
            if body := refusal(self.server.rules, url):
                results[index] = {"code": 400, "body": body}
            else:
                results[index]["body"] = changed(self.server.rules, url, results[index]["body"])
        return json.dumps(results).encode()

    def send(self, status: int, content: bytes, headers: Mapping[str, str]) -> None:
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(content)))
        for name, value in headers.items():
            if name.lower().startswith("x-"):
                self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)


@contextmanager
def running_proxy(upstream: str) -> Iterator[RuleProxy]:
    """Serve a proxy from a thread; it ends with the block."""
    proxy = RuleProxy(upstream)
    thread = threading.Thread(target=proxy.serve_forever, name="rule-proxy", daemon=True)
    thread.start()
    try:
        yield proxy
    finally:
        proxy.shutdown()
        proxy.server_close()
        thread.join(timeout=5)
