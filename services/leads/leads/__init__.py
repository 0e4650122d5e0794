"""Leads: capture, duplicates, scoring, assignment, follow-up and conversion."""
