"""From an operator in the registry to what its page shows. Pure."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from urllib.parse import quote

from registry.assurance import attained_level, is_demonstration
from registry.model import AiSystem, Environment, Evidence, Operator
from sigill.report.standing import State
from sigill.report.words import Words
from web.dates import tell_day, tell_place
from web.mandates import MandateView, ShownMandate, view_mandate
from web.world import WebWorld

_NOT_DIALLED: Final = re.compile(r"[^+0-9]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceView:
    """One check of the operator's identity; `past` where it no longer counts."""

    kind: str
    method: str
    by: str
    checked: str
    until: str
    past: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class StepView:
    """One step of the operator's standing."""

    state: State
    word: str
    since: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SystemView:
    """One registered AI system."""

    name: str
    ref: str
    by: str
    active: bool


@dataclass(frozen=True, slots=True)
class LinkView:
    """A sentence that leads to another page of the site."""

    text: str
    address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatorView:
    """A whole operator page. `warnings` stand on top; `played` where the level rests on made-up evidence."""

    id: str
    name: str
    industry: str
    identifier: str
    level: str
    played: str | None
    now: StepView
    steps: tuple[StepView, ...]
    warnings: tuple[str, ...]
    former_names: tuple[str, ...]
    successor: LinkView | None
    evidence: tuple[EvidenceView, ...]
    markets: str
    systems: tuple[SystemView, ...]
    website: str | None
    phone: str | None
    dial: str | None
    mandates: tuple[MandateView, ...]
    log_url: str | None


def view_operator(
    operator: Operator, *, words: Words, world: WebWorld, log_url: str | None, mandates: Sequence[ShownMandate] = ()
) -> OperatorView:
    """Return the operator as its page shows it, at this moment; steps and evidence newest first."""
    at = world.now()
    steps = tuple(_step(state, since, reason, words, world) for state, since, reason in _history(operator))
    newest_first = sorted(operator.evidence, key=lambda item: item.valid_from, reverse=True)
    return OperatorView(
        id=operator.id,
        name=operator.name,
        industry=words.industry(operator.industry),
        identifier=operator.identifier,
        level=words.level(int(attained_level(operator.evidence, at=at))),
        played=words.label("demonstration_evidence") if is_demonstration(operator) else None,
        now=steps[0],
        steps=steps,
        warnings=tuple(_warnings(operator, words)),
        former_names=tuple(_former_names(operator, words, world)),
        successor=_successor(operator, words),
        evidence=tuple(_evidence(item, at, words, world) for item in newest_first),
        markets=", ".join(tell_place(place, language=words.language) for place in operator.markets),
        systems=tuple(_system(item) for item in operator.ai_systems),
        website=operator.website,
        phone=operator.phone,
        dial=None if operator.phone is None else _NOT_DIALLED.sub("", operator.phone),
        mandates=tuple(view_mandate(each, words=words, world=world) for each in mandates),
        log_url=log_url,
    )


def _history(operator: Operator) -> list[tuple[State, datetime, str]]:
    return [(change.state, change.since, change.reason) for change in reversed(operator.history)]


def _step(state: State, since: datetime, reason: str, words: Words, world: WebWorld) -> StepView:
    day = tell_day(since, language=words.language, zone=world.zone)
    return StepView(state=state, word=words.state(state), since=words.label("since", time=day), reason=reason)


def _former_names(operator: Operator, words: Words, world: WebWorld) -> Iterator[str]:
    """Yield what the operator was called before, the newest first."""
    for each in reversed(operator.former_names):
        day = tell_day(each.until, language=words.language, zone=world.zone)
        until = words.label("until", time=day)
        yield f"{each.name} ({until})"


def _successor(operator: Operator, words: Words) -> LinkView | None:
    if operator.successor is None:
        return None
    address = f"/registry/operators/{quote(operator.successor.id, safe='')}"
    return LinkView(words.label("successor", name=operator.successor.name), address)


def _warnings(operator: Operator, words: Words) -> list[str]:
    found = []
    if not operator.was_verified and operator.state is State.APPLIED:
        found.append(words.label("undecided"))
    if operator.environment is Environment.TEST:
        found.append(words.label("test_environment"))
    if is_demonstration(operator):
        found.append(words.label("demonstration_evidence"))
    return found


def _evidence(item: Evidence, at: datetime, words: Words, world: WebWorld) -> EvidenceView:
    return EvidenceView(
        kind=words.evidence(item.kind),
        method=item.method,
        by=item.checked_by,
        checked=tell_day(item.valid_from, language=words.language, zone=world.zone),
        until=tell_day(item.valid_until, language=words.language, zone=world.zone),
        past=not item.valid_from <= at < item.valid_until,
    )


def _system(item: AiSystem) -> SystemView:
    by = ", ".join(part for part in (item.provider, item.model) if part)
    return SystemView(name=item.name, ref=item.ref, by=by, active=item.active)
