"""API keys: shown once, recognised, limited, revoked."""

import pytest
from tests.conftest import NOW, Filling

from sophia.access import ApiKey, identify, revoke_key
from sophia.errors import NotFoundError


def test_a_key_is_recognised_and_not_stored(filling: Filling) -> None:
    """D3: a key opens, and what is stored does not."""
    client = filling.client("Hats")
    key = filling.key(client)
    with filling.database.read() as session:
        viewer = identify(session, key)
        assert viewer is not None
        assert viewer.client_ids == frozenset({client})
        assert viewer.sees(client)
        assert not viewer.sees(client + 1)
        row = session.query(ApiKey).one()
        assert key not in (row.sha256, row.prefix)
        for wrong in ("", "sophia", key[:-1], key + "x", key.replace("sophia", "other"), row.sha256):
            assert identify(session, wrong) is None


def test_a_revoked_key_opens_nothing(filling: Filling) -> None:
    """D5: a key can be taken back at once."""
    key = filling.key(name="agency")
    with filling.database.write() as session:
        revoke_key(session, "agency", NOW)
        with pytest.raises(NotFoundError):
            revoke_key(session, "nobody", NOW)
    with filling.database.read() as session:
        assert identify(session, key) is None
