"""Charts are drawn in processes of their own, which never outlive the server."""

import os
import re
import signal
import subprocess
import sys
import time
from datetime import date
from pathlib import Path

from tests.conftest import PATIENCE_SECONDS
from tests.dashboard.conftest import Agencies

from sophia.access.users import UserRole
from sophia.display.charts.drawing import DRAWING_SECONDS, ChartDrawer
from sophia.display.charts.specifications import DayPoint, Line, bars, daily_lines

CHILD = """
import sys
from sophia.access.users import UserRole
from sophia.display.charts.drawing import DRAWING_SECONDS, ChartDrawer
from sophia.display.charts.specifications import bars

if __name__ == "__main__":
    drawer = ChartDrawer(1)
    drawer.draw([bars(["a"], [1.0], colour="facebook")])
    print(*drawer._pool._processes, flush=True)
    sys.stdin.read()
"""


def is_running(process_id: int) -> bool:
    """Return whether a process exists and is no zombie."""
    try:
        os.kill(process_id, 0)
        return ") Z " not in Path(f"/proc/{process_id}/stat").read_text()
    except (ProcessLookupError, FileNotFoundError):
        return False


def test_workers_end_with_a_server_that_is_killed(tmp_path: Path) -> None:
    program = tmp_path / "child.py"
    program.write_text(CHILD)
    server = subprocess.Popen(
        [sys.executable, str(program)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )  # fmt: skip
    assert server.stdout is not None
    (worker,) = map(int, server.stdout.readline().split())
    assert is_running(worker)
    server.send_signal(signal.SIGKILL)
    # The worker holds the other end of this pipe, so reading ends when both processes have ended.
    server.communicate(timeout=PATIENCE_SECONDS)
    deadline = time.monotonic() + PATIENCE_SECONDS
    while is_running(worker):
        assert time.monotonic() < deadline, "the worker outlived its server"


def test_a_line_chart_is_drawn_for_phones_too() -> None:
    drawer = ChartDrawer(1)
    try:
        line = Line("Views", "facebook", (DayPoint(date(2026, 11, 9), 1.0), DayPoint(date(2026, 11, 10), 2.0)))
        lines, columns = drawer.draw([daily_lines([line]), bars(["a"], [1.0], colour="facebook")])
    finally:
        drawer.close()
    widths = [float(width) for width in re.findall(r'viewBox="0 0 ([\d.]+)', lines)]
    assert re.findall(r'<svg class="(\w+)"', lines) == ["desktop", "phone"]
    assert widths[0] > 640
    assert widths[1] < 340
    assert columns.count("<svg") == 1


def test_a_killed_worker_is_replaced() -> None:
    drawer = ChartDrawer(1)
    try:
        drawer.draw([bars(["a"], [1.0], colour="facebook")])
        assert drawer._pool is not None
        (worker,) = drawer._pool._processes
        os.kill(worker, signal.SIGKILL)
        assert drawer.draw([bars(["b"], [1.0], colour="facebook")])[0].startswith("<svg ")
    finally:
        drawer.close()


def test_a_page_without_its_drawing_shows_the_table(agencies: Agencies) -> None:
    # The tests' own drawer may have drawn this chart already.
    drawer = agencies.app.state.chart_drawer = ChartDrawer(processes=1)
    drawer.seconds = 0.0
    answer = agencies.browser(UserRole.OPERATOR).get(f"/clients/{agencies.hats}")
    assert (answer.status, answer.page.chart.svg) == (200, "")
    assert "could not be drawn in time" in answer.text
    drawer.seconds = DRAWING_SECONDS
    answer = agencies.browser(UserRole.OPERATOR).get(f"/clients/{agencies.hats}")
    drawer.close()
    assert answer.page.chart.svg.startswith("<svg ")
