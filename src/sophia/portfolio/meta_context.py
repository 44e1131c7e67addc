"""What every piece of work with Meta needs; built once by the commands and passed down."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sophia.config import Settings
from sophia.database.engine import Database
from sophia.meta.client import GraphClient
from sophia.vault import Vault


@dataclass(frozen=True, slots=True)
class MetaContext:
    """The store, the keys of the tokens, the client of Meta's API, the settings and a clock of aware moments in UTC."""

    database: Database
    vault: Vault
    client: GraphClient
    settings: Settings
    clock: Callable[[], datetime]
