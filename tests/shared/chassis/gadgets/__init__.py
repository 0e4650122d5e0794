"""A tiny service that stands for any: one record, its routes, its event."""
