"""The OpenAPI document with titles and required fields, and a page that shows it and sends requests."""
