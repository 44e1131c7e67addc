"""Numbers, tables and charts as people see them, in five languages: for pages, documents and mails."""
