"""Measurements anyone can repeat: `./crm bench`."""
