"""The errors of Sophia, independent of web and database.

Users read the message of an error: it says what happened and what to do. The API and the commands choose status and exit
code by the class.
"""


class SophiaError(Exception):
    """An expected failure."""


class ConfigurationError(SophiaError):
    """A setting is missing or wrong; the message names it."""


class InvalidInputError(SophiaError):
    """An input is not valid; the message names the value and what is allowed."""


class NotFoundError(SophiaError):
    """The requested object does not exist, or the viewer may not see it."""


class ConflictError(SophiaError):
    """The request contradicts stored data."""


class StoreError(SophiaError):
    """The database cannot be used; the message says what to do."""


class BusyError(SophiaError):
    """Another process uses the requested object; try again later."""
