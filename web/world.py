"""What the pages need of the outside; `wiring.py` fills it, tests build it by hand."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from verification.service import Verdict, VerifyRequest


@dataclass(frozen=True, slots=True)
class SourceLink:
    """What a rule rests on, as customers see it: its title, and where to read it."""

    title: str
    url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WebWorld:
    """`verify` raises MalformedSeal, NothingToVerify; `zone` is where the times customers read are told.

    `base_url` has no slash at its end; `sources` are by the ids that rules name.
    """

    verify: Callable[[VerifyRequest], Verdict]
    base_url: str
    issuer: str
    demonstration: bool
    zone: ZoneInfo
    now: Callable[[], datetime]
    sources: Mapping[str, SourceLink]
