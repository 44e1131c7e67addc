"""The roles of API keys, each of which includes the earlier ones."""

from enum import StrEnum


class Role(StrEnum):
    """What a key may do with the clients that it sees.

    READ reads. WRITE also changes what is recorded about clients: conversions, costs, goals, annotations,
    campaigns, drafts. PUBLISH also approves and rejects drafts and manages the publishing queue. ADMIN also changes the
    clients themselves and, with a key for every client, what concerns the whole portfolio.
    """

    READ = "read"
    WRITE = "write"
    PUBLISH = "publish"
    ADMIN = "admin"

    def includes(self, other: "Role") -> bool:
        """Return whether a key with this role may do what `other` allows."""
        order = tuple(Role)
        return order.index(self) >= order.index(other)
