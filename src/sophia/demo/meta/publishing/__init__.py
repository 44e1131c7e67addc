"""Publishing on Pages and Instagram accounts."""
