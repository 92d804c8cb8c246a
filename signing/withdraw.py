"""Withdrawing a message: a leaf of its own in the log and a bit in its status list, both or neither.

The seal stays what it was, only its sender no longer stands by it. A withdrawal is never taken back, and a second one
gets the first one's answer. An operator may withdraw whatever its own standing is by then.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sigill.encoding.base64url import format_base64url
from sigill.encoding.strict_json import format_canonical_json
from sigill.tlog.leaf import LeafKind, leaf_of
from sigill.vocabulary import WithdrawalReason
from signing.errors import MessageNotFound, RequestInvalid
from signing.world import SigningWorld
from transparency.append import Append, StoredToken
from transparency.errors import GuardFailed, LogUnknown
from transparency.withdrawals import Withdrawal, find_withdrawal, keep_withdrawal, still_stands

MAX_NOTE: Final = 500
_SALT_BYTES: Final = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Withdrawn:
    """A withdrawal that is durably in the log; `receipt` proves its leaf (a C2SP tlog-proof)."""

    jti: str
    at: datetime
    reason: WithdrawalReason
    origin: str
    index: int
    receipt: str


def withdraw(
    jti: str, *, operator_id: str, reason: WithdrawalReason, note: str | None = None, world: SigningWorld
) -> Withdrawn:
    """Withdraw a message of the operator's; at once in every process online, with the next status list offline.

    `note` is one line for auditors; it stays in the log's record and must hold no personal data. What was withdrawn
    before gets the answer it got then. Raises MessageNotFound,
    RequestInvalid, Overloaded, StoreUnavailable.
    """
    if note is not None and not (0 < len(note) <= MAX_NOTE and note.isprintable()):
        raise RequestInvalid("/note", f"a note is one line of 1 to {MAX_NOTE} printable characters")
    token = world.log.token_by_jti(jti)
    if token is None or token.code is None or token.operator_id != operator_id:  # an event has no code
        raise MessageNotFound("no message of yours has this id")
    earlier = find_withdrawal(world.engine, jti)
    if earlier is not None:
        return _answer_again(earlier, world)
    at = world.now().replace(microsecond=0)
    try:
        appended = world.log.append(_append(token, reason, note, at, world))
    except GuardFailed:  # another thread or process was faster
        first = find_withdrawal(world.engine, jti)
        if first is None:
            raise
        return _answer_again(first, world)
    return Withdrawn(
        jti=jti, at=at, reason=reason, origin=appended.origin, index=appended.index, receipt=appended.receipt
    )


def _append(
    token: StoredToken, reason: WithdrawalReason, note: str | None, at: datetime, world: SigningWorld
) -> Append:
    record: dict[str, Any] = {
        "v": 1,
        "t": LeafKind.REVOKE.value,
        "id": token.jti,
        "reason": reason.value,
        "at": int(at.timestamp()),
        "salt": format_base64url(world.random(_SALT_BYTES)),
    }
    if note is not None:
        record["note"] = note
    body = format_canonical_json(record)
    kept = keep_withdrawal(token.jti, operator_id=token.operator_id, reason=reason.value, at=at, log_id=token.log_id)
    return Append(
        log_id=token.log_id,
        leaf=leaf_of(LeafKind.REVOKE, body),
        record=body,
        guards=(still_stands(token.jti),),
        writes=(kept,),
    )


def _answer_again(first: Withdrawal, world: SigningWorld) -> Withdrawn:
    head = world.log.head(first.log_id)
    if head is None:
        raise LogUnknown(f"no log {first.log_id[:80]!r}")
    return Withdrawn(
        jti=first.jti,
        at=first.at,
        reason=WithdrawalReason(first.reason),
        origin=head.origin,
        index=first.index,
        receipt=world.log.receipt_at(  # it was committed alone
            first.log_id, first.index, first.index + 1, at=first.at
        ),
    )
