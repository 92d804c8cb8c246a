"""A seal on its way out: signed, then logged. Only a logged one may reach the operator."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sigill.policy.facts import Facts
from sigill.seal.claim_values import ConversationClaim
from sigill.text.codes import Code
from signing.kinds import Kind


class SignedSeal(NamedTuple):
    """A seal that is signed and about to be logged: nobody has it yet.

    `decision` is the decision as JSON; `kind` is None for a seal that was found again.
    """

    jti: str
    seal: str
    code: Code
    conversation: ConversationClaim | None
    issued_at: datetime
    facts: Facts
    decision: Mapping[str, Any]
    kind: Kind | None


@dataclass(frozen=True, slots=True)
class IssuedSeal:
    """A seal that is durably in the log. `repeated`: it was sealed by an earlier request with the same key."""

    signed: SignedSeal
    origin: str
    index: int
    receipt: str
    repeated: bool = False

    @property
    def jti(self) -> str:
        """The seal's id."""
        return self.signed.jti

    @property
    def seal(self) -> str:
        """The seal with all its disclosures."""
        return self.signed.seal

    @property
    def code(self) -> Code:
        """The code it can be looked up by."""
        return self.signed.code

    @property
    def conversation(self) -> ConversationClaim | None:
        """Its place in its conversation, if it has one."""
        return self.signed.conversation

    @property
    def facts(self) -> Facts:
        """The facts it was decided on."""
        return self.signed.facts
