"""Faults: answers that are wrong, broken, late or absent."""
