"""What verification needs of the outside; `wiring.py` fills it, tests build it by hand."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine

from registry.sending.directory import Directory
from sigill.keys.p256 import Signer
from sigill.report.trust import Trust
from transparency.log import TransparencyLog


@dataclass(frozen=True, slots=True, kw_only=True)
class VerificationWorld:
    """`trust()` is one snapshot of keys and logs; `salt_keys(operator, at)` are the month's, newest first.

    There are none where they were destroyed or never made. `report_signer(at)` signs the
    receipts of verifications at `at`; its `sign` raises a SigillError where the key does not answer.

    `own_hosts`: where our links lead (host, and port if it is not the scheme's own), lower-case.
    `directory` looks up who a message claims to be from.
    """

    issuer: str
    now: Callable[[], datetime]
    random: Callable[[int], bytes]
    engine: Engine
    log: TransparencyLog
    trust: Callable[[], Trust]
    salt_keys: Callable[[str, datetime], Sequence[bytes]]
    report_signer: Callable[[datetime], Signer]
    own_hosts: frozenset[str]
    directory: Directory | None = None
