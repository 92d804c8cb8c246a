"""A sealed message, proven; nothing becomes one that has not been checked."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, Protocol, TypeVar

from sigill.client.answers import Decision, SealedAnswer
from sigill.client.message import HashedMessage
from sigill.client.proof import TrustTooOld, check_sealed
from sigill.report.trust import Trust
from sigill.text.carrier import embed
from sigill.text.codes import format_code
from sigill.vocabulary import Channel

Checked = TypeVar("Checked")


@dataclass(frozen=True, slots=True)
class Sealed:
    """A sealed message, proven: send `text` (with its code), keep `seal` and `receipt`, do what `decision` owes.

    `members` is the service's whole answer.
    """

    id: str
    text: str
    code: str
    link: str
    seal: str
    receipt: str
    decision: Decision
    origin: str
    index: int
    members: Mapping[str, Any]


class TrustSource(Protocol):
    """Where the guarantor's keys come from."""

    def __call__(self, *, fresh: bool = False) -> Trust:
        """Return the keys, fetched anew if `fresh`."""


SHOWN_WITHIN_S: Final = 2.5
"""A service shows the keys and logs of all its processes at most two seconds late: a new operator's log among them."""


class Prover:
    """Checks the answers of one call. Keys that turn out too old are fetched anew, once for all of them.

    Those fetched may be a moment too old themselves: `pause` waits the seconds after which they are not.
    """

    def __init__(self, trust: TrustSource, *, may_renew: bool, pause: Callable[[float], None] | None = None) -> None:
        self._trust = trust
        self._may_renew = may_renew
        self._pause = pause

    def check(self, judge: Callable[[Trust], Checked]) -> Checked:
        """Return what `judge` makes of the keys, asked again with newer ones if it finds them too old."""
        try:
            return judge(self._trust())
        except TrustTooOld:
            if not self._may_renew:
                raise
            self._may_renew = False
        try:
            return judge(self._trust(fresh=True))
        except TrustTooOld:
            if self._pause is None:
                raise
        self._pause(SHOWN_WITHIN_S)
        return judge(self._trust(fresh=True))

    def prove(self, answer: SealedAnswer, message: HashedMessage, asked: dict[str, Any]) -> Sealed:
        """Return what was sealed, if the answer proves to be over `message`. Raises AnswerNotTrusted."""
        at = datetime.now(UTC)
        self.check(lambda trust: check_sealed(answer, message, asked, trust=trust, at=at))
        return Sealed(
            id=answer.id,
            text=embed(message.text, answer.code, channel=Channel(asked["channel"])),
            code=format_code(answer.code),
            link=answer.link,
            seal=answer.seal,
            receipt=answer.receipt,
            decision=answer.decision,
            origin=answer.origin,
            index=answer.index,
            members=answer.members,
        )
