"""Backups: consistent copies of databases and files made while everything runs, and putting them back."""
