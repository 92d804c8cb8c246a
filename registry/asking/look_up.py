"""The addresses of a host as the system knows them, in bounded time."""

import socket
from collections.abc import Callable, Sequence
from queue import Empty, SimpleQueue
from threading import Thread

LookUp = Callable[[str, float], Sequence[str]]
"""Name and seconds in, addresses as text out. Raises TimeoutError, or OSError where the name has none."""


def look_up_by_system(host: str, within_s: float) -> Sequence[str]:
    """Return the addresses of `host`, each once, in the system's order of preference.

    Raises TimeoutError, and OSError where it has none. The system's own look-up cannot be stopped: it goes on in a
    thread of its own until the system gives up, and nobody waits for it.
    """
    return ask_in_time(_ask_system, host, within_s)


def ask_in_time(ask: Callable[[str], Sequence[str]], host: str, within_s: float) -> Sequence[str]:
    """Return what `ask` says of `host`, or raise what it raises, OSError; TimeoutError where it takes too long."""
    found: SimpleQueue[Sequence[str] | Exception] = SimpleQueue()

    def answer_once() -> None:
        try:
            found.put(ask(host))
        except (OSError, UnicodeError) as error:
            found.put(error)

    Thread(target=answer_once, name="look-up", daemon=True).start()
    try:
        answer = found.get(timeout=within_s)
    except Empty:
        raise TimeoutError("the look-up did not end in time") from None
    if isinstance(answer, Exception):
        raise OSError("the name has no address") from answer
    return answer


def _ask_system(host: str) -> Sequence[str]:
    answers = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return tuple(dict.fromkeys(str(answer[4][0]) for answer in answers))
