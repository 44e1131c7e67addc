"""The answers of objects and their edges."""
