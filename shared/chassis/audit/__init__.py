"""The audit trail: seals and anchors over the event log, proof that nothing in it was changed, and reading it."""
