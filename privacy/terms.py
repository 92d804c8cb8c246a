"""How long one message is kept: its industry's times, and longer where its own decision asks for it. Pure."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, Final

from privacy.errors import RetentionNotOver
from sigill.policy.retention import IndustryRetention, Period
from sigill.policy.words import Basis
from sigill.tlog.erasure import Ground

_OBLIGATION: Final = "retain_record"
_LEGAL: Final = frozenset({Basis.LAW, Basis.LAW_IN_SOME_CASES})
_WHY: Final = "The decision on this message asks for it."


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """How long it is kept at least, and usually; `minimum.days` <= `usual.days`."""

    minimum: Period
    usual: Period

    def may_be_asked(self, made_at: datetime) -> datetime:
        """Return from when on its erasure may be asked for."""
        return made_at + timedelta(days=self.minimum.days)

    def due(self, made_at: datetime) -> datetime:
        """Return when it is erased by itself."""
        return made_at + timedelta(days=self.usual.days)


def terms_of(industry: IndustryRetention, decision: str | None) -> Terms:
    """Return how long a message is kept whose decision is this (canonical JSON; None: it has none any more)."""
    minimum, usual = industry.minimum, industry.usual
    for asked in _asked(decision) if decision is not None else ():
        if asked.basis in _LEGAL:
            minimum = max(minimum, asked, key=_days)
        usual = max(usual, asked, key=_days)
    return Terms(minimum=minimum, usual=max(usual, replace(minimum, rule=usual.rule), key=_days))


def check_may_be_erased(terms: Terms, *, made_at: datetime, ground: Ground, at: datetime) -> None:
    """Raise RetentionNotOver within the minimum retention, which only an authority's order outranks."""
    until = terms.may_be_asked(made_at)
    if ground is not Ground.AUTHORITY_ORDER and at < until:
        raise RetentionNotOver(terms.minimum, until=until)


def _days(period: Period) -> int:
    return period.days


@lru_cache(maxsize=1024)  # few decisions differ
def _asked(decision: str) -> tuple[Period, ...]:
    """Return the times that a decision asks for."""
    return tuple(_periods(json.loads(decision)))


def _periods(decision: dict[str, Any]) -> Iterator[Period]:
    for obligation in decision["obligations"]:
        if obligation["id"] != _OBLIGATION:
            continue
        for asked in (obligation, *obligation["asked"]):
            days = asked["parameters"].get("days")
            if days is not None:
                yield Period(
                    rule=_OBLIGATION,
                    days=int(days),
                    basis=Basis(asked["basis"]),
                    sources=tuple(asked["sources"]),
                    why=_WHY,
                )
