"""The part of drawing that runs in worker processes. It imports nothing of Sophia, so that a process starts quickly."""

import json
import os
from multiprocessing import parent_process
from threading import Thread


def draw(specification: str) -> str:
    """Return the SVG of a Vega-Lite specification, which is given as JSON."""
    import vl_convert  # noqa: PLC0415 - only worker processes need it

    locale = json.loads(specification).get("usermeta", {}).get("locale")
    svg: str = vl_convert.vegalite_to_svg(specification, format_locale=locale, time_format_locale=locale)
    return svg


def exit_with_parent() -> None:
    """End this process as soon as the server ends, also when the server is killed and cannot stop its workers."""
    Thread(target=_wait_for_end, daemon=True).start()


def _wait_for_end() -> None:
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(0)
