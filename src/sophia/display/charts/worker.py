"""The part of drawing that runs in worker processes. It imports nothing of Sophia, so that a process starts quickly."""

import json


def draw(specification: str) -> str:
    """Return the SVG of a Vega-Lite specification, which is given as JSON."""
    import vl_convert  # noqa: PLC0415 - only worker processes need it

    locale = json.loads(specification).get("usermeta", {}).get("locale")
    svg: str = vl_convert.vegalite_to_svg(specification, format_locale=locale, time_format_locale=locale)
    return svg
