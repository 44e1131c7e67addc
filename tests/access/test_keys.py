"""API keys: shown once, recognised, limited, revoked."""

import pytest
from tests.conftest import NOW, Filling

from sophia.access.keys import ApiKey, change_role, create_key, identify, revoke_key
from sophia.access.roles import Role
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


def test_roles_include_the_earlier_ones(filling: Filling) -> None:
    """L16: each role with all that come before it; a new key can only read, and a viewer has the role that is stored."""
    order = ["read", "write", "publish", "admin"]
    for number, name in enumerate(order):
        assert [other for other in order if Role(name).includes(Role(other))] == order[: number + 1]
    with filling.database.write() as session:
        key = create_key(session, "new", None, NOW)
        viewer = identify(session, key)
        assert viewer is not None
        assert (viewer.role, change_role(session, "new", Role.PUBLISH)) == (Role.READ, Role.READ)
    with filling.database.read() as session:
        viewer = identify(session, key)
        assert viewer is not None
        assert viewer.role is Role.PUBLISH
        with pytest.raises(NotFoundError):
            change_role(session, "nobody", Role.ADMIN)
