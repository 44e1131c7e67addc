"""Talks to Meta: what Sophia can request, how it requests it, and what the answers mean."""
