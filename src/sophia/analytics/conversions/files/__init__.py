"""Files of conversions that others export (Google Analytics, Shopify, own ones): read, checked row by row, recorded."""

from sophia.analytics.conversions.files.reading import Reading
from sophia.analytics.conversions.files.recording import BadRow, ImportReport, import_conversions

__all__ = ["BadRow", "ImportReport", "Reading", "import_conversions"]
