"""A process that is killed while a service receives its message."""

import os
import signal
import subprocess
import sys

from cryptography.fernet import Fernet
from tests.alerts.conftest import Hook, World
from tests.alerts.test_sending import DEAD, collected, kill_token, revive_token, statuses
from tests.conftest import ON_SQLITE

from sophia.vault import Vault

SENDER = """
import asyncio, os, sys
from datetime import datetime
from sophia.alerts.sending import send_alerts
from sophia.analytics import models
from sophia.config import IsolatedSettings
from sophia.database.engine import Database
from sophia.vault import Vault

store, now = sys.argv[1:]
database = Database(f"sqlite:///{store}")
vault, settings = Vault([os.environ["SOPHIA_TEST_KEY"]]), IsolatedSettings()
asyncio.run(send_alerts(database, vault, settings, lambda: datetime.fromisoformat(now)))
"""


@ON_SQLITE
def test_a_process_killed_between_sending_and_noting_sends_nothing_twice(world: World, hook: Hook) -> None:
    """`kill -9` as soon as the service has the message: it arrived, and the next process does not know that."""
    key = Fernet.generate_key().decode()
    world.vault = Vault([key])
    account = collected(world)
    world.route(hook.address)
    kill_token(world, account)
    world.look()
    arguments = (str(world.database.path), world.now.isoformat())
    process = subprocess.Popen([sys.executable, "-c", SENDER, *arguments], env=os.environ | {"SOPHIA_TEST_KEY": key})
    hook.on_post = lambda: os.kill(process.pid, signal.SIGKILL)
    assert process.wait(timeout=60) == -signal.SIGKILL
    hook.on_post = lambda: None
    assert statuses(world) == [("began", "reserved", 1)]
    world.run(minutes=10)
    assert hook.titles == [DEAD]
    revive_token(world, account)
    world.run(minutes=1)
    assert hook.titles == [DEAD, f"Ended: {DEAD}"]
