"""From an operator's steps to what its page shows: the newest at a glance, the others folded away. Pure."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from zoneinfo import ZoneInfo

from registry.steps import Act, LoggedStep, Step
from sigill.report.standing import State
from sigill.report.words import Words
from web.dates import tell_day

SHOWN: Final = 10
AT_MOST: Final = 200
_LONGEST: Final = 500
_TEXTS: Final = ("reason", "answer", "method", "name")
_CHECKS: Final = frozenset({Act.EVIDENCE_ADDED, Act.EVIDENCE_ENDED, Act.CHECK_FAILED})
_ITS_PEOPLE: Final = ("admin ", "signer ", "auditor ")
"""How the steps that an operator's own people take at the desk begin (`Step.by`)."""
_PERSON: Final = re.compile(r"pe-[0-9a-z]{20}")


@dataclass(frozen=True, slots=True, kw_only=True)
class StepLine:
    """One step: what was done, when, what else everyone may know of it, and by whom."""

    what: str
    when: str
    said: tuple[str, ...]
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StepsView:
    """The newest steps, the earlier ones, and whether there are still more."""

    newest: tuple[StepLine, ...]
    earlier: tuple[StepLine, ...]
    has_more: bool


def tell_steps(steps: Sequence[LoggedStep], *, words: Words, zone: ZoneInfo) -> StepsView:
    """Return steps (the newest first) in the customer's words: ten at a glance, at most two hundred in all."""
    lines = tuple(_line(each, words, zone) for each in steps[:AT_MOST])
    return StepsView(newest=lines[:SHOWN], earlier=lines[SHOWN:], has_more=len(steps) >= AT_MOST)


def _line(logged: LoggedStep, words: Words, zone: ZoneInfo) -> StepLine:
    step = logged.step
    return StepLine(
        what=words.act(step.act.value),
        when=tell_day(step.at, language=words.language, zone=zone),
        said=tuple(_said(step, words)),
        by=_by(step.by, words),
    )


def _said(step: Step, words: Words) -> list[str]:
    """Return what a reader understands of a step; the rest is for programs."""
    told: list[str] = []
    said = step.said
    state, kind = said.get("state"), said.get("kind")
    if isinstance(state, str) and state in set(State):
        told.append(words.state(State(state)))
    if isinstance(kind, str) and step.act in _CHECKS:
        told.append(words.evidence(kind))
    if step.act is Act.RENAMED and isinstance(said.get("from"), str) and isinstance(said.get("to"), str):
        told.append(f"{said['from']} → {said['to']}")
    told += [str(said[name]) for name in _TEXTS if isinstance(said.get(name), str)]
    return [each[:_LONGEST] for each in told]


def _by(by: str, words: Words) -> str:
    people = _PERSON.findall(by)
    if by == "the operator" or by.startswith(_ITS_PEOPLE):
        return words.label("step_by_operator")
    if len(people) == 1:
        return words.label("step_by_registrar", id=people[0])
    if people:
        return words.label("step_by_registrars", ids=", ".join(people))
    return by
