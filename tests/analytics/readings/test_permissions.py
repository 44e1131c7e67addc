"""Which clients a reader may see."""

import pytest
from tests.conftest import Filling

from sophia.analytics.readings.permissions import expect_client
from sophia.errors import NotFoundError


def test_a_client_that_does_not_exist_is_not_found(filling: Filling) -> None:
    """D3, J3: beside other clients too, and with the words for a client that may not be seen."""
    hats, shoes = filling.client("Hats"), filling.client("Shoes")
    with filling.database.read() as session:
        for seen in (None, frozenset({hats})):
            expect_client(session, seen, hats)
            with pytest.raises(NotFoundError, match="There is no client 999"):
                expect_client(session, seen, 999)
        with pytest.raises(NotFoundError, match=f"There is no client {shoes}"):
            expect_client(session, frozenset({hats}), shoes)
        with pytest.raises(NotFoundError, match="There is no client 999"):
            expect_client(session, frozenset({999}), 999)
