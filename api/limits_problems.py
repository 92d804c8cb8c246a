"""Asking too much or too soon, as problems: a part of the one table in `api.problems`."""

from collections.abc import Mapping
from typing import Final

from api.problem import Problem
from limiting.errors import GuessingSlowed, LimitReached
from sigill.errors import SigillError

LIMITS_PROBLEMS: Final[Mapping[type[SigillError], Problem]] = {
    LimitReached: Problem(
        "limit-reached",
        429,
        "More was asked than the limit allows",
        "Nothing was done. Try again after the seconds in Retry-After, with the same Idempotency-Key; RateLimit tells "
        "what is left.",
    ),
    GuessingSlowed: Problem(
        "too-many-wrong",
        429,
        "Too many wrong keys or codes came from here",
        "Wait for the seconds in Retry-After; look the key or the code up once more before that.",
    ),
}
