"""What exists: businesses, their accounts, and what the accounts publish."""
