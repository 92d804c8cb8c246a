"""What is measured of the running service, for whoever runs it (https://prometheus.io/docs/practices/naming/).

Nothing here names or counts an operator: in a small deployment the industry alone would tell who it is, and what a
competitor seals a day is nobody's business. Every label has few values, all of them known beforehand.

With PROMETHEUS_MULTIPROC_DIR in the environment when this module is first imported, every process writes into that
folder and any of them answers for all; without it, a process answers for itself. One request costs two counts in
memory, a commit eight, shared by all that are in it.
"""

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from flask import Flask
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.values import MutexValue, ValueClass
from werkzeug.wsgi import ClosingIterator

if TYPE_CHECKING:
    from collections.abc import Iterable
    from wsgiref.types import StartResponse, WSGIEnvironment

_REQUEST_S: Final = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
_COMMIT_S: Final = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0)
_LEAVES: Final = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024)
_METHODS: Final = frozenset(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
_NO_ROUTE: Final = "none"

disable_created_metrics()  # type: ignore[no-untyped-call]  # one more number per series, which no query needs


@dataclass(frozen=True, slots=True, kw_only=True)
class _Meters:
    """Every meter, as it is named to Prometheus."""

    requests: Histogram
    problems: Counter
    replays: Counter
    commits: Histogram
    leaves: Histogram
    waits: Histogram
    waiting: Gauge
    refused: Counter
    line_waits: Histogram
    limited: Counter
    uncounted: Counter


class Metrics:
    """The meters of one app. Threads may share it. It is the `CommitObserver` of the app's log; `line` of its line."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._meters = _make_meters(self._registry)
        self._timed: dict[tuple[str, str, str], Histogram] = {}
        self._in_log = 0
        self._in_line = 0
        self._shown_waiting = 0
        self.line = _LineMeters(self)

    def text(self) -> bytes:
        """Return everything in Prometheus's text format 0.0.4, of all processes where they share a folder."""
        if ValueClass is MutexValue:
            return generate_latest(self._registry)
        registry = CollectorRegistry()
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
        return generate_latest(registry)

    def watch(self, app: Flask, *, replayed: str) -> None:
        """Time every request of `app`; a streamed answer until its last byte is handed over or the client left.

        `replayed` is the header of answers given again. A layer around the application: hooks inside it would cost as
        much again as all the counting.
        """
        inner = app.wsgi_app

        def timed(environ: "WSGIEnvironment", start_response: "StartResponse") -> "Iterable[bytes]":
            begun_s = time.perf_counter()
            timer: Histogram
            is_whole: bool

            def start(status: str, headers: list[tuple[str, str]], *error: Any) -> Any:  # noqa: ANN401 - WSGI's
                nonlocal timer, is_whole
                names = {name for name, _ in headers}
                is_whole = "Content-Length" in names
                if replayed in names:
                    self._meters.replays.inc()
                timer = self._timer(environ, status[0])  # only now: the request is gone when `inner` returns
                return start_response(status, headers, *error)

            parts = inner(environ, start)
            if not is_whole:
                return ClosingIterator(parts, lambda: timer.observe(time.perf_counter() - begun_s))
            timer.observe(time.perf_counter() - begun_s)
            return parts

        app.wsgi_app = timed  # type: ignore[method-assign]  # Flask's documented way to add a layer

    def problem(self, slug: str) -> None:
        """Count a problem that was answered; of a batch, each item's."""
        self._meters.problems.labels(slug).inc()

    def committed(self, leaves: int, waited_s: float, took_s: float) -> None:
        """Count a commit of so many leaves; its first request waited so long, and the transaction took so long."""
        self._meters.commits.observe(took_s)
        self._meters.leaves.observe(leaves)
        self._meters.waits.observe(waited_s)

    def refused(self, reason: str) -> None:
        """Count a request that was not taken into the queue. `reason` is one of a few fixed words."""
        self._meters.refused.labels(reason).inc()

    def limited(self, quota: str) -> None:
        """Count a request that was refused by a quota, or slowed down for guessing."""
        self._meters.limited.labels(quota).inc()

    def limits_uncounted(self, store: str) -> None:
        """Count what the limits' `server` or `table` did not count."""
        self._meters.uncounted.labels(store).inc()

    def waiting(self, count: int) -> None:
        """Note how many requests wait for a commit now."""
        self._in_log = count
        self._show_waiting()

    def waited_in_line(self, waited_s: float) -> None:
        """Count messages that were sealed together; the first of them had waited so long."""
        self._meters.line_waits.observe(waited_s)

    def waiting_in_line(self, count: int) -> None:
        """Note how many messages wait to be sealed now."""
        self._in_line = count
        self._show_waiting()

    def _show_waiting(self) -> None:
        """Show all that wait. One alone, which goes on at once, is not worth a write."""
        count = self._in_log + self._in_line
        shown = 0 if count <= 1 else count
        if shown != self._shown_waiting:
            self._shown_waiting = shown
            self._meters.waiting.set(shown)

    def _timer(self, environ: "WSGIEnvironment", status_class: str) -> Histogram:
        asked = environ.get("werkzeug.request")  # the request, put there by itself
        rule = None if asked is None else asked.url_rule
        route = _NO_ROUTE if rule is None else rule.rule
        method = environ["REQUEST_METHOD"]
        key = (route, method if method in _METHODS else "other", f"{status_class}xx")
        timer = self._timed.get(key)
        if timer is None:  # twice at once gives the same child
            timer = self._timed[key] = self._meters.requests.labels(*key)
        return timer


class _LineMeters:
    """Counts what waits to be sealed together, in the same meters."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics

    def committed(self, _messages: int, waited_s: float, _took_s: float) -> None:
        """Count a group; the commits in it are counted by the log."""
        self._metrics.waited_in_line(waited_s)

    def refused(self, reason: str) -> None:
        """Count a message that was not taken."""
        self._metrics.refused(reason)

    def waiting(self, count: int) -> None:
        """Note how many wait."""
        self._metrics.waiting_in_line(count)


def _make_meters(registry: CollectorRegistry) -> _Meters:
    return _Meters(
        requests=Histogram(
            "sigill_http_request_duration_seconds",
            "Time from a request's head to its answer's last byte, by route as in the API's description",
            ("route", "method", "status"),
            buckets=_REQUEST_S,
            registry=registry,
        ),
        problems=Counter(
            "sigill_problems_total",
            "Problems answered, by the last part of their type; each item of a batch counts",
            ("problem",),
            registry=registry,
        ),
        replays=Counter(
            "sigill_idempotent_replays_total",
            "Requests answered again from an idempotency key",
            registry=registry,
        ),
        commits=Histogram(
            "sigill_log_commit_duration_seconds",
            "Time that a transaction of the log took; its count is the number of transactions",
            buckets=_COMMIT_S,
            registry=registry,
        ),
        leaves=Histogram(
            "sigill_log_commit_leaves",
            "Leaves asked for in one transaction of the log; its sum is the number of all",
            buckets=_LEAVES,
            registry=registry,
        ),
        waits=Histogram(
            "sigill_log_commit_wait_seconds",
            "Time that the first request of a transaction of the log had waited for it to begin",
            buckets=_COMMIT_S,
            registry=registry,
        ),
        waiting=Gauge(
            "sigill_log_requests_waiting",
            "Requests that wait to be sealed and committed now; one alone does not wait",
            multiprocess_mode="livesum",
            registry=registry,
        ),
        refused=Counter(
            "sigill_log_requests_refused_total",
            "Requests that were refused because too many waited, by reason",
            ("reason",),
            registry=registry,
        ),
        line_waits=Histogram(
            "sigill_line_wait_seconds",
            "Time that the first of the messages sealed together had waited; its count is the number of such groups",
            buckets=_COMMIT_S,
            registry=registry,
        ),
        limited=_make_limited(registry),
        uncounted=_make_uncounted(registry),
    )


def _make_limited(registry: CollectorRegistry) -> Counter:
    return Counter(
        "sigill_limited_total",
        "Requests refused by a rate limit, by its name; `guessing` are those slowed down after wrong keys or codes",
        ("limit",),
        registry=registry,
    )


def _make_uncounted(registry: CollectorRegistry) -> Counter:
    return Counter(
        "sigill_limits_uncounted_total",
        "Counts that the limits' server (Redis, Valkey) or this machine's table did not take",
        ("store",),
        registry=registry,
    )
