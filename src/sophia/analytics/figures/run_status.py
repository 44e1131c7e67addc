"""The states and results of a run, in a module of its own, so that `sophia status` need not import the web framework."""

from typing import Literal

RunStatus = Literal["running", "ok", "partial", "throttled", "needs_reconnect", "failed"]
