"""What messages of one kind share: facts, decision, and every byte that follows from them alone.

An operator sends thousands of messages of a few kinds. All that depends on what was declared, on the operator and on
where the conversation stands, but not on the words, is worked out once and kept for the rest of the day.
"""

from collections import OrderedDict
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from threading import Lock
from typing import Any, Final

from conversations.chain import ChainState
from policies.library import PolicyLibrary
from policies.records import DecisionBody, disclosed_decision, make_body
from registry.model import Operator
from sigill.encoding.strict_json import format_canonical_json
from sigill.policy.decision import Decision, decision_to_json
from sigill.policy.facts import Facts, facts_to_json
from sigill.seal.claim_values import SealClaims
from sigill.seal.writing import SealWriter
from signing.facts import conversation_facts, gather_facts, system_of
from signing.request import Declared
from signing.statement import sample_claims

MAX_KINDS: Final = 1024
_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, weakref_slot=True)
class Kind:
    """One kind of message of one operator, good in `[since, until)`. Compared by identity.

    `facts_json` and `decision_json` are what is kept and shown; `facts_bytes` and `dec` are canonical JSON. `sample` is
    what `writer` writes: a seal with evidence of its own needs a writer of its own.
    """

    operator: Operator
    system: str | None
    facts: Facts
    decision: Decision
    facts_json: dict[str, Any]
    decision_json: dict[str, Any]
    facts_bytes: bytes
    body: DecisionBody
    dec: bytes
    sample: SealClaims
    writer: SealWriter
    since: datetime
    until: datetime


class Kinds:
    """The kinds seen lately, the least used forgotten first; any number of threads."""

    def __init__(self, policies: PolicyLibrary, *, issuer: str) -> None:
        self._policies = policies
        self._issuer = issuer
        self._kept: OrderedDict[object, Kind] = OrderedDict()
        self._lock = Lock()

    def kind_of(self, declared: Declared, *, operator: Operator, chain: ChainState | None, at: datetime) -> Kind:
        """Return the kind of a message. Raises RequestInvalid, AiSystemUnknown, FactNotAllowed."""
        key = (id(operator), declared, conversation_facts(chain, at=at))
        with self._lock:
            kind = self._kept.get(key)
            if kind is not None and kind.operator is operator and kind.since <= at < kind.until:
                self._kept.move_to_end(key)
                return kind
        kind = self._work_out(declared, operator, chain, at)
        with self._lock:
            self._kept[key] = kind
            self._kept.move_to_end(key)
            while len(self._kept) > MAX_KINDS:
                self._kept.popitem(last=False)
        return kind

    def _work_out(self, declared: Declared, operator: Operator, chain: ChainState | None, at: datetime) -> Kind:
        system = system_of(declared, operator)
        facts = gather_facts(declared, operator=operator, chain=chain, system=system, at=at)
        decision = self._policies.decide(facts)
        facts_json, decision_json = facts_to_json(facts), decision_to_json(decision)
        sample = sample_claims(
            declared, issuer=self._issuer, operator=operator, system=system, facts=facts, decision=decision, at=at
        )
        body = make_body(facts_json, decision_json)
        return Kind(
            operator=operator,
            system=system,
            facts=facts,
            decision=decision,
            facts_json=facts_json,
            decision_json=decision_json,
            facts_bytes=body.facts.encode("utf-8"),
            body=body,
            dec=format_canonical_json(disclosed_decision(facts_json, decision_json)),
            sample=sample,
            writer=SealWriter(sample),
            since=at,
            until=_good_until(operator, at),
        )


def _good_until(operator: Operator, at: datetime) -> datetime:
    """Return when something that depends on the time changes: the day, or the evidence that is good."""
    midnight = datetime(at.year, at.month, at.day, tzinfo=UTC) + _DAY
    changes = [time for item in operator.evidence for time in (item.valid_from, item.valid_until) if time > at]
    return min([midnight, *changes])
