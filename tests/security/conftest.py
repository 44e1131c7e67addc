"""Commands in a folder of their own, as the tests of the command line have them."""

from tests.cli.conftest import shell, world

__all__ = ["shell", "world"]
