"""Who may see what, and how the web asks: API keys, the dependencies that check them, problems and headers."""

from sophia.access.keys import (
    PREFIX,
    ApiKey,
    ApiKeyClient,
    Viewer,
    change_role,
    create_key,
    digest,
    identify,
    list_keys,
    revoke_key,
)
from sophia.access.roles import Role

__all__ = [
    "PREFIX",
    "ApiKey",
    "ApiKeyClient",
    "Role",
    "Viewer",
    "change_role",
    "create_key",
    "digest",
    "identify",
    "list_keys",
    "revoke_key",
]
