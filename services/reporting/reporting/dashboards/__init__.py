"""Dashboards as data: tiles that ask questions, the shipped ones, and their figures."""
