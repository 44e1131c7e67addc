"""Sophia: what social posts did for an agency's clients, and who decided it, the platform or people."""
