"""Why a message is not sealed.

SigningError(SigillError)
├── Refused               a rule of the policy denies it; holds the decision and where it is logged
├── RequestInvalid        a field contradicts another or the registry; says which, by JSON pointer
├── ConversationBusy      the conversation went on so fast that the seal lost every try
├── MessageNotFound       no message of this operator has this id
├── KeyReused             the idempotency key was used for another request
├── KeyRunning            a request with this idempotency key is being answered now
├── KeyMalformed          an idempotency key that cannot be one
└── KeyUnusable           a key that cannot be used: its file, or the token or KMS where it lives
"""

from collections.abc import Mapping, Sequence
from typing import Any

from sigill.errors import SigillError


class SigningError(SigillError):
    """The root of signing's errors."""


class Refused(SigningError):
    """The policy denies this message.

    `refusal_id` names the refusal; it is a `deny` leaf at `index` of the log `origin`. `decision` is the decision as
    JSON (`sigill.policy.decision`). `repeated`: an earlier request with the same key was refused.
    """

    def __init__(
        self, *, refusal_id: str, decision: Mapping[str, Any], origin: str, index: int, repeated: bool = False
    ) -> None:
        super().__init__("the policy denies this message")
        self.refusal_id = refusal_id
        self.decision = decision
        self.origin = origin
        self.index = index
        self.repeated = repeated


class RequestInvalid(SigningError):
    """One field cannot be as it is. `pointer` is a JSON pointer (RFC 6901) into the request."""

    def __init__(self, pointer: str, detail: str, *, allowed: Sequence[str] | None = None) -> None:
        super().__init__(detail)
        self.pointer = pointer
        self.allowed = None if allowed is None else tuple(allowed)


class ConversationBusy(SigningError):
    """The conversation went on meanwhile, every time; trying again later is safe."""


class MessageNotFound(SigningError):
    """No message of this operator has this id."""


class KeyReused(SigningError):
    """The idempotency key was used for another request within the last 24 hours."""


class KeyRunning(SigningError):
    """A request with this idempotency key is being answered now; ask again in a moment."""


class KeyMalformed(SigningError):
    """An idempotency key is 1 to 255 printable ASCII characters."""


class KeyUnusable(SigningError):
    """A key cannot be used, now or at all; says which and why, never what a file holds. Trying again is safe."""
