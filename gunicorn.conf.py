"""gunicorn's settings: one machine, greenlets for requests, processes for cores.

From the environment: SIGILL_BIND (address to listen on), WEB_CONCURRENCY (worker processes, one a core).
"""

import os
from typing import Any

from running.metrics_files import close_folder, free_slot, take_slot, use_slot
from running.tuning import tune

wsgi_app = "wsgi:app"
bind = os.environ.get("SIGILL_BIND", "127.0.0.1:8000")

# Greenlets, not threads: a request waits for the disk, and threads that wait hand the interpreter back and forth
# (docs/adr/0010-together.md). A slow client holds a connection, and nobody else up.
worker_class = "running.greenlets.Worker"
workers = int(os.environ.get("WEB_CONCURRENCY", "2"))
worker_connections = 400  # of a worker, each with at most one body in memory

# Each worker loads the application itself. Loading it once before the fork would save some memory, but database
# connections, PKCS#11 sessions and threads must not cross a fork, and a reload (SIGHUP) would keep the old code.
preload_app = False

timeout = 30  # seconds without a sign of life from a worker
graceful_timeout = 10  # less than the supervisor's 15, so that it never has to kill
keepalive = 15  # longer than a customer takes to read the first page
max_requests = 200_000  # bounds what a leak could cost
max_requests_jitter = 20_000

# A link with a seal in it is the longest request line; a reverse proxy adds about ten fields.
limit_request_line = 8190
limit_request_fields = 50
limit_request_field_size = 8190

# Who asked what is nobody's business: no access log. Errors go to standard error, without what the client sent.
accesslog = None
errorlog = "-"
loglevel = "info"
logger_class = "running.log.DiscreetLogger"

# The control socket would make a folder in HOME; nothing here uses it.
control_socket_disable = True

# Every worker writes its metrics into a file of its slot's, so that any of them answers /metrics for all.
pre_fork = take_slot
post_fork = use_slot
child_exit = free_slot
on_exit = close_folder


def post_worker_init(_worker: Any) -> None:  # noqa: ANN401 - gunicorn's worker
    """Tune the process when the application is loaded."""
    tune()
