"""Erasing a person's data in every service: what holds it, finding it, removing it, and saying that it was done."""
