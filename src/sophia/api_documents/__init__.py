"""How the API describes itself: a title for each operation, and a page that shows the OpenAPI document and sends requests."""
