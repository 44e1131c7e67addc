"""Files of conversions that others export (Google Analytics, Shopify, one's own): read, checked row by row, recorded."""

from sophia.analytics.conversion_files.recording import BadRow, ImportReport, import_conversions
from sophia.analytics.conversion_files.rows import Reading

__all__ = ["BadRow", "ImportReport", "Reading", "import_conversions"]
