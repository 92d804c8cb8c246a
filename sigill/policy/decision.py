"""A decision: what it says, why, what is owed, what to show, which files decided, and its JSON form."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from sigill.encoding.base64url import format_base64url
from sigill.encoding.strict_json import Json
from sigill.policy.merge import Rule
from sigill.policy.model import Parameters
from sigill.policy.words import Basis, Verdict

__all__ = ["BREACH_GRACE_S", "Asked", "Decision", "Instead", "InsteadKind", "Layer", "Obligation", "Rule"]

BREACH_GRACE_S: Final = 60
"""A deadline of 0 minutes means: transfer now. It is breached after this many seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What one basis asks of an obligation: "the law asks three minutes" beside "one minute: our default"."""

    basis: Basis
    parameters: Parameters
    sources: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Obligation:
    """What is owed. `parameters` bind; `basis` and `sources` are those of the binding value; `asked` has all bases.

    `deadline_minutes` is the time allowed once the event named in the obligation has happened (a customer asks for a
    person); 0 means at once (`BREACH_GRACE_S`). `minutes_left` counts down while that clock runs, else None.
    """

    id: str
    title: str
    parameters: Parameters
    basis: Basis
    sources: tuple[str, ...]
    asked: tuple[Asked, ...]
    deadline_minutes: int | None
    minutes_left: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """A file that took part: `bank`, `EU`, `sources`, `obligations`; `digest` is the SHA-256 of its bytes."""

    name: str
    version: str
    digest: bytes


class InsteadKind(StrEnum):
    """Which fact to change."""

    AUTHORSHIP = "authorship"
    SCOPE = "scope"
    ENQUIRY = "enquiry"


@dataclass(frozen=True, slots=True, kw_only=True)
class Instead:
    """A change of one fact that leads further: to something allowed, or (unclassified) to owing less."""

    kind: InsteadKind
    value: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """The answer to `evaluate`.

    A deny owes nothing and shows nothing; its rules are those that deny, and `instead` says what would be allowed.

    `text_keys` are the disclosure texts to show now, in order. `name` is like `bank+EU+NO`, `version` joins the
    layers' versions, `digest` is SHA-256 over the layers' digests in order.
    """

    verdict: Verdict
    rules: tuple[Rule, ...]
    obligations: tuple[Obligation, ...]
    text_keys: tuple[str, ...]
    layers: tuple[Layer, ...]
    name: str
    version: str
    digest: bytes
    instead: tuple[Instead, ...]


def decision_to_json(decision: Decision) -> dict[str, Json]:
    """Return `decision` as a JSON object; digests in base64url. The texts themselves are rendered elsewhere."""
    return {
        "verdict": decision.verdict,
        "rules": [_rule_to_json(rule) for rule in decision.rules],
        "obligations": [_obligation_to_json(obligation) for obligation in decision.obligations],
        "text_keys": list(decision.text_keys),
        "instead": [{"kind": each.kind, "value": each.value, "why": each.why} for each in decision.instead],
        "policy": {
            "name": decision.name,
            "version": decision.version,
            "digest": format_base64url(decision.digest),
            "layers": [
                {"name": layer.name, "version": layer.version, "digest": format_base64url(layer.digest)}
                for layer in decision.layers
            ],
        },
    }


def _rule_to_json(rule: Rule) -> Json:
    return {
        "id": rule.id,
        "verdict": rule.verdict,
        "basis": rule.basis,
        "sources": list(rule.sources),
        "why": rule.why,
        "layer": rule.layer,
    }


def _obligation_to_json(obligation: Obligation) -> Json:
    return {
        "id": obligation.id,
        "title": obligation.title,
        "basis": obligation.basis,
        "sources": list(obligation.sources),
        "parameters": _parameters_to_json(obligation.parameters),
        "deadline_minutes": obligation.deadline_minutes,
        "minutes_left": obligation.minutes_left,
        "asked": [
            {"basis": each.basis, "parameters": _parameters_to_json(each.parameters), "sources": list(each.sources)}
            for each in obligation.asked
        ],
    }


def _parameters_to_json(parameters: Parameters) -> Mapping[str, Json]:
    return {name: list(value) if isinstance(value, tuple) else value for name, value in parameters.items()}
