"""Idempotency keys at the edge: which key a request carries, and that no two run at once with the same one."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flask import g, request

from api.current import world
from signing.repeats import RepeatKey, parse_key

HEADER = "Idempotency-Key"


@contextmanager
def repeat_key(route: str, operator_id: str) -> Iterator[RepeatKey | None]:
    """Give the key of this request, or None for one without; nobody else in this process works on it meanwhile.

    Call it after the body was read. Raises KeyMalformed, KeyRunning.
    """
    text = request.headers.get(HEADER)
    if text is None:
        yield None
        return
    body: Any = g.get("sigill_body", b"")
    key = RepeatKey(operator_id, route, parse_key(text), body)
    with world().running_keys.running(key.mac(world=world().signing)):
        yield key
