"""Figures as files: XLSX with native charts, PDF and CSV."""
