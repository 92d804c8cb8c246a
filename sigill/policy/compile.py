"""Packs and overlays compiled into one index, once."""

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from sigill.errors import PolicyInvalid
from sigill.policy.decision import Decision
from sigill.policy.load_rules import overlap
from sigill.policy.model import Overlay, Pack, Vocabulary
from sigill.vocabulary import Industry


@dataclass(frozen=True, slots=True, kw_only=True)
class CompiledPolicies:
    """A set of policies ready for `evaluate`: one pack per industry, overlays from the widest to the narrowest.

    `days` are the ISO dates on which anything begins or ends: between two of them decisions do not depend on the
    day. `memo` holds decisions already made; it never changes an answer.
    """

    vocabulary: Vocabulary
    packs: Mapping[Industry, Pack]
    overlays: tuple[Overlay, ...]
    days: tuple[str, ...]
    memo: dict[Any, Decision] = field(default_factory=dict, compare=False, repr=False)

    def era(self, on: str) -> int:
        """Return the number of the stretch of days that the ISO date `on` lies in."""
        return bisect_right(self.days, on)


def compile_policies(packs: Iterable[Pack], overlays: Iterable[Overlay], *, vocabulary: Vocabulary) -> CompiledPolicies:
    """Compile; refuses two packs for one industry and overlays of one name with overlapping dates (PolicyInvalid)."""
    by_industry: dict[Industry, Pack] = {}
    for pack in packs:
        if pack.industry in by_industry:
            raise PolicyInvalid(f"two packs for {pack.industry}")
        by_industry[pack.industry] = pack
    if not by_industry:
        raise PolicyInvalid("no packs")
    ordered = tuple(sorted(overlays, key=_widest_first))
    for index, overlay in enumerate(ordered):
        for other in ordered[:index]:
            if other.name == overlay.name and overlap((other.starts, other.ends), (overlay.starts, overlay.ends)):
                raise PolicyInvalid(f"two overlays {overlay.name!r} with overlapping dates")
    return CompiledPolicies(
        vocabulary=vocabulary,
        packs=by_industry,
        overlays=ordered,
        days=_days(by_industry.values(), ordered, vocabulary),
    )


def with_operator_overlay(policies: CompiledPolicies, overlay: Overlay) -> CompiledPolicies:
    """Return `policies` with an operator's own policy on top. It can only tighten: merging never loosens."""
    if overlay.jurisdiction is not None:
        raise PolicyInvalid(f"the overlay {overlay.name!r} is a jurisdiction's, not an operator's")
    overlays = tuple(sorted([*policies.overlays, overlay], key=_widest_first))
    days = _days(policies.packs.values(), overlays, policies.vocabulary)
    return replace(policies, overlays=overlays, days=days, memo={})


def _widest_first(overlay: Overlay) -> tuple[bool, bool, str, str]:
    of_operator = overlay.jurisdiction is None
    narrow = overlay.jurisdiction not in {"EEA", "EU", "US"}
    return of_operator, narrow, overlay.name, overlay.starts


def _days(packs: Iterable[Pack], overlays: Iterable[Overlay], vocabulary: Vocabulary) -> tuple[str, ...]:
    overlays = list(overlays)
    rules = [rule for pack in packs for rule in pack.rules] + [rule for each in overlays for rule in each.rules]
    periods = [
        *((source.starts, source.ends) for source in vocabulary.sources.values()),
        *((overlay.starts, overlay.ends) for overlay in overlays),
        *((rule.starts, rule.ends) for rule in rules),
    ]
    return tuple(sorted({day for period in periods for day in period if day is not None}))
