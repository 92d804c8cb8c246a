"""What can go wrong in the log's writer.

TransparencyError(SigillError)
├── GuardFailed        a guard found the world changed since the request was decided; subclasses may carry the winner
├── CodeTaken          the token's code is in use: draw another and append again
├── TokenExists        the token's jti is in the log already
├── LogUnknown         no log of that id
├── EntryUnknown       no leaf at that index
├── LogConflict        a log of that id has another origin, or the origin another log
├── LogCorrupt         head, tiles and memory contradict each other: nothing more is signed for that log
└── StoreUnavailable   the database, or the key of the checkpoint, did not answer; nothing was acknowledged
"""

from sigill.errors import SigillError


class TransparencyError(SigillError):
    """The root: whatever this package raises on purpose."""


class GuardFailed(TransparencyError):
    """The state a request was decided on is no longer the state. Decide and sign again."""


class CodeTaken(TransparencyError):
    """Another token has this code."""


class TokenExists(TransparencyError):
    """A token with this jti is in a log already."""


class LogUnknown(TransparencyError):
    """There is no log of this id."""


class EntryUnknown(TransparencyError):
    """The log has no leaf at this index."""


class LogConflict(TransparencyError):
    """The log exists with another origin, or the origin belongs to another log."""


class LogCorrupt(TransparencyError):
    """The stored head, the tiles and what this process saw before cannot all be true."""


class StoreUnavailable(TransparencyError):
    """Nothing was acknowledged: locked too long, disk full, connection lost, no signature. Trying again is safe."""
