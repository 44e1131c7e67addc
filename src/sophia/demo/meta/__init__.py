"""The simulated Meta: its world, the true figures, and how the Graph API shows them."""
