"""Where the logs are published: what a folder and an S3-compatible store have in common.

PublishingFailed
├── TargetUnavailable   the folder or store cannot be read or written; trying again is safe
└── TargetWrong         it holds what we did not write, or not what we wrote
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Protocol

from transparency.errors import TransparencyError
from transparency.publishing.plan import Headers

MAX_OBJECT_BYTES: Final = 256 * (2 + 65_535)  # the longest bundle there can be


class PublishingFailed(TransparencyError):
    """Something could not be published, or is not there as it was published."""


class TargetUnavailable(PublishingFailed):
    """The folder or the store cannot be read or written."""


class TargetWrong(PublishingFailed):
    """The folder or the store holds something else than it should."""


@dataclass(frozen=True, slots=True)
class Stored:
    """An object as it was read: its bytes, and what tells this version of it from others."""

    data: bytes
    version: str


class Target(Protocol):
    """A folder or a store. Names are relative paths with `/`. Every method raises TargetUnavailable."""

    @property
    def workers(self) -> int:
        """How many objects it is worth writing at a time."""

    def get(self, name: str) -> Stored | None:
        """Return an object, or None where there is none. Raises TargetWrong for one that is absurdly long."""

    def put(self, name: str, data: bytes, headers: Headers) -> None:
        """Write an object whole and durably, whatever was there before."""

    def swap(self, name: str, data: bytes, headers: Headers, *, over: Stored | None) -> bool:
        """Write an object if what is there is still `over` (None: nothing); tell whether it was written."""

    def list(self, folder: str) -> Iterator[str]:
        """Yield the names of all objects whose names begin with `folder`, which is empty or ends in `/`."""

    def delete(self, name: str) -> None:
        """Remove an object, or do nothing where there is none."""
