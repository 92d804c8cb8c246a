"""What may be logged of an error: where it was raised, never its message, which may repeat what a client sent."""

import traceback
from collections.abc import Iterator


def where_raised(error: BaseException) -> str:
    """Return the stacks and types of an error and its causes, oldest first, without their messages."""
    return "".join(_stacks(error))


def _stacks(error: BaseException) -> Iterator[str]:
    cause = error.__cause__ or error.__context__
    if cause is not None:
        yield from _stacks(cause)
    yield from traceback.format_tb(error.__traceback__)
    yield f"{type(error).__name__}\n"
