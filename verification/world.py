"""What verification needs of the outside; `wiring.py` fills it, tests build it by hand."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from cryptography.hazmat.primitives.asymmetric import ec
from sqlalchemy import Engine

from sigill.report.trust import Trust
from transparency.log import TransparencyLog


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportKey:
    """The key that signs verification receipts; another one than the seals'."""

    kid: str
    private_key: ec.EllipticCurvePrivateKey


@dataclass(frozen=True, slots=True, kw_only=True)
class VerificationWorld:
    """`trust()` is one snapshot of keys and logs; `salt_keys(operator, at)` are the month's, newest first.

    There are none where they were destroyed or never made. `report_key(at)` signs at `at`.

    `own_hosts`: where our links lead (host, and port if it is not the scheme's own), lower-case.
    """

    issuer: str
    now: Callable[[], datetime]
    random: Callable[[int], bytes]
    engine: Engine
    log: TransparencyLog
    trust: Callable[[], Trust]
    salt_keys: Callable[[str, datetime], Sequence[bytes]]
    report_key: Callable[[datetime], ReportKey]
    own_hosts: frozenset[str]
