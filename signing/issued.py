"""A seal on its way out: signed, then logged. Only a logged one may reach the operator."""

from dataclasses import dataclass
from datetime import datetime

from sigill.policy.decision import Decision
from sigill.policy.facts import Facts
from sigill.seal.claim_values import ConversationClaim
from sigill.text.codes import Code
from transparency.append import Appended


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedSeal:
    """A seal that is signed and about to be logged: nobody has it yet."""

    jti: str
    seal: str
    code: Code
    conversation: ConversationClaim | None
    issued_at: datetime
    facts: Facts
    decision: Decision


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuedSeal(SignedSeal):
    """A seal that is durably in the log, with everything the operator needs to send it."""

    origin: str
    index: int
    receipt: str


def logged(signed: SignedSeal, appended: Appended) -> IssuedSeal:
    """Return the seal with its place in the log."""
    return IssuedSeal(
        jti=signed.jti,
        seal=signed.seal,
        code=signed.code,
        conversation=signed.conversation,
        issued_at=signed.issued_at,
        facts=signed.facts,
        decision=signed.decision,
        origin=appended.origin,
        index=appended.index,
        receipt=appended.receipt,
    )
