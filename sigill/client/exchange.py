"""Requests to one service by one caller: with its key or token, tried again while that can help, never done twice."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from sigill.client.answers import read_success
from sigill.client.credentials import Bearer, ask_as
from sigill.client.errors import NotSealable, ServiceUnavailable, UnexpectedAnswer
from sigill.client.http import MAX_ANSWER_BYTES, HttpAnswer, Transport
from sigill.client.retry import Patience, try_again
from sigill.encoding.strict_json import format_canonical_json
from sigill.errors import MalformedEncoding

_GOOD: Final = 200
_JSON: Final = "application/json"
_ACCEPT: Final = f"{_JSON}, application/problem+json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request: its JSON, the status of a good answer, its idempotency key; more time and room where it is long."""

    method: str = "POST"
    path: str
    body: bytes | None = None
    status: int = 200
    key: str | None = None
    more_time_s: float = 0.0
    max_bytes: int = MAX_ANSWER_BYTES


class Exchange:
    """Sends JSON and reads JSON, by the rules of `retry`. Threads may share it.

    What makes or changes something is sent with an idempotency key, the same over all its tries: the service does it
    once and gives the same answer again. Every call raises ServiceUnavailable, UnexpectedAnswer and RequestRefused.
    """

    def __init__(self, transport: Transport, *, bearer: Bearer, patience: Patience) -> None:
        self._transport = transport
        self._bearer = bearer
        self._patience = patience

    def close(self) -> None:
        """Close the connections kept open."""
        self._transport.close()

    def send(self, call: Call) -> Mapping[str, Any]:
        """Make a call, again and again while that can help, and return the members of its answer."""
        try:
            return try_again(lambda: self.once(call), patience=self._patience)
        except ServiceUnavailable as error:
            error.idempotency_key = call.key
            raise

    def once(self, call: Call) -> Mapping[str, Any]:
        """Make a call once."""

        def ask(who: Mapping[str, str]) -> HttpAnswer:
            return self._transport.exchange(
                call.method,
                call.path,
                body=call.body,
                headers={**_headers(call), **who},
                max_bytes=call.max_bytes,
                more_time_s=call.more_time_s,
            )

        return read_success(ask_as(self._bearer, ask), status=call.status)

    def fetch(self, path: str, *, max_bytes: int, media_type: str = _JSON) -> HttpAnswer:
        """Return a public document of that type as it is."""

        def attempt() -> HttpAnswer:
            answer = self._transport.exchange("GET", path, headers={"Accept": media_type}, max_bytes=max_bytes)
            if (answer.status, answer.content_type) == (_GOOD, media_type) and media_type != _JSON:
                return answer
            read_success(answer, status=_GOOD)
            if media_type != _JSON:
                raise UnexpectedAnswer(
                    "The service gave something else than was asked for. Check that the address is the service's."
                )
            return answer

        return try_again(attempt, patience=self._patience)

    @property
    def patience(self) -> Patience:
        """How long the calls are tried."""
        return self._patience


def _headers(call: Call) -> dict[str, str]:
    headers = {"Accept": _ACCEPT}
    if call.body is not None:
        headers["Content-Type"] = _JSON
    if call.key is not None:
        headers["Idempotency-Key"] = call.key
    return headers


def format_body(value: Any) -> bytes:  # noqa: ANN401 - any JSON value
    """Return the bytes of a request's body. Raises NotSealable where JSON cannot hold a value."""
    try:
        return format_canonical_json(value)
    except MalformedEncoding as error:
        raise NotSealable(f"The request cannot be sent: {error}. Change that and try again.") from error
