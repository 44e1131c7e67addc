"""What a job needs, created once at the edge. Jobs themselves carry only a name (D1)."""

import os
import secrets
import socket
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from sophia.analytics.collector.portfolio import Collector
from sophia.config import Settings
from sophia.meta.client import GraphClient
from sophia.portfolio.meta_context import MetaContext


@dataclass(frozen=True, slots=True)
class JobContext(MetaContext):
    """The context of a job. `holder` names this process in the leases of the database."""

    holder: str = field(default_factory=lambda: f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}")

    def collector(self) -> Collector:
        return Collector(self.database, self.vault, self.client, self.settings, self.clock)


def graph_client(settings: Settings, clock: Callable[[], datetime]) -> GraphClient:
    """Return the one client of this process, configured by the settings."""
    return GraphClient(
        settings.graph_base_url,
        settings.graph_api_version,
        clock,
        app_secret=settings.facebook_app_secret,
        timeout_seconds=settings.request_timeout_seconds,
        answer_seconds=settings.answer_timeout_seconds,
        connections=max(64, settings.concurrency * 4),
        upload_url=settings.graph_upload_url,
    )
