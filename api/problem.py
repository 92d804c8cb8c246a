"""One kind of problem (RFC 9457)."""

from dataclasses import dataclass
from typing import Final

RETRY_AFTER_S: Final = 2
_UNAVAILABLE: Final = 503


@dataclass(frozen=True, slots=True)
class Problem:
    """One kind of problem: its slug, status, title, and what to do about it; after how long to try again, if ever."""

    slug: str
    status: int
    title: str
    mend: str
    after_s: int | None = None

    @property
    def retry_after_s(self) -> int | None:
        """What Retry-After says: a 503 always says something."""
        return RETRY_AFTER_S if self.after_s is None and self.status == _UNAVAILABLE else self.after_s
