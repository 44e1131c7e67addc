"""Facebook Login for Business: the address of Meta's dialog, and the exchange of its code for a token.

The dialog gets no PKCE challenge. Meta takes one only in its OpenID Connect flow: other dialogs ignore the challenge, and
the exchange then refuses the verifier (docs/decisions).
"""

from urllib.parse import urlencode

from pydantic import SecretStr

from sophia.meta.client import GraphClient
from sophia.meta.errors import GraphError
from sophia.meta.tokens import App, request_token, without_secrets


def dialog_address(
    login_url: str,
    version: str,
    app_id: str,
    config_id: str,
    redirect_uri: str,
    state: str,
    *,
    asks_again: bool = False,
) -> str:
    """Return the address of the dialog in which a person chooses Pages and allows the permissions of a configuration.

    Meta sends the browser back to `redirect_uri` with `state` and a code or an error. `asks_again` shows permissions again
    that the person declined before.
    """
    parameters = {
        "client_id": app_id,
        "config_id": config_id,
        "redirect_uri": redirect_uri,
        "response_type": "code",
        # Without it, a configuration with tokens of a system user would send the token to the browser, not a code.
        "override_default_response_type": "true",
        "state": state,
    }
    if asks_again:
        parameters["auth_type"] = "rerequest"
    return f"{login_url.rstrip('/')}/{version}/dialog/oauth?{urlencode(parameters)}"


async def exchange_code(client: GraphClient, app: App, code: SecretStr, redirect_uri: str) -> SecretStr:
    """Exchange the code of the dialog for a token. `redirect_uri` is that of the dialog, to the letter.

    A code works once, so a request that fails is not repeated. Raises GraphError: the code was used, is too old, or
    belongs to another app or address.
    """
    params = {
        "client_id": app.id,
        "client_secret": app.secret.get_secret_value(),
        "redirect_uri": redirect_uri,
        "code": code.get_secret_value(),
    }
    try:
        answer = await request_token(client, app, params, patient=False)
    except GraphError as error:
        raise without_secrets(error, app.secret, code) from None
    token = answer.data.get("access_token")
    if not isinstance(token, str) or not token:
        raise GraphError("Meta exchanged the code for nothing")
    return SecretStr(token)
