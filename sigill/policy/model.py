"""Policies as loaded: sources, obligations, packs, overlays. Nothing here decides."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from sigill.policy.words import Basis, Doer, OperatorFlag, Posture, Scope, Verdict
from sigill.vocabulary import Authorship, Channel, Direction, Enquiry, Industry, Purpose, Role

Value: TypeAlias = int | bool | str | tuple[str, ...]
"""A parameter of an obligation: a number (its name holds the unit), a flag, a word, a sorted list of words."""

Parameters: TypeAlias = Mapping[str, Value]


class SourceStatus(StrEnum):
    """What a source is, and whether it binds."""

    IN_FORCE = "in_force"
    ADOPTED_FUTURE = "adopted_future"
    IN_FORCE_BUT_DEPENDENT = "in_force_but_dependent"
    PENDING = "pending"
    GUIDANCE = "guidance"
    VOLUNTARY_CODE = "voluntary_code"
    EVIDENCE = "evidence"
    OWN_CHOICE = "own_choice"


class Seen(StrEnum):
    """How the source was read: the text itself, a reliable summary, or known and not read again."""

    PRIMARY = "primary"
    SECONDARY = "secondary"
    RECALL = "recall"


class Confidence(StrEnum):
    """How sure the researcher was."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A law, an authority's view, a survey, or our own choice. `jurisdictions` is empty for the last two."""

    id: str
    title: str
    jurisdictions: frozenset[str]
    status: SourceStatus
    starts: str | None
    ends: str | None
    url: str | None
    seen: Seen
    confidence: Confidence
    says: str
    note: str | None

    @property
    def verified(self) -> bool:
        """Whether it was read and is not doubted; otherwise it is shown as unverified."""
        return self.seen is not Seen.RECALL and self.confidence is not Confidence.LOW

    @property
    def can_be_law(self) -> bool:
        """Whether it is law on its day."""
        return self.status in {SourceStatus.IN_FORCE, SourceStatus.ADOPTED_FUTURE} and self.starts is not None

    @property
    def can_be_guidance(self) -> bool:
        """Whether an authority's view can rest on it."""
        return self.can_be_law or self.status is SourceStatus.GUIDANCE

    def stands(self, *, on: str, places: frozenset[str]) -> bool:
        """Whether it is in force on the ISO date `on` in any of `places`."""
        started = self.starts is None or self.starts <= on
        return started and not (self.ends is not None and self.ends <= on) and not places.isdisjoint(self.jurisdictions)


class ParameterKind(StrEnum):
    """What a parameter holds and which of two values is the stricter."""

    SMALLEST = "smallest"
    LARGEST = "largest"
    FLAG = "flag"
    WORD = "word"
    ADDS = "adds"
    LIMITS = "limits"
    NARROWS = "narrows"


@dataclass(frozen=True, slots=True, kw_only=True)
class ParameterDefinition:
    """`words` are the allowed ones, strictest first (WORD); empty for free identifiers and for numbers."""

    kind: ParameterKind
    words: tuple[str, ...] = ()


class TextMoment(StrEnum):
    """When an obligation's text is shown."""

    UNTIL_SHOWN = "until_shown"
    EACH_MESSAGE = "each_message"
    WHEN_VISIBLE = "when_visible"
    HUMAN_REQUESTED = "human_requested"
    IDENTITY_QUESTION = "identity_question"


@dataclass(frozen=True, slots=True, kw_only=True)
class TextUse:
    """Which text to show in which form (`chat`, `phone_outbound`, or `any`), and when."""

    moment: TextMoment
    keys: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class ObligationDefinition:
    """What an obligation asks. `measure` is the parameter whose strictest value gives the obligation its basis."""

    id: str
    title: str
    asks: str
    doer: Doer
    parameters: Mapping[str, ParameterDefinition]
    measure: str | None
    deadline: str | None
    texts: tuple[TextUse, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Duty:
    """One obligation as one rule states it."""

    obligation: str
    parameters: Parameters
    basis: Basis
    sources: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ScopeException:
    """A scope in which a denied cell is allowed, for operators with `flag` if one is named."""

    scope: Scope
    flag: OperatorFlag | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """The pack's word on one kind of enquiry and one authorship."""

    verdict: Verdict
    basis: Basis
    sources: tuple[str, ...]
    why: str
    duties: tuple[Duty, ...]
    allowed_scopes: tuple[ScopeException, ...]
    person_for: frozenset[Scope]


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """Holds when every part given holds; a part not given (None) always does. `flags` and `scopes`: any of them."""

    industries: frozenset[Industry] | None = None
    enquiries: frozenset[Enquiry] | None = None
    authorship: frozenset[Authorship] | None = None
    channels: frozenset[Channel] | None = None
    directions: frozenset[Direction] | None = None
    purposes: frozenset[Purpose] | None = None
    roles: frozenset[Role] | None = None
    flags: frozenset[OperatorFlag] | None = None
    scopes: frozenset[Scope] | None = None
    vulnerable: bool | None = None
    ai_system_registered: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ConditionalRule:
    """What applies besides the cell, when `when` holds and `unless` does not, on the days [starts, ends)."""

    id: str
    when: Condition
    unless: Condition | None
    verdict: Verdict | None
    basis: Basis
    sources: tuple[str, ...]
    why: str
    duties: tuple[Duty, ...]
    starts: str | None
    ends: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Pack:
    """One industry's policy. Every message inherits `retention`, every offer of a human the minutes of `handoff`."""

    industry: Industry
    name: str
    version: str
    digest: bytes
    posture: Posture
    own_choices: tuple[str, ...]
    handoff: Duty
    retention: Duty
    cells: Mapping[tuple[Enquiry, Authorship], Cell]
    rules: tuple[ConditionalRule, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Overlay:
    """What a jurisdiction (or an operator, `jurisdiction` None) adds on the days [starts, ends)."""

    name: str
    jurisdiction: str | None
    version: str
    digest: bytes
    starts: str
    ends: str | None
    rules: tuple[ConditionalRule, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Vocabulary:
    """The sources and obligations that packs and overlays may name, with the digests of their two files."""

    sources: Mapping[str, Source]
    obligations: Mapping[str, ObligationDefinition]
    sources_version: str
    obligations_version: str
    sources_digest: bytes
    obligations_digest: bytes
