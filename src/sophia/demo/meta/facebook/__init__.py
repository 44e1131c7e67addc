"""Insights of Facebook Pages, posts, videos and stories."""
