"""Where counts are kept: in Redis or Valkey while it answers, else in the machine's own table; and never in the way.

A server that is down costs one request at most a tenth of a second, and then nobody anything for a while: it is left
alone for a second, and twice as long after each further failure, up to half a minute. Where even the table fails,
everything is allowed: a limit that cannot be counted never stops a bank from answering its customers.
"""

import logging
import time
from collections.abc import Callable
from typing import Any, Final, Protocol

from limits.storage import Storage
from limits.storage.redis import RedisStorage
from redis import RedisError
from redis.backoff import NoBackoff
from redis.retry import Retry

from limiting.table import TableStorage

ANSWER_S: Final = 0.05  # connecting takes as long at most, and then answering
_FIRST_PAUSE_S: Final = 1.0
_LONGEST_PAUSE_S: Final = 30.0
_SAID_EVERY_S: Final = 60.0
_LOGGER: Final = logging.getLogger("sigill.limits")


class LimitsObserver(Protocol):
    """Who is told what the limits do."""

    def limited(self, quota: str) -> None:
        """Note a request that was refused by a quota, or slowed down for guessing."""

    def limits_uncounted(self, store: str) -> None:
        """Note a count that the `server` or the `table` did not take."""


def open_server(url: str) -> Storage:
    """Return the counts of a Redis or Valkey server; nothing is connected yet. Raises ValueError for a bad URL."""
    scheme, _, rest = url.partition("://")
    scheme = {"valkey": "redis", "valkeys": "rediss"}.get(scheme, scheme)  # they speak the same language
    options: dict[str, Any] = {
        "socket_timeout": ANSWER_S,
        "socket_connect_timeout": ANSWER_S,
        "retry": Retry(NoBackoff(), 0),
        "health_check_interval": 0,
    }
    return RedisStorage(f"{scheme}://{rest}", key_prefix="sigill", **options)


class Counters:
    """Counts that always answer. Threads may share it."""

    def __init__(
        self,
        table: TableStorage,
        *,
        server: Storage | None = None,
        observer: LimitsObserver,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._table = table
        self._server = server
        self._observer = observer
        self._monotonic = monotonic
        self._pause_s = 0.0
        self._not_before_s = 0.0
        self._said_s = float("-inf")

    def add(self, key: str, *, lasts_s: int, amount: int = 1) -> int | None:
        """Add to a count that begins at 0 and lasts `lasts_s`; return it, None where nobody could count."""
        added: int | None = self._ask(lambda store: store.incr(key, lasts_s, amount))
        return added

    def left_s(self, key: str) -> float:
        """Return in how many seconds a count runs out; 0 where there is none."""
        left: float | None = self._ask(lambda store: _left_s(store, key))
        return left or 0.0

    def clear(self, key: str) -> None:
        """Forget a count."""
        self._ask(lambda store: store.clear(key))

    def _ask(self, what: Callable[[Storage], Any]) -> Any:  # noqa: ANN401 - what `what` returns
        if self._server is not None and self._monotonic() >= self._not_before_s:
            try:
                answer = what(self._server)
            except (RedisError, OSError, ValueError) as error:
                self._server_failed(error)
            else:
                self._server_answered()
                return answer
        try:
            return what(self._table)
        except OSError as error:
            self._observer.limits_uncounted("table")
            self._say("the limits cannot be counted (%s): everything is let through", type(error).__name__)
            return None

    def _server_failed(self, error: BaseException) -> None:
        self._pause_s = min(self._pause_s * 2 or _FIRST_PAUSE_S, _LONGEST_PAUSE_S)
        self._not_before_s = self._monotonic() + self._pause_s
        self._observer.limits_uncounted("server")
        self._say("the limits' server does not answer (%s): this machine counts for itself", type(error).__name__)

    def _server_answered(self) -> None:
        if self._pause_s:
            self._pause_s = 0.0
            _LOGGER.warning("the limits' server answers again")

    def _say(self, words: str, kind: str) -> None:
        """Log, at most once a minute; never what the error says, which may name the server's password."""
        if self._monotonic() - self._said_s >= _SAID_EVERY_S:
            self._said_s = self._monotonic()
            _LOGGER.warning(words, kind)


def _left_s(store: Storage, key: str) -> float:
    if isinstance(store, TableStorage):
        return store.look(key)[1]
    return max(store.get_expiry(key) - time.time(), 0.0)
