"""Carries questions to hosts that the guarantor configured: TLS checked, no redirects, bounded in bytes and time.

Connections end in time whatever comes (sigill.client.timely). What may be asked twice is tried again after a pause, or
after the time that the host names, while the time for the whole question allows.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from typing import Final
from urllib.parse import urlsplit

import urllib3

from registry.asking.exchange import Answered, NoAnswer, Question, read_bounded
from sigill.client.http import parse_retry_after
from sigill.client.retry import Patience
from sigill.client.timely import make_pool

_AGENT: Final = "sigill-registry"
_CONNECT_S: Final = 5.0
_LEAST_S: Final = 0.05  # a try with less time left is not begun
_TRY_AGAIN: Final = frozenset({429, 500, 502, 503, 504})
_MAY_PASS: Final = frozenset({"timeout", "refused", "unknown_host", "broken"})
_PORTS: Final = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How long and how often: seconds for a whole question and for one of its tries, and how many tries at most.

    Looking a name up is the operating system's and counts, but cannot be cut short.
    """

    whole_s: float = 20.0
    try_s: float = 8.0
    tries: int = 3


class ConfiguredFetch:
    """A `Fetch` to some origins (`https://data.brreg.no`) and no others. Threads may share it.

    A GET is tried again; a POST only where `posts_may_repeat`, as with VIES, whose POST changes nothing. `patience`
    gives the pauses, the clock and the sleep.
    """

    def __init__(
        self,
        origins: Iterable[str],
        *,
        limits: Limits | None = None,
        posts_may_repeat: bool = False,
        ca_file: str | None = None,
        patience: Patience | None = None,
    ) -> None:
        self._origins = frozenset(_origin(origin) for origin in origins)
        self._limits = limits or Limits()
        self._posts_may_repeat = posts_may_repeat
        self._pool = make_pool(ca_file, connections=2)
        self._patience = patience or Patience(first_s=0.5, longest_s=5.0)

    def __call__(self, question: Question) -> Answered:
        """Return the answer, whatever its status, the last one where all tries were turned away. Raises NoAnswer."""
        self._check_asked_of(question)
        tries = self._limits.tries if question.body is None or self._posts_may_repeat else 1
        deadline_s = self._patience.now_s() + self._limits.whole_s
        for turn in count(1):  # pragma: no branch - it has no end
            answered, failure = self._try(question, until_s=deadline_s)
            may_pass = answered.status in _TRY_AGAIN if answered else failure is not None and failure.code in _MAY_PASS
            pause_s = self._pause_s(turn, answered)
            too_late = self._patience.now_s() + pause_s + _LEAST_S > deadline_s
            if not may_pass or turn >= tries or too_late:
                break
            self._patience.sleep(pause_s)
        if answered is None:
            raise failure or NoAnswer("broken", "Nothing came.")
        return answered

    def close(self) -> None:
        """Close the connections kept open."""
        self._pool.clear()

    def _check_asked_of(self, question: Question) -> None:
        try:
            known = _origin(question.url) in self._origins
        except ValueError:
            known = False
        if not known:
            raise NoAnswer("refused", "Only hosts that the guarantor has configured are asked.")

    def _pause_s(self, turn: int, answered: Answered | None) -> float:
        named = None if answered is None else answered.headers.get("retry-after")
        return self._patience.pause_s(turn - 1, retry_after=parse_retry_after(named, now=datetime.now(UTC)))

    def _try(self, question: Question, *, until_s: float) -> tuple[Answered | None, NoAnswer | None]:
        within_s = min(self._limits.try_s, max(until_s - self._patience.now_s(), _LEAST_S))
        try:
            return self._ask(question, within_s=within_s), None
        except NoAnswer as failure:
            return None, failure
        except (urllib3.exceptions.HTTPError, OSError, ValueError) as error:  # ValueError: what http.client cannot read
            return None, _tell(error)

    def _ask(self, question: Question, *, within_s: float) -> Answered:
        response = self._pool.request(
            "GET" if question.body is None else "POST",
            question.url,
            body=question.body,
            headers={"User-Agent": _AGENT, "Accept-Encoding": "identity", **question.headers},
            timeout=urllib3.Timeout(connect=min(_CONNECT_S, within_s), read=within_s),
            redirect=False,
            preload_content=False,
            decode_content=False,
        )
        try:
            body = read_bounded(
                response,
                most_bytes=question.most_bytes,
                says=f"Its answer is longer than {question.most_bytes} bytes.",
            )
        except BaseException:
            response.close()
            raise
        response.release_conn()
        return Answered(
            url=question.url,
            status=response.status,
            headers={name.lower(): value for name, value in response.headers.items()},
            body=body,
        )


Clock = Callable[[], datetime]


def _origin(url: str) -> tuple[str, str, int]:
    """Return scheme, host and port. Raises ValueError for what is no web address without a user's name."""
    parts = urlsplit(url)
    if parts.scheme not in _PORTS or not parts.hostname or "@" in parts.netloc:
        raise ValueError("no address of a web server")
    return parts.scheme, parts.hostname, parts.port or _PORTS[parts.scheme]


def _tell(error: Exception) -> NoAnswer:
    match error:
        case urllib3.exceptions.NameResolutionError():
            return NoAnswer("unknown_host", "Its name leads to no address.")
        case urllib3.exceptions.SSLError():
            return NoAnswer("tls", "It did not prove who it is (TLS).")
        case urllib3.exceptions.NewConnectionError():
            return NoAnswer("refused", "It takes no connections.")
        case urllib3.exceptions.TimeoutError() | TimeoutError():
            return NoAnswer("timeout", "It did not answer in time.")
        case _:
            return NoAnswer("broken", "Its answer broke off or cannot be read.")
