"""What one resolver said of the TXT records of a name, as a value."""

from dataclasses import dataclass
from enum import StrEnum


class TxtOutcome(StrEnum):
    """How the question ended. The first three are answers, the others none."""

    RECORDS = "records"
    NO_RECORDS = "no_records"
    NO_SUCH_NAME = "no_such_name"
    TIMEOUT = "timeout"
    REFUSED = "refused"
    BROKEN = "broken"


@dataclass(frozen=True, slots=True, kw_only=True)
class TxtAnswer:
    """One resolver's answer, with the strings of each record joined, and the whole message as it came (RFC 1035).

    `authenticated` is the resolver's word that it checked DNSSEC.
    """

    resolver: str
    outcome: TxtOutcome
    records: tuple[bytes, ...] = ()
    authenticated: bool = False
    message: bytes = b""
