"""Searching the directory: what somebody typed, held against everything an operator is known by. Pure.

Exact finds come first (number, contact point, name), then names that begin so, then names with a word that begins so.
Names that only look like what was typed follow, marked as such: whoever looks for one firm sees its look-alikes beside
it, and which of them is verified.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import islice
from typing import Final

from rapidfuzz.distance import OSA

from registry.lookalikes import skeleton
from registry.sending.directory import Listed, Pages, name_key, plain_number
from registry.sending.errors import ContactInvalid
from registry.sending.model import ContactKind
from registry.sending.values import read_contact

MAX_QUERY: Final = 255
MAX_RESULTS: Final = 20
_LEAST_NUMBER: Final = 5
_LEAST_LOOK: Final = 4
_CLOSE: Final = ((5, 1), (10, 2))


class Match(StrEnum):
    """By what an operator was found."""

    NUMBER = "number"
    PHONE = "phone"
    SENDER_NAME = "sender_name"
    MAIL_DOMAIN = "mail_domain"
    APP = "app"
    HANDLE = "handle"
    WEBSITE = "website"
    NAME = "name"
    RESEMBLES = "resembles"


@dataclass(frozen=True, slots=True)
class Found:
    """One operator, and by what it was found."""

    listed: Listed
    match: Match


@dataclass(frozen=True, slots=True)
class Search:
    """What was found, at most MAX_RESULTS; `more` where there is more."""

    results: tuple[Found, ...] = ()
    more: bool = False


def search(pages: Pages, typed: str, *, at: datetime, unlisted: bool = False) -> Search:
    """Return the operators that `typed` may mean, the surest first. Never raises: nothing typed finds nothing."""
    typed = typed.strip()[:MAX_QUERY]
    if not typed or not typed.isprintable():
        return Search()
    found: dict[str, Found] = {}
    every = (
        *_by_number(pages, typed),
        *_by_contact(pages, typed, at=at, unlisted=unlisted),
        *_by_name(pages, typed),
        *_by_look(pages, typed),
    )
    for each in every:
        found.setdefault(each.listed.id, each)
    results = list(found.values())
    return Search(tuple(results[:MAX_RESULTS]), more=len(results) > MAX_RESULTS)


def contact_keys(typed: str, *, unlisted: bool = False) -> Iterator[tuple[Match, str]]:
    """Yield the keys of contact points that `typed` may be; of a domain or mail address those of its parents too."""
    domain = typed.rpartition("@")[2] if "@" in typed.strip("@") else typed
    for kind, text in (
        (ContactKind.PHONE, typed),
        (ContactKind.MAIL_DOMAIN, domain),
        (ContactKind.SENDER_NAME, typed),
        (ContactKind.APP, typed),
        (ContactKind.HANDLE, typed),
    ):
        try:
            key = read_contact(kind, text, unlisted=unlisted).key
        except ContactInvalid:
            continue
        yield Match(kind.value), key
        if kind is ContactKind.MAIL_DOMAIN:
            labels = key.partition(":")[2].split(".")
            for begin in range(1, len(labels) - 1):
                yield Match.MAIL_DOMAIN, f"{kind}:{'.'.join(labels[begin:])}"


def _by_number(pages: Pages, typed: str) -> Iterable[Found]:
    number = plain_number(typed)
    found = pages.by_number.get(number, ()) if len(number) >= _LEAST_NUMBER else ()
    return (Found(each, Match.NUMBER) for each in found)


def _by_contact(pages: Pages, typed: str, *, at: datetime, unlisted: bool) -> Iterator[Found]:
    for match, key in contact_keys(typed, unlisted=unlisted):
        held = pages.holder(key, at=at)
        if held is not None:
            yield Found(held[0], match)
        if match is Match.MAIL_DOMAIN:
            host = key.partition(":")[2].removeprefix("www.")
            yield from (Found(each, Match.WEBSITE) for each in pages.by_host.get(host, ()))


def _by_name(pages: Pages, typed: str) -> Iterator[Found]:
    key = name_key(typed)
    yield from (Found(each, Match.NAME) for each in pages.by_name.get(key, ()))
    begins = (each for each in pages.listed if each.name_key.startswith(key))
    yield from (Found(each, Match.NAME) for each in islice(begins, MAX_RESULTS + 1))
    word = f" {key}"
    inside = (each for each in pages.listed if word in each.name_key)
    yield from (Found(each, Match.NAME) for each in islice(inside, MAX_RESULTS + 1))


def _by_look(pages: Pages, typed: str) -> Iterator[Found]:
    """Yield operators whose name a hurried reader could take for `typed`, or finds inside it."""
    look = skeleton(typed)
    joined = look.replace(" ", "")
    if len(joined) < _LEAST_LOOK:
        return
    slips = max((slips for length, slips in _CLOSE if len(joined) >= length), default=0)
    alike = (each for each in pages.listed if _looks_like(each.look.replace(" ", ""), joined, slips))
    yield from (Found(each, Match.RESEMBLES) for each in islice(alike, MAX_RESULTS + 1))


def _looks_like(known: str, typed: str, slips: int) -> bool:
    if known == typed or (len(known) >= _LEAST_LOOK and known in typed) or typed in known:
        return True
    if not slips or abs(len(known) - len(typed)) > slips:
        return False
    return OSA.distance(known, typed, score_cutoff=slips) <= slips
