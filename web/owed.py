"""What the sender owes the customer for this message, and the rules behind it. Pure.

A sealed decision may come from a seal somebody else keeps: what is not shaped as expected is passed over.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sigill.report.words import Words
from verification.service import Verdict
from web.world import SourceLink


@dataclass(frozen=True, slots=True)
class DutyView:
    """One obligation, to follow "has to"; `deadline` where it has one; `basis` says what it rests on."""

    text: str
    deadline: str | None
    basis: str


@dataclass(frozen=True, slots=True)
class RuleView:
    """One rule that decided: why (in English, as the policy is written), what it rests on, and where to read that."""

    why: str
    basis: str
    sources: tuple[SourceLink, ...]


def tell_duties(verdict: Verdict, *, words: Words) -> tuple[DutyView, ...]:
    """Return the obligations of the sealed decision."""
    if verdict.decision is None:
        return ()
    return tuple(
        DutyView(words.obligation(item["id"]), _deadline(item.get("minutes"), words), words.basis(item["basis"]))
        for item in verdict.decision["obl"]
        if isinstance(item.get("id"), str) and isinstance(item.get("basis"), str)
    )


def tell_rules(verdict: Verdict, *, words: Words, sources: Mapping[str, SourceLink]) -> tuple[RuleView, ...]:
    """Return the rules of the kept decision with their sources; a source nobody knows any more by its id."""
    if verdict.decided is None:
        return ()
    return tuple(_rule(rule, words, sources) for rule in verdict.decided["rules"])


def _rule(rule: Mapping[str, Any], words: Words, sources: Mapping[str, SourceLink]) -> RuleView:
    named = tuple(sources.get(source, SourceLink(source)) for source in rule["sources"])
    return RuleView(rule["why"], words.basis(rule["basis"]), named)


def _deadline(minutes: object, words: Words) -> str | None:
    if not isinstance(minutes, int) or isinstance(minutes, bool):
        return None
    return words.label("at_once") if minutes <= 0 else words.label("within_minutes", minutes=minutes)
