"""When a version of the Graph API ends, somebody hears of it in time."""

from datetime import date, timedelta
from typing import get_args

import pytest

from sophia.config import GraphVersion, Settings
from sophia.meta.versions import LAST_DAYS, version_warning


@pytest.mark.parametrize(("version", "last"), LAST_DAYS.items())
def test_the_warning_begins_89_days_before_and_does_not_end(version: str, last: date) -> None:
    """B9: a version that ends in less than 90 days is warned about, and one that ended even more."""
    assert version_warning(version, last - timedelta(days=90)) is None
    assert "in 89 days" in str(version_warning(version, last - timedelta(days=89)))
    assert "in 1 day." in str(version_warning(version, last - timedelta(days=1)))
    assert "retired" in str(version_warning(version, last + timedelta(days=1)))


@pytest.mark.parametrize("version", ["v26.0", "v27.0"])
def test_only_the_newest_versions_have_no_known_end(version: str) -> None:
    """B9, L1: v22 to v27 can be chosen; a version that is added to the settings needs a line here."""
    assert set(get_args(GraphVersion)) == {f"v{number}.0" for number in range(22, 28)}
    assert set(get_args(GraphVersion)) - set(LAST_DAYS) == {"v26.0", "v27.0"}
    assert version_warning(version, date(2030, 1, 1)) is None


def test_the_newest_version_is_called_unless_another_is_chosen() -> None:
    """B9, L1: whoever sets nothing calls the version whose end is furthest away."""
    assert Settings.model_fields["graph_api_version"].default == get_args(GraphVersion)[-1] == "v27.0"
