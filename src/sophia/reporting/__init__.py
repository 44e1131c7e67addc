"""Reports as documents: one value of finished texts in the language of the client, as page, PDF and mail."""
