"""What can go wrong between an operator and the service. Every `str()` is a plain sentence that says what to do next.

ClientError
├── SettingsRefused        the service's address, the API key or an idempotency key cannot be used
├── NotSealable            the message cannot be sealed as it is; found before anything was sent
├── NotSent                an item of a batch that was not sent, because an earlier part of the batch failed
├── ServiceUnavailable     the service cannot be reached, is busy or lost its answer: says if a seal may be made
├── UnexpectedAnswer       what came back is no answer of this service
├── AnswerNotTrusted       what came back does not prove what it must
├── RequestRefused         the service refuses the request; `errors` says which fields
└── Refused                the policy denies the message; `rules` says why, `instead` what would be allowed

These stand apart from `sigill.errors`: those are the format's, and the service maps each of them to a problem.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

MAY_BE_SEALED: Final = (
    "If this was a message to seal, it may have been sealed: "
    "try again with the same idempotency key within a day, and nothing is sealed twice."
)


class ClientError(Exception):
    """The root: whatever the client raises on purpose."""


class SettingsRefused(ClientError):
    """The service's address is not https (nor http to this very machine) or no address; or a key is no key."""


class NotSealable(ClientError):
    """The message cannot be sealed or sent as it is: hidden characters, no text, a code already in it."""


class NotSent(ClientError):
    """The item was not sent, and so not sealed: an earlier part of its batch failed as a whole."""


class ServiceUnavailable(ClientError):
    """No answer, or one that says later. `retry_after` in seconds, where the service said.

    Where the request may have arrived, the sentence says that the message may have been sealed: then call again with
    `idempotency_key`. `may_pass` says whether the client itself tries again.
    """

    def __init__(self, sentence: str, *, retry_after: float | None = None, may_pass: bool = True) -> None:
        super().__init__(sentence)
        self.retry_after = retry_after
        self.may_pass = may_pass
        self.idempotency_key: str | None = None


class UnexpectedAnswer(ClientError):
    """Not JSON of the known shape, too long, or a redirect."""


class AnswerNotTrusted(ClientError):
    """A seal that does not prove what it must: another text, another key, not in the log."""


@dataclass(frozen=True, slots=True)
class FieldFault:
    """One wrong field: a JSON pointer (RFC 6901), what is wrong, and which values would be right, if few."""

    pointer: str
    detail: str
    allowed_values: tuple[str, ...] = ()

    def __str__(self) -> str:
        return self.beside("")

    def beside(self, sentence: str) -> str:
        """Return what there is to say after `sentence`: not the same again, but where, and what would be right."""
        detail = "" if self.detail == sentence else self.detail
        allowed = f"(allowed: {', '.join(self.allowed_values)})" if self.allowed_values else ""
        words = " ".join(part for part in (detail, allowed) if part)
        return f"{self.pointer or 'the request'}: {words}" if words else ""


class RequestRefused(ClientError):
    """A problem (RFC 9457). `problem` is the last part of its type, `errors` the wrong fields, `next` what to do."""

    def __init__(
        self,
        *,
        problem: str,
        status: int,
        detail: str,
        errors: Sequence[FieldFault] = (),
        advice: str = "",
    ) -> None:
        parts = (detail, *(fault.beside(detail) for fault in errors), advice)
        super().__init__(" ".join(part if part.endswith((".", "?", "!")) else f"{part}." for part in parts if part))
        self.problem = problem
        self.status = status
        self.detail = detail
        self.errors = tuple(errors)
        self.next = advice


class Refused(ClientError):
    """The policy denies the message; the refusal is in the log. `members` is the whole problem as it came."""

    def __init__(self, members: Mapping[str, Any]) -> None:
        self.members = members
        self.decision_id = str(members.get("decision_id", ""))
        self.rules = _objects(members.get("rules"))
        self.instead = _objects(members.get("instead"))
        why = " ".join(str(rule["why"]) for rule in self.rules if "why" in rule)
        instead = " ".join(str(item["why"]) for item in self.instead if "why" in item)
        super().__init__(
            f"The policy denies this message. {why or members.get('detail', '')} "
            f"Instead: {instead or 'let a person read, change and release it.'}"
        )


def _objects(value: object) -> tuple[Mapping[str, Any], ...]:
    return tuple(item for item in value if isinstance(item, Mapping)) if isinstance(value, list) else ()
