"""The web shell every service's pages stand on: layout, patterns, assets and texts. docs/console.md is its reference."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from flask import Flask


def register(app: "Flask", service: Any) -> None:
    """Let `app` render console pages: `on_start=[lambda app: console.register(app, SERVICE)]`."""
    from console.shell import register as put_on  # later, so that `python -m console.assets` needs no app

    put_on(app, service)
