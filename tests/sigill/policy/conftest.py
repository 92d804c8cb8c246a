"""Builders: a small folder of policies, and facts that differ from the plainest only where a test says so."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from sigill.policy.facts import ConversationFacts, Facts
from sigill.policy.folder import PATTERNS, PolicyFolder, assemble
from sigill.policy.load_vocabulary import load_vocabulary
from sigill.policy.model import Vocabulary
from sigill.vocabulary import (
    AttestationLevel,
    Authorship,
    Channel,
    Direction,
    Enquiry,
    Industry,
    Language,
    Purpose,
    Role,
)

_SOURCES = """
version: "1"
sources:
  own: {title: Own, status: own_choice, seen: primary, confidence: high, says: Ours}
  survey: {title: Survey, status: evidence, seen: secondary, confidence: low, says: They say}
  act:
    title: The Act
    jurisdictions: [EU]
    status: in_force
    from: "2026-08-02"
    to: "2030-01-01"
    url: "https://example.org/act"
    seen: primary
    confidence: high
    binds: everybody
    sanctions: fines
    says: Tell them
    note: A note
  view: {title: A view, jurisdictions: [EU], status: guidance, seen: primary, confidence: high, says: Better so}
  hope: {title: A bill, jurisdictions: [EU], status: pending, seen: recall, confidence: high, says: Perhaps}
"""

_OBLIGATIONS = """
version: "1"
obligations:
  disclose_ai:
    title: Say so
    asks: Say that it is AI
    who: operator
    parameters:
      timing: {strictest: word, words: [first, later]}
      repeat_on: {strictest: adds, words: [question, change]}
    texts:
      - {when: until_shown, show: {chat: ai_chat, phone: ai_voice, phone_outbound: ai_call}}
      - {when: identity_question, show: {any: ai_chat}}
  offer_human:
    title: A person
    asks: Offer a person
    who: operator
    measure: within_minutes
    deadline: within_minutes
    parameters:
      within_minutes: {strictest: smallest}
      visible: {strictest: flag}
    texts:
      - {when: human_requested, show: {any: handoff}}
  review:
    title: Review
    asks: A person reads it
    who: operator
    parameters:
      applies_to: {strictest: narrows}
      only: {strictest: limits}
      show: {strictest: word, words: [visible, hidden]}
    texts:
      - {when: when_visible, show: {any: assisted}}
      - {when: each_message, show: {letter: letter}}
  retain_record:
    title: Keep
    asks: Keep it
    who: service
    measure: days
    parameters:
      days: {strictest: largest}
"""

_PACK = """
pack: bank
version: "1"
posture: strict
own_choices: ["All of it"]
sources: [own, act, view]
handoff: {obligation: offer_human, basis: default, sources: [own], within_minutes: 5}
retention: {obligation: retain_record, basis: default, sources: [own], days: 90}
duties:
  tell: {obligation: disclose_ai, basis: default, sources: [own], timing: first}
  person: {obligation: offer_human, basis: law, sources: [act], visible: true}
  review: {obligation: review, basis: guidance, sources: [view], show: visible}
enquiries:
  informational:
    human: {verdict: allow, basis: default, sources: [own], why: A person}
    ai_assisted: {verdict: allow_with_obligations, basis: guidance, sources: [view], why: Read, duties: [review]}
    ai:
      verdict: allow_with_obligations
      basis: law
      sources: [act, own]
      why: Easy
      duties: [tell, person]
      person_for: [refusal]
  complaint:
    human: {verdict: allow, basis: default, sources: [own], why: A person}
    ai_assisted: {verdict: allow_with_obligations, basis: default, sources: [own], why: Read, duties: [review]}
    ai:
      verdict: deny
      basis: default
      sources: [own]
      why: Hard
      duties: [tell]
      allowed_scopes: [intake_only, {scope: status_update, flag: online_platform}]
rules:
  - rule: vulnerable
    when: {vulnerable: true}
    unless: {authorship: [human]}
    basis: default
    sources: [own]
    why: Sooner
    duties: [{obligation: offer_human, within_minutes: 1}]
"""

_OVERLAY = """
overlay: EU
jurisdiction: EU
version: "1"
from: "2026-08-02"
about: The Act
sources: [act]
rules:
  - rule: tell
    when: {authorship: [ai]}
    verdict: allow_with_obligations
    basis: law
    sources: [act]
    why: The Act says so
    duties: [{obligation: disclose_ai, timing: later}, {obligation: offer_human, within_minutes: 3}]
"""

_TEXTS = """
language: {language}
native_read: false
human_words: [human]
texts:
  ai_chat: "AI at {{operator}}"
  ai_voice: "AI voice at {{operator}}"
  ai_call: "AI calling for {{operator}}"
  handoff: {{text: "Wait {{minutes}} min", without_minutes: "Wait"}}
  assisted: {{text: "{{agent}} at {{operator}} released it", without_agent: "Staff at {{operator}} released it"}}
  letter: {{text: "Call {{phone}}", without_phone: "Write"}}
"""


def _files() -> dict[str, str]:
    texts = {f"texts/{language}.yaml": _TEXTS.format(language=language) for language in Language}
    return {
        "sources.yaml": _SOURCES,
        "obligations.yaml": _OBLIGATIONS,
        "packs/bank.yaml": _PACK,
        "overlays/EU.yaml": _OVERLAY,
        **texts,
    }


@pytest.fixture
def files() -> dict[str, str]:
    """A small folder, by relative path."""
    return _files()


@pytest.fixture(scope="session")
def small() -> PolicyFolder:
    """The small folder, assembled."""
    return assemble(_files())


@pytest.fixture(scope="session")
def vocabulary() -> Vocabulary:
    """The small folder's sources and obligations."""
    return load_vocabulary(sources=_SOURCES, obligations=_OBLIGATIONS)


@pytest.fixture(scope="session")
def shipped() -> PolicyFolder:
    """The project's own folder."""
    folder = Path(__file__).parents[3] / "policies"
    paths = [path for pattern in PATTERNS for path in folder.glob(pattern)]
    return assemble({path.relative_to(folder).as_posix(): path.read_text("utf-8") for path in paths})


@pytest.fixture(scope="session")
def make_facts() -> Callable[..., Facts]:
    """Facts with changes; those of the conversation by their own names."""
    plain = Facts(
        industry=Industry.BANK,
        jurisdictions=("SE",),
        enquiry=Enquiry.INFORMATIONAL,
        authorship=Authorship.AI,
        channel=Channel.CHAT,
        direction=Direction.INBOUND,
        purpose=Purpose.SERVICE,
        role=Role.OPERATOR,
        language=Language.EN,
        scope=(),
        draft=None,
        disclosure=None,
        attestation=AttestationLevel.C,
        vulnerable=False,
        ai_system_registered=True,
        operator_flags=(),
        assurance_level=2,
        conversation=ConversationFacts(
            first_ai_message=False,
            disclosure_shown=False,
            human_requested_minutes_ago=None,
            last_authorship=None,
            handoff_recorded=False,
        ),
        on=date(2026, 11, 22),
    )

    def make(**changes: Any) -> Facts:
        talk = {name: changes.pop(name) for name in [*changes] if name in ConversationFacts.__dataclass_fields__}
        return replace(plain, **changes, conversation=replace(plain.conversation, **talk))

    return make
