"""Assistants: tools of the Model Context Protocol over the functions that the API calls."""
