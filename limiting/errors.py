"""Why a request is not answered now.

LimitingError
├── LimitReached       more was asked in a time window than the quota allows
└── GuessingSlowed     too many wrong keys or codes: wait before the next one
"""

from limiting.quotas import Standing
from sigill.errors import SigillError


class LimitingError(SigillError):
    """Asked too soon; `after_s` (whole seconds, at least 1) says when to ask again."""

    def __init__(self, detail: str, *, after_s: int) -> None:
        super().__init__(detail)
        self.after_s = after_s


class LimitReached(LimitingError):
    """A quota is used up; `standing` says which, and until when."""

    def __init__(self, standing: Standing) -> None:
        quota = standing.quota
        super().__init__(
            f"more than {quota.amount} in {quota.window_s} s ({quota.name}); wait {standing.after_s} s",
            after_s=standing.after_s,
        )
        self.standing = standing


class GuessingSlowed(LimitingError):
    """Too many wrong ones came from here, or for the same thing."""

    def __init__(self, *, after_s: int) -> None:
        super().__init__(f"too many wrong ones came from your address; wait {after_s} s", after_s=after_s)
