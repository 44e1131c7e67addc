"""Whom we measure: clients, their accounts, drafts, posts and the publishing queue."""
