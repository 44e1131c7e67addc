"""The API asked at random, shortly; `python -m tests.security.fuzz` does it for long."""

import pytest
from hypothesis.errors import Unsatisfiable
from tests.conftest import ON_SQLITE
from tests.security.fuzz import Fuzz, prepare

from sophia.database.engine import Database


@pytest.fixture
def fuzz(database: Database) -> Fuzz:
    return prepare(database)


# On PostgreSQL by hand: `python -m tests.security.fuzz --database postgresql://…`.
pytestmark = ON_SQLITE


def test_the_document_is_kept_and_nothing_is_a_500(fuzz: Fuzz) -> None:
    """J3, J7, D3: whatever is asked with whatever key, the answer is a good one or a problem, and shows nobody else's."""
    keys = len(fuzz.keys)
    for number, (name, run) in enumerate(fuzz.runs(2)):
        if number % keys != number // keys % keys:
            continue  # each way to ask comes with one key here, the next with the next; with all of them by hand
        try:
            run()
        except Unsatisfiable:
            continue  # there is no wrong way to ask this
        except BaseException as error:
            error.add_note(name)
            raise
    statuses = {line.rsplit(" ", 1)[-1] for line in fuzz.counts}
    assert {"200", "201", "401", "403", "404", "422"} <= statuses


def test_a_cursor_is_never_believed(fuzz: Fuzz) -> None:
    """J3, J6: the one that a page gave leads on; changed by a character it is refused or leads somewhere of one's own."""
    path = f"/api/analytics/{fuzz.mine.ids['client_id']}/metrics"
    link = fuzz.send("client", "GET", f"{path}?limit=1").links["next"]["url"]
    cursor = link.split("cursor=")[1].split("&")[0]
    assert fuzz.send("client", "GET", link).status_code == 200
    for place in range(len(cursor)):
        for letter in "A9_-=%":
            fuzz.send("client", "GET", f"{path}?cursor={cursor[:place]}{letter}{cursor[place + 1 :]}")
    for wrong in (cursor * 50, "", "%00", "%ff%fe", "\ud800".encode("utf-8", "surrogatepass").hex()):
        assert fuzz.send("client", "GET", f"{path}?cursor={wrong}").status_code == 422
