"""What the witnesses themselves show of the root log (https://c2sp.org/tlog-witness): is it what everybody sees?"""

from collections.abc import Callable, Mapping, Sequence

from sigill.client.errors import RequestRefused, ServiceUnavailable, SettingsRefused, UnexpectedAnswer
from sigill.client.log_source import LogSource
from sigill.client.monitor_look import Look, ProvenLog
from sigill.errors import SignatureInvalid
from sigill.tlog.cosignature import verify_cosignatures
from sigill.tlog.faults import Fault, Finding
from sigill.tlog.log_policy import LogPolicy, PolicyWitness
from sigill.tlog.note import VerifierKey, parse_note
from sigill.tlog.shown_checkpoint import MAX_CHECKPOINT_BYTES, SeenCheckpoint, see_checkpoint
from sigill.tlog.witness_wire import origin_hash

OpenWitness = Callable[[str], LogSource]
"""Gives what a witness at an address is read from."""


def look_at_witnesses(
    policy: LogPolicy,
    *,
    seen: SeenCheckpoint,
    proven: ProvenLog,
    keys: Sequence[VerifierKey],
    open_witness: OpenWitness,
    look: Look,
) -> Mapping[str, SeenCheckpoint]:
    """Compare what the witnesses with an address show with `seen`; return those that show a longer log."""
    ahead: dict[str, SeenCheckpoint] = {}
    for name, witness in policy.witnesses.items():
        if witness.url is None:
            continue
        try:
            theirs = _read(
                name, witness, origin=seen.checkpoint.origin, keys=keys, source=open_witness(witness.url), look=look
            )
        except (ServiceUnavailable, UnexpectedAnswer, RequestRefused, SettingsRefused) as error:
            look.failed.append(f"witness {name}: {error}")
            continue
        if theirs is None:
            continue
        if theirs.head.size > seen.head.size:
            ahead[name] = theirs
            continue
        finding = proven.judge(theirs.head)
        if finding is not None:
            notes = (theirs.note, seen.note) if finding.fault in {Fault.FORKED, Fault.NOT_CONSISTENT} else ()
            where = f"witness {name}" if notes else finding.where
            words = f"witness {name} saw another root at {theirs.head.size} entries" if notes else finding.detail
            look.find(Finding(finding.fault, finding.origin, where, words), *notes)
    return ahead


def judge_ahead(
    ahead: Mapping[str, SeenCheckpoint], *, before: Mapping[str, int], seen: SeenCheckpoint, grace_s: int, look: Look
) -> dict[str, int]:
    """Report the witnesses that have shown a longer log for at least `grace_s`; return since when each has.

    The log is told to its witnesses before it is told to everybody, so for a moment any may be ahead.
    """
    since = {name: before.get(name, look.at_s) for name in ahead}
    for name, theirs in ahead.items():
        if look.at_s - since[name] >= grace_s:
            words = f"witness {name} saw {theirs.head.size} entries, the log shows {seen.head.size}"
            look.find(
                Finding(Fault.WITNESS_AHEAD, seen.checkpoint.origin, f"witness {name}", words), theirs.note, seen.note
            )
        else:
            look.remarks.append(
                f"witness {name} shows {theirs.head.size} entries, the log {seen.head.size}: looking again"
            )
    return since


def _read(
    name: str, witness: PolicyWitness, *, origin: str, keys: Sequence[VerifierKey], source: LogSource, look: Look
) -> SeenCheckpoint | None:
    data = source.read(f"{origin_hash(origin)}/checkpoint", max_bytes=MAX_CHECKPOINT_BYTES)
    if data is None:
        look.remarks.append(f"witness {name} has not seen this log")
        return None
    theirs = see_checkpoint(data, origin=origin, keys=keys, where=f"witness {name}")
    if isinstance(theirs, Finding):
        look.find(theirs)
        return None
    try:
        cosigned = verify_cosignatures(parse_note(theirs.note), keys=[witness.key])
        words = "" if cosigned else "it shows a checkpoint that it has not cosigned"
    except SignatureInvalid as error:
        words = str(error)
    if words:
        look.find(Finding(Fault.COSIGNATURE_WRONG, origin, f"witness {name}", words))
    return theirs
