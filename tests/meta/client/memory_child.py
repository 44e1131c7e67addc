"""Collects one account from the server at argv[1] into a store in the folder argv[2]; prints its peak memory as JSON."""

import asyncio
import json
import resource
import sys
from datetime import UTC, datetime
from pathlib import Path

import stamina
from cryptography.fernet import Fernet
from pydantic import SecretStr

from sophia.analytics.collector.plan import Plan
from sophia.analytics.collector.portfolio import Collector
from sophia.config import Settings
from sophia.database.engine import Database
from sophia.meta.client import GraphClient
from sophia.migrations import upgrade
from sophia.portfolio.models import Account, Client
from sophia.vault import Vault

NOW = datetime(2026, 11, 20, 15, tzinfo=UTC)


def main(base_url: str, folder: Path) -> None:
    database = Database(f"sqlite:///{folder / 'memory.db'}")
    upgrade(database)
    vault = Vault([Fernet.generate_key().decode()])
    with database.write() as session:
        client = Client(name="Bakery", slug="bakery", timezone="UTC", created_at=NOW)
        session.add(client)
        session.flush()
        account = Account(
            client_id=client.id,
            platform="instagram",
            external_id="17841400000000001",
            name="Bakery",
            token_encrypted=vault.encrypt(SecretStr("EAAtoken")),
            token_scopes=["instagram_basic", "instagram_manage_insights"],
            connected_at=NOW,
        )
        session.add(account)
        session.flush()
        account_id = account.id

    async def collect() -> dict[str, object]:
        settings = Settings(_env_file=None, data_dir=folder, initial_days=2)  # type: ignore[call-arg]
        async with GraphClient(base_url, "v22.0", lambda: NOW, timeout_seconds=20.0) as client:
            collector = Collector(database, vault, client, settings, lambda: NOW)
            (outcome,) = await collector.collect([account_id], Plan())
        return {"status": outcome.status, "calls": outcome.calls, "problems": str(outcome.problems)[:500]}

    with stamina.set_testing(testing=True, attempts=4, cap=True):  # as many attempts, without the waits between them
        told = asyncio.run(collect())
    told["rss_megabytes"] = peak_megabytes()
    sys.stdout.write(json.dumps(told) + "\n")


def peak_megabytes() -> int:
    """The most memory that this process has had. On Linux getrusage also counts its parent's, from before the exec."""
    status = Path("/proc/self/status")
    if status.exists():
        (line,) = [line for line in status.read_text().splitlines() if line.startswith("VmHWM:")]
        return int(line.split()[1]) // 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // (1024 * 1024)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
