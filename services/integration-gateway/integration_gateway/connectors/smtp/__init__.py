"""E-mail over a company's own mail server."""
