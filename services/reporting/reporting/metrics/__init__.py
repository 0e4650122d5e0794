"""Metrics as data: what they are, which ship, how their formulas are read."""
