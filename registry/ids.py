"""The ids of what the registry holds: a prefix that says what it is, and 100 random bits."""

from typing import Final

from sigill.encoding.ulid import CROCKFORD

ID_BYTES: Final = 20


def make_id(prefix: str, randomness: bytes) -> str:
    """Return an id from 20 random bytes: the prefix, `-` and 20 Crockford symbols in lower case."""
    if len(randomness) != ID_BYTES:
        raise ValueError("an id takes 20 random bytes")
    return f"{prefix}-" + "".join(CROCKFORD[byte & 31] for byte in randomness).lower()
