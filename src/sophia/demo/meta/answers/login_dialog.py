"""Meta's login dialog: a page on which a person chooses Pages, and the redirect back to the application.

A wrong application, configuration or address shows an error page. Only an allowed address ever gets a redirect.
"""

from collections.abc import Mapping
from html import escape
from urllib.parse import parse_qsl, urlencode, urlsplit

from sophia.demo.meta.graph.logins import Code
from sophia.demo.meta.graph.plain_reply import PlainReply
from sophia.demo.meta.graph.request_context import Simulation
from sophia.demo.meta.graph.requests import Request

DIALOG = ("dialog", "oauth")
_KEPT = ("client_id", "config_id", "redirect_uri", "response_type", "state", "auth_type")
# Meta allows http addresses of the own machine while an application is in development.
_LOOPBACK = frozenset({"localhost", "127.0.0.1"})


def answer_dialog(simulation: Simulation, request: Request, body: bytes) -> PlainReply:
    """Answer the dialog's address (GET), and its buttons (POST)."""
    parameters = request.parameters
    problem = _problem(simulation, parameters)
    if problem:
        html = f"<!doctype html><title>Error</title><h1>Sorry, something went wrong.</h1><p>{problem}</p>"
        return PlainReply(400, html.encode())
    if request.method != "POST":
        return PlainReply(200, _page(simulation, parameters).encode())
    form = parse_qsl(body.decode(), keep_blank_values=True)
    if ("answer", "continue") not in form:
        return _redirect(
            parameters,
            error="access_denied",
            error_code="200",
            error_description="Permissions error",
            error_reason="user_denied",
        )
    page_ids = frozenset(value for name, value in form if name == "page")
    # All permissions of a configuration are allowed together, or none of them.
    allowed = simulation.scopes_of(None) if ("permissions", "on") in form else ()
    code = Code(parameters["redirect_uri"], allowed, page_ids, request.now)
    return _redirect(parameters, code=simulation.logins.issue(code))


def _problem(simulation: Simulation, parameters: Mapping[str, str]) -> str:
    world = simulation.world
    if parameters.get("client_id") != world.app_id:
        return "Invalid App ID: The provided app ID does not look like a valid app ID."
    if parameters.get("config_id") != world.login_config_id:
        return "Invalid configuration: This configuration does not belong to this app."
    parts = urlsplit(parameters.get("redirect_uri", ""))
    if parts.scheme != "http" or parts.hostname not in _LOOPBACK or parts.fragment:
        return "URL Blocked: This redirect failed because the redirect URI is not whitelisted in the app's settings."
    return "" if parameters.get("response_type") == "code" else "Unsupported response type."


def _redirect(parameters: Mapping[str, str], **answers: str) -> PlainReply:
    """Return to the application. Meta adds the fragment #_=_."""
    query = urlencode({**answers, "state": parameters.get("state", "")})
    return PlainReply(302, location=f"{parameters['redirect_uri']}?{query}#_=_")


def _page(simulation: Simulation, parameters: Mapping[str, str]) -> str:
    world = simulation.world
    action = escape(f"?{urlencode({name: parameters[name] for name in _KEPT if name in parameters})}")
    pages = "".join(
        f'<p><label><input type="checkbox" name="page" value="{page.id}" checked> {escape(page.name)}</label></p>'
        for page in world.pages
    )
    scopes = ", ".join(simulation.scopes_of(None))
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8"><link rel="icon" href="data:,"><title>Log in with Facebook</title>'
        f"<h1>Continue as {escape(world.user_name)}?</h1><p>Choose the Pages that this app may use.</p>"
        f'<form method="post" action="{action}">{pages}'
        f'<p><label><input type="checkbox" name="permissions" checked> Allow: {escape(scopes)}</label></p>'
        '<p><button name="answer" value="continue">Continue</button> '
        '<button name="answer" value="cancel">Cancel</button></p></form></html>'
    )
