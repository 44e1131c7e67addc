"""A process that publishes what is due and may be killed at any moment: `python child.py`, its facts as JSON on stdin."""

import asyncio
import json
import sys
from datetime import datetime
from pathlib import Path

from pydantic import SecretStr

from sophia.config import Settings
from sophia.database.engine import Database
from sophia.meta.client import GraphClient
from sophia.publishing.sending import Publisher
from sophia.vault import Vault


async def main() -> None:
    given = json.load(sys.stdin)
    moment = datetime.fromisoformat(given["now"])
    settings = Settings(_env_file=None, data_dir=Path("unused"))  # type: ignore[call-arg]
    database = Database(given["database_url"])
    secret = SecretStr(given["app_secret"])
    base = given["base_url"]
    async with GraphClient(base, "v22.0", lambda: moment, app_secret=secret, upload_url=base) as client:
        publisher = Publisher(database, Vault([given["key"]]), client, settings, lambda: moment)
        await publisher.publish_due()
    database.close()


if __name__ == "__main__":
    asyncio.run(main())
