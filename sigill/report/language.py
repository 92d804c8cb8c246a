"""Choosing the customer's language: the one asked for, else what the browser prefers (RFC 9110, section 12.5.4)."""

import re
from typing import Final

from sigill.vocabulary import Language

MAX_CHARACTERS: Final = 500
_DEFAULT: Final = Language.EN
_ALIASES: Final = {"no": Language.NB, "nn": Language.NB}
_RANGE: Final = re.compile(
    r"(?P<tag>\*|[A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8})*)"
    r"(?:[ \t]*;[ \t]*[qQ]=(?P<quality>0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?))?"
)


def choose_language(accept_language: str | None, explicit: str | None = None) -> Language:
    """Return the language to answer in; English if nothing else is wanted or known.

    `explicit` (a tag such as `sv`, `no` or `de-AT`) wins when it is one of the seven languages or an alias.
    Of `accept_language` the first 500 characters are read; ranges that are not well-formed are passed over. The
    highest quality wins, at the same quality the one named first; `*` stands for English, or, where English is
    refused (q=0), for the first language that is not. Total: never raises.
    """
    asked = _known(explicit[:MAX_CHARACTERS].strip()) if explicit else None
    if asked is not None:
        return asked
    return _preferred(_ranges(accept_language[:MAX_CHARACTERS])) if accept_language else _DEFAULT


def _ranges(header: str) -> list[tuple[str, float]]:
    """Return the well-formed ranges with their qualities, best first."""
    found = (_RANGE.fullmatch(item.strip(" \t")) for item in header.split(","))
    ranges = [(match["tag"], float(match["quality"] or 1)) for match in found if match is not None]
    return sorted(ranges, key=lambda item: -item[1])


def _preferred(ranges: list[tuple[str, float]]) -> Language:
    refused = {_known(tag) for tag, quality in ranges if quality == 0}
    for tag, quality in ranges:
        if quality == 0:
            break
        language = _any_but(refused) if tag == "*" else _known(tag)
        if language is not None:
            return language
    return _DEFAULT


def _any_but(refused: set[Language | None]) -> Language | None:
    candidates = (_DEFAULT, *Language)
    return next((language for language in candidates if language not in refused), None)


def _known(tag: str) -> Language | None:
    primary = tag.partition("-")[0].lower()
    if primary in _ALIASES:
        return _ALIASES[primary]
    return Language(primary) if primary in set(Language) else None
