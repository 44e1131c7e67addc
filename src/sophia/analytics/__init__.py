"""Measures what the platforms report: classified, stored, computed, shown."""
