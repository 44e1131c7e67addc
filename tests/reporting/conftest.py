"""The invented agency of the pages' tests, for documents of its clients."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest
from tests.conftest import NOW
from tests.dashboard.conftest import Agencies, agencies, furnished, template

from sophia.display.charts.drawing import ChartDrawer
from sophia.reporting.gathering import DocumentMaker

__all__ = ["agencies", "furnished", "template"]
MakerAt = Callable[..., DocumentMaker]


@pytest.fixture
def maker_at(agencies: Agencies, chart_drawer: ChartDrawer, tmp_path: Path) -> MakerAt:
    """A function that returns what makes the documents of the agency at a moment."""

    def make(now: datetime = NOW) -> DocumentMaker:
        return DocumentMaker(agencies.database, chart_drawer, tmp_path, now)

    return make
