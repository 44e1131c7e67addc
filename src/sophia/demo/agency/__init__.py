"""The invented agency, a user of Sophia."""
