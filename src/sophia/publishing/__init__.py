"""From an approved draft to a post, exactly once."""
