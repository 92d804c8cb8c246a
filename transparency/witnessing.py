"""Having witnesses cosign a root checkpoint: all at once, none waited for longer than the others need.

A witness answers with its cosignature, or with the size of the head that it knows (then it is asked again, with a
proof from there). One that knows more than there is has either seen what we lost, or lies. It is believed when it shows
a note that our own key signed: nobody else could have made that. One that knows less than it cosigned before has
forgotten, or lies: it may catch up, and is reported, for a witness that forgets could cosign a second history.
"""

import time
from collections.abc import Callable, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field, replace
from typing import Final, Protocol

from sigill.errors import SigillError
from sigill.tlog.checkpoint import Checkpoint, parse_checkpoint, verify_checkpoint
from sigill.tlog.cosignature import WitnessKey, verify_cosignatures
from sigill.tlog.log_policy import LogPolicy, quorum_time
from sigill.tlog.note import NoteSignature, SignedNote, VerifierKey, format_note, parse_note
from sigill.tlog.tree import check_consistency
from sigill.tlog.witness_wire import AddCheckpoint

TIMEOUT_S: Final = 5.0
GRACE_S: Final = 0.5  # for the rest, once the quorum is reached
_ROUNDS: Final = 3  # an answer with a size, another with a size because somebody else was faster, a cosignature


@dataclass(frozen=True, slots=True)
class Cosigned:
    """A witness's signature line, verified."""

    line: NoteSignature


@dataclass(frozen=True, slots=True)
class Knows:
    """The size of the head that the witness has cosigned."""

    size: int


@dataclass(frozen=True, slots=True)
class Declined:
    """The witness will not cosign (`answered`), or it did not answer. Why, in a few words."""

    why: str
    answered: bool = False


Reply = Cosigned | Knows | Declined


class Witness(Protocol):
    """One witness, asked over the network. Neither method raises: what fails is Declined, or None."""

    @property
    def key(self) -> WitnessKey:
        """Its key."""

    def add(self, request: AddCheckpoint) -> Reply:
        """Ask for a cosignature."""

    def shown(self, origin: str, keys: tuple[VerifierKey, ...]) -> str | None:
        """Return the note that the witness shows of a log, if one of `keys` signed it, or None."""


@dataclass(frozen=True, slots=True)
class RolledBack:
    """Somebody outside holds a checkpoint that we signed and that the log does not lead to."""

    seen_by: str
    seen: Checkpoint
    size: int

    def __str__(self) -> str:
        if self.seen.size > self.size:
            return f"{self.seen_by} has seen {self.seen.size} leaves of {self.seen.origin}, and there are {self.size}"
        return f"{self.seen_by} has seen other leaves among the first {self.seen.size} of {self.seen.origin}"


@dataclass(frozen=True, slots=True)
class Forgot:
    """A witness said that it stands at `size`, and it had cosigned `before` leaves, which is more."""

    size: int
    before: int

    def __str__(self) -> str:
        return f"it says that it has cosigned {self.size} leaves, and it cosigned {self.before} before"


@dataclass(frozen=True, slots=True)
class Outcome:
    """The note with what cosignatures came, whether they reach the quorum, who declined and why, and a roll-back.

    `forgot` are the witnesses that know less than they cosigned before, whether or not they have caught up since.
    """

    note: str
    quorum: bool
    declined: Mapping[str, str] = field(default_factory=dict)
    rolled_back: RolledBack | None = None
    forgot: Mapping[str, Forgot] = field(default_factory=dict)


ProofFrom = Callable[[int], tuple[bytes, ...]]


class Witnesses:
    """The witnesses of a policy. Remembers what each knows, so that one round is enough."""

    def __init__(self, policy: LogPolicy, asked: Mapping[str, Witness], *, timeout_s: float = TIMEOUT_S) -> None:
        self._policy = policy
        self._asked = asked
        self._timeout_s = timeout_s
        self._known: dict[str, int] = {}
        self._forgot: dict[str, Forgot] = {}

    def recall(self, note: str) -> None:
        """Remember whoever cosigned a note that was kept, so that a new process knows, too, where each stands."""
        try:
            parsed = parse_note(note)
            size = parse_checkpoint(parsed.text).size
            keys = self._policy.witness_keys
            cosigned = {each.key for each in verify_cosignatures(parsed, keys=keys)}
        except SigillError:  # a note that was damaged in the database tells nothing
            return
        for name, witness in self._policy.witnesses.items():
            if witness.key in cosigned:
                self._known[name] = max(size, self._known.get(name, 0))

    def cosign(self, note: str, *, keys: tuple[VerifierKey, ...], proof_from: ProofFrom) -> Outcome:
        """Have a root checkpoint cosigned. `proof_from` gives the consistency proof from a smaller size."""
        parsed = parse_note(note)
        pool = ThreadPoolExecutor(max_workers=max(1, len(self._asked)))
        running = {
            pool.submit(self._ask, name, witness, note, keys, proof_from): name for name, witness in self._asked.items()
        }
        outcome, deadline = self._conclude(parsed, {}), time.monotonic() + self._timeout_s
        replies: dict[str, Reply | RolledBack] = {}
        late = set(running)
        while late and (left_s := deadline - time.monotonic()) > 0:
            done, late = wait(late, timeout=left_s, return_when=FIRST_COMPLETED)
            replies |= {running[future]: _result(future) for future in done}
            outcome = self._conclude(parsed, replies)
            if outcome.quorum:  # the others may still make it, but nobody waits for one that is dead
                deadline = min(deadline, time.monotonic() + GRACE_S)
        pool.shutdown(wait=False, cancel_futures=True)
        late_ones = {running[future]: "no answer in time" for future in late}
        forgot, self._forgot = self._forgot, {}
        return replace(outcome, declined=dict(outcome.declined) | late_ones, forgot=forgot)

    def _ask(
        self, name: str, witness: Witness, note: str, keys: tuple[VerifierKey, ...], proof_from: ProofFrom
    ) -> Reply | RolledBack:
        head = verify_checkpoint(note, origin=keys[0].name, keys=keys)
        old_size = min(self._known.get(name, head.size), head.size)
        for _ in range(_ROUNDS):
            reply = witness.add(AddCheckpoint(old_size, proof_from(old_size), note))
            if isinstance(reply, Cosigned):
                self._known[name] = head.size
                return reply
            if isinstance(reply, Declined):
                return (reply.answered and _judge_claim(name, witness, head, keys, proof_from)) or reply
            if reply.size > head.size:
                claimed = Declined(f"says it has seen {reply.size} leaves", answered=True)
                return _judge_claim(name, witness, head, keys, proof_from) or claimed
            if reply.size < (before := self._known.get(name, 0)):
                self._forgot[name] = Forgot(reply.size, before)
            old_size = reply.size
        return Declined(f"says that it stands at {old_size} leaves, and does not go on from there", answered=True)

    def _conclude(self, parsed: SignedNote, replies: Mapping[str, "Reply | RolledBack"]) -> Outcome:
        lines = tuple(reply.line for reply in replies.values() if isinstance(reply, Cosigned))
        note = SignedNote(parsed.text, (*parsed.signatures, *lines))
        reached = quorum_time(self._policy, verify_cosignatures(note, keys=self._policy.witness_keys)) is not None
        declined = {name: reply.why for name, reply in replies.items() if isinstance(reply, Declined)}
        rolled_back = next((reply for reply in replies.values() if isinstance(reply, RolledBack)), None)
        return Outcome(format_note(note), reached, declined, rolled_back)


def find_roll_back(
    seen_by: str,
    note: str,
    head: Checkpoint,
    *,
    keys: tuple[VerifierKey, ...],
    proof_from: ProofFrom,
) -> RolledBack | None:
    """Compare a note that somebody outside holds with the log's head; None: it is an earlier state of the same log.

    None too for what none of `keys` signed: anybody can write a note.
    """
    try:
        seen = verify_checkpoint(note, origin=head.origin, keys=keys)
    except SigillError:
        return None
    if seen.size > head.size:
        return RolledBack(seen_by, seen, head.size)
    if not seen.size:
        return None
    try:
        check_consistency(
            old_size=seen.size,
            old_root=seen.root,
            new_size=head.size,
            new_root=head.root,
            proof=proof_from(seen.size) if seen.size < head.size else (),
        )
    except SigillError:
        return RolledBack(seen_by, seen, head.size)
    return None


def _judge_claim(
    name: str, witness: Witness, head: Checkpoint, keys: tuple[VerifierKey, ...], proof_from: ProofFrom
) -> RolledBack | None:
    """Look at what a witness that will not cosign has seen: a longer log, or another one, that our own key signed?"""
    note = witness.shown(head.origin, keys)
    return None if note is None else find_roll_back(name, note, head, keys=keys, proof_from=proof_from)


def _result(future: "Future[Reply | RolledBack]") -> Reply | RolledBack:
    error = future.exception()
    return future.result() if error is None else Declined(f"could not be asked: {type(error).__name__}")
