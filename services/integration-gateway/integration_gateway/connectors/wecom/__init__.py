"""WeCom: server API, callbacks, messages with buttons, contacts."""
