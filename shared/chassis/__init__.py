"""Plumbing every service stands on; knows no business word."""
