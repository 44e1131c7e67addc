"""API keys and their roles, and what surrounds every request: permissions, limits, problems and headers."""
