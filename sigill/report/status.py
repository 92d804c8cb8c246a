"""Whether the sender still stands by a message: its own guarantor knows at once, others by a signed list.

A list that is too old still proves a withdrawal, for none is ever taken back; that a message stands it proves only
while it counts. A list that cannot be believed proves nothing, neither way.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sigill.errors import SignatureInvalid
from sigill.keys.p256 import check_signature
from sigill.report.checks import Detail
from sigill.report.trust import Trust
from sigill.seal.claims import StatusClaim
from sigill.status.bits import Status
from sigill.status.token import TYP, ParsedStatusList

CLOCK_TOLERANCE: Final = timedelta(minutes=5)
MAX_AGE: Final = timedelta(hours=24)
"""How long a list without `exp` counts."""


@dataclass(frozen=True, slots=True)
class StatusEvidence:
    """What there is to know of a withdrawal.

    `lists` are status list tokens that were brought. `asked` says that the guarantor's own register was looked at:
    then `withdrawn_at` is its answer (None: the message stands). `reachable` is False where it did not answer.
    """

    lists: tuple[ParsedStatusList, ...] = ()
    asked: bool = False
    withdrawn_at: datetime | None = None
    reachable: bool = True


NOTHING_KNOWN: Final = StatusEvidence()


def status_detail(claim: StatusClaim | None, evidence: StatusEvidence, *, trust: Trust, at: datetime) -> Detail:
    """Return what the evidence says of the seal that carries `claim`."""
    if evidence.asked:
        return Detail.STATUS_VALID if evidence.withdrawn_at is None else Detail.WITHDRAWN
    if not evidence.reachable:
        return Detail.STATUS_UNKNOWN
    if claim is None:
        return Detail.STATUS_NOT_CARRIED
    found = {_of_list(item, claim, trust, at) for item in evidence.lists if item.list.uri == claim.uri}
    return next((detail for detail in _SUREST_FIRST if detail in found), Detail.STATUS_UNKNOWN)


_SUREST_FIRST: Final = (
    Detail.WITHDRAWN,
    Detail.STATUS_VALID,
    Detail.STATUS_LIST_TOO_OLD,
    Detail.STATUS_LIST_WRONG,
)


def _of_list(token: ParsedStatusList, claim: StatusClaim, trust: Trust, at: datetime) -> Detail:
    if not _is_believed(token, trust, at):
        return Detail.STATUS_LIST_WRONG
    match token.list.status(claim.idx):
        case Status.INVALID:
            return Detail.WITHDRAWN
        case Status.VALID:
            until = token.list.exp or token.list.iat + MAX_AGE
            return Detail.STATUS_VALID if at < until else Detail.STATUS_LIST_TOO_OLD
        case _:  # outside the list, or a status that Sigill does not know
            return Detail.STATUS_LIST_WRONG


def _is_believed(token: ParsedStatusList, trust: Trust, at: datetime) -> bool:
    key = trust.key(token.kid, typ=TYP)
    if key is None or key.compromised_at is not None or token.list.iat > at + CLOCK_TOLERANCE:
        return False
    if not key.valid_from <= token.list.iat < key.valid_until:
        return False
    try:
        check_signature(key.public_key, signature=token.signature, message=token.signing_input)
    except SignatureInvalid:
        return False
    return True
