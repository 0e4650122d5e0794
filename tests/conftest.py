"""Fixtures for every test: databases, clients, people, clock, broker."""

pytest_plugins = ["chassis.testing"]
