"""What is measured: clients, their accounts, drafts, posts and the publishing queue."""
