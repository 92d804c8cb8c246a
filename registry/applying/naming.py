"""What an operator is called where it does not say so itself: its id, and its number in the test environment."""

import re
import unicodedata
from typing import Final

from registry.errors import ApplicationInvalid
from registry.model import Environment

TEST_ENDING: Final = "-test"
_LONGEST: Final = 50
_SHORTEST: Final = 2
_BETWEEN: Final = re.compile(r"[^a-z0-9]+")
_TEST_NUMBER: Final = re.compile(r"NTR[A-Z]{2}-TEST-[0-9A-Za-z._-]{1,80}\Z")
_LETTERS: Final = str.maketrans({"ø": "o", "æ": "ae", "ß": "ss", "đ": "d", "ł": "l", "þ": "th", "ð": "d"})


def make_id(name: str, environment: Environment, *, more: str = "") -> str:
    """Return an id made of a name: `Försäkring & Co` is `forsakring-co`, in the test environment `forsakring-co-test`.

    `more` is put behind it, where the plain one is taken. A name without a Latin letter is called `operator`.
    """
    folded = unicodedata.normalize("NFKD", name.casefold().translate(_LETTERS))
    letters = "".join(each for each in folded if not unicodedata.combining(each))
    plain = _BETWEEN.sub("-", letters).strip("-")[:_LONGEST].strip("-")
    parts = [plain if len(plain) >= _SHORTEST else "operator", *([more] if more else [])]
    made = "-".join(parts)
    if environment is Environment.TEST:
        return made.removesuffix(TEST_ENDING) + TEST_ENDING
    return f"{made}-live" if made.endswith(TEST_ENDING) else made


def number_of_test(identifier: str | None, operator_id: str, markets: tuple[str, ...]) -> str:
    """Return the identifier of a test operator: `NTRSE-TEST-…`, made of its id where none was given.

    Raises ApplicationInvalid for another: a real number is for a live operator, which shows that it is its own.
    """
    if identifier is None:
        country = markets[0][:2] if markets else "XX"
        return f"NTR{country}-TEST-{operator_id}"
    if not _TEST_NUMBER.match(identifier):
        raise ApplicationInvalid(
            "in the test environment identifier is left out, or such as NTRSE-TEST-1: a real number is for live alone"
        )
    return identifier
