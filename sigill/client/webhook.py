"""Telling somebody's service of new faults: one POST of JSON, tried a few times.

{"deployment": "https://sigill.example", "findings": [{"fault": "forked", "log": …, "where": …, "detail": …,
 "since": "2026-11-22T12:00:00+00:00"}], "more": 0}
"""

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from sigill.client.errors import ServiceUnavailable, UnexpectedAnswer
from sigill.client.http import Transport
from sigill.encoding.strict_json import format_canonical_json

MOST_FINDINGS: Final = 100
_TRIES: Final = 3
_PAUSE_S: Final = 1.0
_GOOD: Final = range(200, 300)
_MAX_ANSWER_BYTES: Final = 65_536


class Webhook:
    """An address that is told. It may hold a secret, so it is never shown."""

    def __init__(self, url: str, *, timeout_s: float = 5.0, sleep: Callable[[float], None] = time.sleep) -> None:
        address, mark, query = url.partition("?")
        self._transport = Transport(address, timeout_s=timeout_s)
        self._path = (address[len(self._transport.base_url) :]) + mark + query  # slashes at its end, and the query
        self._sleep = sleep

    def tell(self, deployment: str, findings: Sequence[Mapping[str, Any]]) -> str | None:
        """Tell of the findings, the first hundred in full; return why it could not be done, None if it was."""
        body = format_canonical_json(
            {
                "deployment": deployment,
                "findings": [dict(finding) for finding in findings[:MOST_FINDINGS]],
                "more": max(0, len(findings) - MOST_FINDINGS),
            }
        )
        why = ""
        for turn in range(_TRIES):
            if turn:
                self._sleep(_PAUSE_S * turn)
            try:
                answer = self._transport.exchange(
                    "POST",
                    self._path,
                    body=body,
                    headers={"Content-Type": "application/json"},
                    max_bytes=_MAX_ANSWER_BYTES,
                )
            except (ServiceUnavailable, UnexpectedAnswer) as error:
                why = type(error).__name__
                continue
            if answer.status in _GOOD:
                return None
            why = f"it answers {answer.status}"
        return why
