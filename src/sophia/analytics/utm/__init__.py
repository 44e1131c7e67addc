"""Tags links in copy with the post that contains them. All functions are pure functions of text."""

from sophia.analytics.utm.tagging import build_utm_url, inject_utm_into_copy, tag_copy

__all__ = ["build_utm_url", "inject_utm_into_copy", "tag_copy"]
