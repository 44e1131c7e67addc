"""Collects accounts: `portfolio` (many accounts), `run` (one account), `plan` (what a run is for)."""
