"""Tokens: their holders and permissions, `debug_token`, and the exchange of short-lived tokens for long-lived ones."""

import hashlib
import hmac
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sophia.demo.meta.graph import errors
from sophia.demo.meta.graph.errors import GraphError, as_json
from sophia.demo.meta.graph.logins import SHORT_LIFE
from sophia.demo.meta.graph.request_context import Holder, RequestContext, Simulation
from sophia.demo.meta.graph.requests import Request
from sophia.demo.meta.world.objects import InstagramAccount, Media, MediaChild, Node

_LONG_LIFE_SECONDS = 5183944


def proof_of(token: str, app_secret: str) -> str:
    """`appsecret_proof`: hex HMAC-SHA256 of the token used in the call, keyed with the app secret."""
    return hmac.new(app_secret.encode(), token.encode(), hashlib.sha256).hexdigest()


def identify(simulation: Simulation, request: Request) -> Holder:
    """Return the holder of the request's token. Raise GraphError 104 if it has none, or 190 if the token is dead."""
    token, world = request.token, simulation.world
    if not token:
        raise errors.token_missing()
    holder = _holder(simulation, token, request.now)
    proof = request.parameters.get("appsecret_proof")
    if proof is None and world.require_appsecret_proof and holder.kind != "app":
        raise errors.proof_missing()
    if proof is not None and not hmac.compare_digest(proof, proof_of(token, world.app_secret)):
        raise errors.proof_wrong()
    return holder


def _holder(simulation: Simulation, token: str, now: datetime) -> Holder:
    death = simulation.dead_tokens.get(token)
    if death is not None and now >= death[0]:
        raise errors.token_dead(death[1])
    world = simulation.world
    login = simulation.logins.tokens.get(token)
    if login is not None and now >= login.expires_at:
        raise errors.token_dead(463)
    if login is not None or token in {world.user_token, world.short_user_token}:
        return Holder("user")
    if token == world.app_token:
        return Holder("app")
    page = world.page_by_token.get(token)
    if page is None:
        raise errors.token_invalid()
    return Holder("page", page)


def require_page_token(context: RequestContext, node: Node) -> None:
    """Raise GraphError unless the token may read `node`: Facebook needs the Page's token, Instagram also takes the
    user's.
    """
    if isinstance(node, InstagramAccount | Media | MediaChild):
        if context.holder.kind == "app":
            raise errors.token_invalid()
    elif context.holder.kind != "page":
        raise errors.page_token_required()


def debug_token(context: RequestContext) -> str:
    """Answer `/debug_token` about `input_token`. The request needs the app's own token."""
    if context.holder.kind != "app":
        raise GraphError("(#100) You must provide an app access token, or a user access token that is an owner", 100)
    world, token = context.world, context.request.parameters.get("input_token", "")
    try:
        holder = _holder(context.simulation, token, context.now)
    except GraphError as error:
        reason = {"code": error.code, "message": error.message, "subcode": error.subcode}
        return as_json({"data": {"is_valid": False, "app_id": world.app_id, "error": reason, "scopes": []}})
    issued = world.built_at - timedelta(days=20)
    long_end = int((issued + timedelta(seconds=_LONG_LIFE_SECONDS)).timestamp())
    ends = {"page": 0, "app": 0, "user": long_end}[holder.kind]
    if token == world.short_user_token:
        ends = int((world.built_at + timedelta(hours=2)).timestamp())
    login = context.simulation.logins.tokens.get(token)
    if login is not None:
        ends = int(login.expires_at.timestamp())
    data = {
        "app_id": world.app_id,
        "type": holder.kind.upper(),
        "application": "Sophia demo",
        "is_valid": True,
        "issued_at": int(issued.timestamp()),
        "expires_at": ends,
        "data_access_expires_at": int((issued + timedelta(days=90)).timestamp()),
        "scopes": list(context.simulation.scopes_of(token)),
        "granular_scopes": _granular_scopes(context.simulation, token, holder),
    }
    if holder.kind != "app":
        data["user_id"] = world.user_id
    if holder.page is not None:
        data["profile_id"] = holder.page.id
    return as_json({"data": data})


def _granular_scopes(simulation: Simulation, token: str, holder: Holder) -> list[dict[str, Any]]:
    """Return each permission with the ids of its objects."""
    world = simulation.world
    pages = world.pages if holder.page is None else (holder.page,)
    pages = tuple(page for page in pages if simulation.opens(token, page.id))
    accounts = [world.business_of(page.id).instagram.id for page in pages]
    scopes: list[dict[str, Any]] = []
    for scope in simulation.scopes_of(token):
        page_ids = [page.id for page in pages]
        targets = accounts if scope.startswith("instagram_") else page_ids
        if scope == "business_management":
            targets = [world.portfolio_id]
        scopes.append({"scope": scope} if simulation.hides_targets else {"scope": scope, "target_ids": targets})
    return scopes


def exchange_token(simulation: Simulation, request: Request) -> str:
    """Exchange a short-lived user token for a long-lived one, or the code of a login for a short-lived token.

    Raise GraphError for a dead token and for a code that is not valid.
    """
    world, parameters = simulation.world, request.parameters
    if parameters.get("client_id") != world.app_id or parameters.get("client_secret") != world.app_secret:
        raise GraphError("Error validating client secret.", 1)
    if "code" in parameters:
        return _exchange_code(simulation, request)
    if parameters.get("grant_type") != "fb_exchange_token":
        raise GraphError("Unsupported grant_type", 100)
    token = parameters.get("fb_exchange_token", "")
    holder = _holder(simulation, token, request.now)
    if holder.kind != "user":
        raise errors.token_invalid()
    login = simulation.logins.tokens.get(token)
    longer = world.user_token
    if login is not None:
        end = request.now + timedelta(seconds=_LONG_LIFE_SECONDS)
        longer = simulation.logins.grant(replace(login, expires_at=end))
    return as_json({"access_token": longer, "token_type": "bearer", "expires_in": _LONG_LIFE_SECONDS})


def _exchange_code(simulation: Simulation, request: Request) -> str:
    """Exchange a code. The dialog takes no PKCE challenge, so a verifier is refused."""
    parameters = request.parameters
    if "code_verifier" in parameters:
        raise GraphError("code_verifier param is provided without a code_challenge in authorization request.", 100)
    token = simulation.logins.redeem(parameters["code"], parameters.get("redirect_uri", ""), request.now)
    return as_json({"access_token": token, "token_type": "bearer", "expires_in": int(SHORT_LIFE.total_seconds())})
