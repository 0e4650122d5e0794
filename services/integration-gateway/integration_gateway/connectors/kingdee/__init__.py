"""Kingdee K3Cloud: signed Open API calls, documents written once, payments and shipments read back."""
