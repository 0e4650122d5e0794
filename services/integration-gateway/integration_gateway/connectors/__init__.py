"""Outside systems as plug-ins: one folder per system, one contract for all (contract.py)."""
