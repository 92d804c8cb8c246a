"""What a receipt shows: that a seal is in its operator's log, and that independent witnesses have seen that log.

The two are reported apart. A log's own signature says "it is in here"; only others' signatures say that everybody is
shown the same log. Where a seal's key was stolen, they also say that the seal is older than the theft: a thief chooses
what time a seal names, not what time the witnesses name.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache

from sigill.errors import MalformedNote, SigillError
from sigill.report.checks import Detail
from sigill.report.trust import Trust, TrustedLog
from sigill.seal.claims import operator_id_of
from sigill.seal.token import ParsedSeal, jws_hash
from sigill.tlog.checkpoint import parse_checkpoint
from sigill.tlog.leaf import Leaf, LeafKind, format_leaf
from sigill.tlog.log_policy import LogPolicy, parse_log_policy, quorum_time
from sigill.tlog.note import parse_note
from sigill.tlog.proof import ProvenInclusion, is_signed_as, parse_proof, verify_proof
from sigill.tlog.tree import hash_leaf
from sigill.tlog.witnessed import WRONG, second_proof, verify_head


@dataclass(frozen=True, slots=True)
class LogEvidence:
    """A `tlog-proof@v1` for the seal (perhaps with a second one for the root log), or none.

    `reachable` is False where the log could not be asked; `absent` is True where it was, and holds no such seal;
    `erased` where it holds the seal's hash only, for what stood behind it was erased since.
    """

    receipt: str | None
    reachable: bool = True
    absent: bool = False
    erased: bool = False


@dataclass(frozen=True, slots=True)
class Logged:
    """How the checks `log` and `witnessed` end, and by when enough witnesses had cosigned (None: they have not)."""

    log: Detail
    witnessed: Detail = Detail.NOT_WITNESSED_YET
    witnessed_at: datetime | None = None


def look_in_log(seal: ParsedSeal, evidence: LogEvidence, *, trust: Trust, policy: LogPolicy | None) -> Logged:
    """Return what the receipt shows. `policy` names the witnesses that count; None: those the trust file names."""
    if not evidence.reachable:
        return Logged(Detail.LOG_UNREACHABLE)
    if evidence.absent:
        return Logged(Detail.NOT_IN_THE_LOG)
    if evidence.receipt is None:
        return Logged(Detail.NO_RECEIPT)
    trusted = trust.logs.get(operator_id_of(seal.claims))
    if trusted is None:
        return Logged(Detail.LOG_KEY_UNKNOWN)
    leaf_hash = hash_leaf(format_leaf(Leaf(LeafKind.SEAL, jws_hash(seal.jws.text))))
    try:
        proven = verify_proof(evidence.receipt, leaf_hash=leaf_hash, origin=trusted.origin, keys=trusted.keys)
    except SigillError:
        return Logged(Detail.LOG_KEY_UNKNOWN if _is_by_newer_key(evidence.receipt, trusted) else Detail.NOT_IN_THE_LOG)
    return _look_in_root_log(evidence.receipt, proven, trust, policy)


def _is_by_newer_key(receipt: str, trusted: TrustedLog) -> bool:
    """Tell whether a receipt is signed in the log's name by keys that the trust file does not know (yet).

    Then nothing is shown, as by no receipt at all: the log's key may have been rotated since.
    """
    try:
        is_of_log = parse_checkpoint(parse_note(parse_proof(receipt).checkpoint).text).origin == trusted.origin
        return is_of_log and not is_signed_as(receipt, keys=trusted.keys)
    except MalformedNote:
        return False


def _look_in_root_log(receipt: str, proven: ProvenInclusion, trust: Trust, policy: LogPolicy | None) -> Logged:
    found = Detail.IN_THE_LOG
    try:
        second = second_proof(receipt)
        policy = _policy_of(trust.log_policy) if policy is None else policy
    except MalformedNote:
        return Logged(found, Detail.NOT_IN_THE_ROOT_LOG)
    if second is None or trust.root is None:
        return Logged(found)
    keys = (*trust.root.keys, *policy.log_keys(trust.root.origin))
    try:
        head = verify_head(
            second, head=proven.checkpoint, origin=trust.root.origin, keys=keys, witnesses=policy.witness_keys
        )
    except WRONG:
        return Logged(found, Detail.NOT_IN_THE_ROOT_LOG)
    if policy.quorum is None:
        return Logged(found, Detail.NO_WITNESS_TRUSTED)
    time_s = quorum_time(policy, head.cosignatures)
    if time_s is None:
        return Logged(found, Detail.TOO_FEW_WITNESSES)
    return Logged(found, Detail.WITNESSED, _at(time_s))


@lru_cache(maxsize=16)
def _policy_of(text: str | None) -> LogPolicy:
    return LogPolicy() if text is None else parse_log_policy(text)


def _at(time_s: int) -> datetime:
    """Return a cosignature's time; the last one a calendar has for one beyond it."""
    try:
        return datetime.fromtimestamp(time_s, UTC)
    except (OverflowError, ValueError, OSError):
        return datetime.max.replace(tzinfo=UTC)
