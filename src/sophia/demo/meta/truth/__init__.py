"""The true figures of each account and post."""
