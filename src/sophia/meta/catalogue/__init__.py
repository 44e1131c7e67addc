"""Every metric that Sophia knows: how to request it, what it means, and what drives it. A new metric costs one row."""
