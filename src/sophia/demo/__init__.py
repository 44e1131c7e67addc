"""A simulated Meta with the truth inside, and the invented agency that uses it."""
