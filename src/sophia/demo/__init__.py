"""A simulated Meta with the truth inside, and an invented agency that lives in it."""
