"""Approvals: definitions as data, instances that run them, tasks people decide."""
