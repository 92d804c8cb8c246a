"""The check: what was acknowledged against what the log proves and the database holds. Pure, but for its memory."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from sigill.errors import SigillError
from sigill.report.checks import CheckName, Outcome
from sigill.report.content import Presented
from sigill.report.judge import Evidence as SealEvidence
from sigill.report.judge import LogEvidence, judge_seal
from sigill.report.openers import BroughtOpener
from sigill.report.trust import Trust
from sigill.seal.token import parse_seal
from sigill.tlog.checkpoint import Checkpoint, parse_checkpoint
from sigill.tlog.leaf import Leaf, LeafKind, format_leaf, leaf_of, parse_leaf
from sigill.tlog.note import parse_note
from sigill.tlog.proof import parse_proof
from sigill.tlog.tree import Frontier, grow, hash_leaf
from tests.faults.chains import check_chains
from tests.faults.evidence import Evidence, ReadLog
from tests.faults.findings import Fault, Finding
from tests.faults.ledger import Acknowledged, Asked, Denied, Sealed
from tests.faults.rows import check_rows, check_serials

_PROVEN = (CheckName.ISSUER, CheckName.SIGNATURE, CheckName.LOG, CheckName.CONTENT)


class Checker:
    """Checks as often as asked. What `sigill` verified of one answer holds for ever, and is not verified again."""

    def __init__(self, *, keys: bool) -> None:
        self._keys = keys
        self._verified: set[tuple[str, str]] = set()

    def check(
        self, asked: Mapping[int, Asked], acknowledged: Sequence[Acknowledged], evidence: Evidence
    ) -> list[Finding]:
        """Return every broken promise."""
        found = list(evidence.findings)
        checkpoints = {answer.receipt: _checkpoint_of(answer) for answer in acknowledged if isinstance(answer, Sealed)}
        for log in evidence.logs.values():
            seen = [head for head in checkpoints.values() if head is not None and head.origin == log.log.origin]
            found += check_tree(log, seen)
        # A clock set back and forth leaves seals younger than the trust file: take it as fetched after them.
        trust = replace(evidence.trust, as_of=max(evidence.trust.as_of, datetime.now(UTC)))
        for answer in acknowledged:
            found += self._check_answer(answer, asked[answer.serial], evidence.logs.get(answer.origin), trust)
        found += check_told_once(acknowledged, keys=self._keys)
        found += check_batches(asked, acknowledged)
        found += check_rows(evidence.rows)
        found += check_serials(evidence.rows, asked, acknowledged, keys=self._keys)
        found += check_chains(evidence.rows)
        return found

    def _check_answer(self, answer: Acknowledged, asked: Asked, log: ReadLog | None, trust: Trust) -> Iterator[Finding]:
        name = f"message {answer.serial} ({answer.id})"
        entry = log.entries[answer.index] if log is not None and answer.index < len(log.entries) else None
        if entry is None:
            yield Finding(Fault.LOST, f"{name}: {answer.origin} has no leaf {answer.index}")
            return
        if isinstance(answer, Denied):
            leaf = parse_leaf(entry)
            if not isinstance(leaf, Leaf) or leaf.kind is not LeafKind.DENY:
                yield Finding(Fault.LOST, f"{name}: leaf {answer.index} of {answer.origin} is no refusal")
            return
        jws = answer.seal.partition("~")[0]
        if entry != format_leaf(leaf_of(LeafKind.SEAL, jws.encode())):
            yield Finding(Fault.LOST, f"{name}: leaf {answer.index} of {answer.origin} is another's")
        if (answer.seal, answer.receipt) not in self._verified:
            wrong = list(verify_offline(answer, asked, trust))
            yield from wrong
            if not wrong:
                self._verified.add((answer.seal, answer.receipt))


def verify_offline(answer: Sealed, asked: Asked, trust: Trust) -> Iterator[Finding]:
    """Make the customer's checks that depend on no clock: issuer, signature, log and content; and what was answered."""
    name = f"message {answer.serial} ({answer.id})"
    try:
        seal = parse_seal(answer.seal)
        proof = parse_proof(answer.receipt)
    except SigillError as error:
        yield Finding(Fault.LOST, f"{name}: what was answered cannot be read: {error}")
        return
    conversation = seal.claims.conv
    told = (answer.id, answer.index, answer.conversation, answer.seq)
    shown = (None, None) if conversation is None else (conversation.id, conversation.seq)
    if told != (seal.claims.jti, proof.index, *shown):
        yield Finding(Fault.LOST, f"{name}: the answer says {told}, the seal and its receipt say otherwise")
    evidence = SealEvidence(
        presented=Presented(text=asked.text),
        trust=trust,
        opener=BroughtOpener(seal),
        log=LogEvidence(answer.receipt),
        at=datetime.now(UTC),
    )
    for check in judge_seal(seal, evidence).checks:
        if check.check in _PROVEN and check.outcome is not Outcome.PASSED:
            yield Finding(Fault.LOST, f"{name}: {check.check} {check.outcome} ({check.detail})")


def check_tree(log: ReadLog, seen: Iterable[Checkpoint]) -> Iterator[Finding]:
    """Rebuild the tree from its entries; its root, and that of every checkpoint `seen` before, must come out."""
    roots = {0: Frontier().root()}
    frontier = Frontier()
    wanted: dict[int, set[bytes]] = defaultdict(set)
    for checkpoint in [log.checkpoint, *seen]:
        wanted[checkpoint.size].add(checkpoint.root)
    for entry in log.entries:
        frontier, _ = grow(frontier, [hash_leaf(entry)])
        if frontier.size in wanted:
            roots[frontier.size] = frontier.root()
    for size, expected in sorted(wanted.items()):
        if expected != {roots.get(size)}:
            yield Finding(Fault.ROOT, f"{log.log.origin}: a checkpoint of size {size} is no prefix of the tree now")
    if len(log.entries) != log.checkpoint.size:
        yield Finding(Fault.ROOT, f"{log.log.origin}: {len(log.entries)} entries under a head of {log.checkpoint.size}")
    twice = [entry for entry, times in Counter(log.entries).items() if times > 1]
    for entry in twice:
        yield Finding(Fault.TWICE, f"{log.log.origin}: the leaf {entry.decode()} stands there more than once")


def check_told_once(acknowledged: Sequence[Acknowledged], *, keys: bool) -> Iterator[Finding]:
    """Every answer about one message names the same seal, and no two messages share an id or a place."""
    ids: dict[int, set[str]] = defaultdict(set)
    by_id: dict[str, set[int]] = defaultdict(set)
    by_place: dict[tuple[str, int], set[int]] = defaultdict(set)
    for answer in acknowledged:
        ids[answer.serial].add(answer.id)
        by_id[answer.id].add(answer.serial)
        by_place[answer.origin, answer.index].add(answer.serial)
    for serial, found in ids.items():
        if keys and len(found) > 1:
            yield Finding(Fault.TWICE, f"message {serial}: one key, {len(found)} answers: {', '.join(sorted(found))}")
    for answer_id, serials in by_id.items():
        if len(serials) > 1:
            yield Finding(Fault.TWICE, f"the id {answer_id} was given to messages {sorted(serials)}")
    for (origin, index), serials in by_place.items():
        if len(serials) > 1:
            yield Finding(Fault.TWICE, f"leaf {index} of {origin} was given to messages {sorted(serials)}")


def check_batches(asked: Mapping[int, Asked], acknowledged: Sequence[Acknowledged]) -> Iterator[Finding]:
    """The messages of one conversation in one batch stand in the conversation in their order."""
    places: dict[tuple[str, str], dict[int, int]] = defaultdict(dict)
    for answer in acknowledged:
        if isinstance(answer, Sealed) and answer.conversation is not None and answer.seq is not None:
            places[asked[answer.serial].key, answer.conversation][answer.serial] = answer.seq
    for (key, conversation), seqs in places.items():
        in_order = [seqs[serial] for serial in sorted(seqs)]
        if in_order != sorted(in_order):
            yield Finding(Fault.CHAIN, f"{key}: its messages in {conversation} stand there as {in_order}")


def _checkpoint_of(answer: Sealed) -> Checkpoint | None:
    """Return the checkpoint in an answer's receipt, unverified (`verify_offline` does that); None for no receipt."""
    try:
        checkpoint = parse_checkpoint(parse_note(parse_proof(answer.receipt).checkpoint).text)
    except SigillError:
        return None
    return checkpoint if checkpoint.origin == answer.origin else None
