"""Requests the address of an outside watchdog, which reports when the requests stop."""

import httpx
import structlog
from pydantic import SecretStr

from sophia.vault import remember

TIMEOUT_SECONDS = 10.0
log = structlog.get_logger(__name__)


async def send_heartbeat(address: SecretStr, timeout_seconds: float = TIMEOUT_SECONDS) -> bool:
    """Request the address once and return whether its server accepted it. A failure is logged without the address's path."""
    remember(address)
    try:
        url = httpx.URL(address.get_secret_value())
        async with httpx.AsyncClient(timeout=timeout_seconds, follow_redirects=False) as client:
            status = (await client.get(url)).status_code
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        # The text of the error may contain the address.
        log.warning("heartbeat_failed", reason=type(error).__name__)
        return False
    if not httpx.codes.is_success(status):
        log.warning("heartbeat_failed", host=url.host, status=status)
        return False
    return True
