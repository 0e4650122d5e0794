"""gunicorn's configuration (`--config python:chassis.serving`): begin the background work after the fork, end it at exit."""

import gc
from typing import Any

from chassis import clock, logs, web


def pre_fork(_server: Any, _worker: Any) -> None:
    """What was loaded before the fork stays shared: the collector must not write into it."""
    gc.collect()
    gc.freeze()


def post_worker_init(worker: Any) -> None:
    """The worker has loaded the app and is about to serve."""
    settings = worker.wsgi.extensions["crm"].settings
    logs.configure(settings)
    clock.begin(settings.clock_offset, settings.clock_offset_file)
    web.start(worker.wsgi)


def worker_exit(_server: Any, worker: Any) -> None:
    """The worker has answered what it had in hand."""
    if getattr(worker, "wsgi", None) is not None:
        web.stop(worker.wsgi)
