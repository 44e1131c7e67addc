"""The first operator, created by servers that start at the same moment."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from tests.conftest import NOW

from sophia.access.sessions import create_first_sign_in_link, use_sign_in_link
from sophia.access.users import UserRole, create_user, list_users
from sophia.database.engine import Database
from sophia.errors import ConflictError

SERVERS = 6


def test_servers_that_start_together_create_one_operator(database: Database) -> None:
    start = threading.Barrier(SERVERS)

    def start_server(_number: int) -> str:
        start.wait()
        with database.write() as session:
            return create_first_sign_in_link(session, NOW)

    with ThreadPoolExecutor(SERVERS) as pool:
        tokens = list(pool.map(start_server, range(SERVERS)))
    with database.write() as session:
        (operator,) = list_users(session)
        assert [use_sign_in_link(session, token, NOW) for token in tokens] == [operator.id] * SERVERS


def test_a_name_in_use_is_a_conflict(database: Database) -> None:
    with database.write() as session:
        create_user(session, "Ada", UserRole.OPERATOR, (), NOW, None)
        with pytest.raises(ConflictError, match="already a user named 'ADA'"):
            create_user(session, "ADA", UserRole.OPERATOR, (), NOW, None)
