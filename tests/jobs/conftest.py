"""The agency of the portfolio's tests, and a store for each test."""

import pytest
from tests.conftest import ON_POSTGRESQL_BY_HAND, store_of
from tests.meta.conftest import meta
from tests.portfolio.conftest import agency

from sophia.database.engine import Database

__all__ = ["agency", "meta"]


@pytest.fixture(params=ON_POSTGRESQL_BY_HAND)
def database(request: pytest.FixtureRequest) -> Database:
    """On PostgreSQL by hand, `pytest tests/jobs -m campaign`, but for what says that it wants both."""
    return store_of(request)
