"""What can go wrong in the log's writer.

TransparencyError(SigillError)
├── GuardFailed        a guard found the world changed since the request was decided
├── KeyClaimed         the idempotency key is another's, who was first; holds the claim
├── CodeTaken          the token's code is in use: draw another and append again
├── TokenExists        the token's jti is in the log already
├── LogUnknown         no log of that id
├── EntryUnknown       no leaf at that index
├── StatusListUnknown  no status list of that number
├── LogConflict        a log of that id has another origin, or the origin another log
├── LogCorrupt         head, tiles and memory contradict each other: nothing more is signed for that log
├── LogHalted          the log was rolled back or rewritten: nothing more is appended until somebody has mended it
├── Overloaded         too much waits to be committed; nothing of this was
└── StoreUnavailable   the database, or the key of the checkpoint, did not answer; nothing was acknowledged
    └── CommitInterrupted   nobody knows whether it was committed: ask again with the same idempotency key
"""

from sigill.errors import SigillError


class TransparencyError(SigillError):
    """The root: whatever this package raises on purpose."""


class GuardFailed(TransparencyError):
    """The state a request was decided on is no longer the state. Decide and sign again."""


class KeyClaimed(TransparencyError):
    """The idempotency key was claimed before. `claim` says by what, as `transparency.idempotency` holds it."""

    def __init__(self, claim: object) -> None:
        super().__init__("the idempotency key is in use")
        self.claim = claim


class CodeTaken(TransparencyError):
    """Another token has this code."""


class TokenExists(TransparencyError):
    """A token with this jti is in a log already."""


class LogUnknown(TransparencyError):
    """There is no log of this id."""


class EntryUnknown(TransparencyError):
    """The log has no leaf at this index."""


class StatusListUnknown(TransparencyError):
    """There is no status list of this number."""


class LogConflict(TransparencyError):
    """The log exists with another origin, or the origin belongs to another log."""


class LogCorrupt(TransparencyError):
    """The stored head, the tiles and what this process saw before cannot all be true."""


class LogHalted(TransparencyError):
    """A witness, or the root log, has seen more of this log than there is. `str()` says who saw what."""


class StoreUnavailable(TransparencyError):
    """Nothing was acknowledged: locked too long, disk full, connection lost, no signature. Trying again is safe."""


class CommitInterrupted(StoreUnavailable):
    """The commit may have been made or not. Asking again with the same idempotency key is safe."""


class Overloaded(TransparencyError):
    """Too much waits to be committed. Nothing was written; try again in a moment."""
