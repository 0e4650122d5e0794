"""Figures: facts projected from every service's events, metrics as data, dashboards, exports."""
