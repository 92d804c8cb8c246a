"""What the API needs of the outside; `wiring.py` fills it."""

from collections.abc import Callable
from dataclasses import dataclass

from flask import Response

from registry.model import Operator
from sigill.report.trust import Trust
from signing.world import SigningWorld
from verification.world import VerificationWorld


@dataclass(frozen=True, slots=True)
class Readiness:
    """Whether the service can do its work now: each part's name, and what is wrong with it (None: nothing)."""

    parts: dict[str, str | None]

    @property
    def ready(self) -> bool:
        """Whether nothing is wrong."""
        return all(fault is None for fault in self.parts.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiWorld:
    """`operator_page` and `problem_page` render HTML for people; the API itself only speaks JSON."""

    signing: SigningWorld
    verification: VerificationWorld
    base_url: str
    trust: Callable[[], Trust]
    readiness: Callable[[], Readiness]
    operator_page: Callable[[Operator], Response]
    problem_page: Callable[[str], Response]
