"""The Graph API in general: requests, fields, versions, tokens, rules, limits and errors."""
