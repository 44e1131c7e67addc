"""Everything that can go wrong in Sophia's own words; knows no web and no database.

The message of an error is what a user reads: it says what happened and what to do. HTTP statuses and exit codes are
chosen at the edge, from the class.
"""


class SophiaError(Exception):
    """Something went wrong that we foresaw."""


class ConfigurationError(SophiaError):
    """A setting is missing or wrong; the message names it."""


class InvalidInputError(SophiaError):
    """What was given cannot be used; the message says which value and what would do."""


class NotFoundError(SophiaError):
    """What was asked for does not exist, or is not yours to see."""


class ConflictError(SophiaError):
    """What was asked for contradicts what is stored already."""


class StoreError(SophiaError):
    """The database cannot be used as it is; the message says what to do."""


class BusyError(SophiaError):
    """Somebody else holds what was asked for; try again later."""
