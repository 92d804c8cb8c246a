"""The root log: heads that only grow, checkpoints with their quorum, receipts that lead all the way."""

from collections.abc import Callable, Mapping
from datetime import timedelta

import pytest
from sqlalchemy import Engine, delete, select, update

from sigill.report.trust import ROOT
from sigill.tlog.checkpoint import parse_checkpoint, verify_checkpoint
from sigill.tlog.cosignature import WitnessKey, cosign
from sigill.tlog.faults import Fault
from sigill.tlog.leaf import HeadLeaf, format_leaf
from sigill.tlog.log_policy import LogPolicy
from sigill.tlog.note import SignedNote, VerifierKey, format_note, parse_note
from sigill.tlog.proof import parse_proof
from sigill.tlog.tree import check_consistency, hash_leaf
from sigill.tlog.witness_wire import AddCheckpoint
from sigill.tlog.witnessed import second_proof, verify_head
from storage.engine import reading, writing
from tests.builders_root import ROOT_ORIGIN, WITNESSES, make_policy
from tests.builders_seal import MemoryLog
from tests.transparency.conftest import AT, PRIVATE_KEY, MemorySigner, Notary, Seal
from transparency.append import Append, Appended
from transparency.errors import GuardFailed, LogHalted
from transparency.log import TransparencyLog
from transparency.publisher import Publisher, check_heads_held
from transparency.root_log import (
    RootCheckpoint,
    halt,
    head_append,
    load_newest_heads,
    newest_checkpoint,
    resume,
    save_checkpoint,
)
from transparency.tables import entries, heads, logs, root_checkpoints, tiles
from transparency.witnessing import Cosigned, Declined, Knows, Reply, Witness, Witnesses

ROOT_KEYS = (MemorySigner(ROOT_ORIGIN).verifier,)


class HonestWitness:
    """A witness in memory that keeps the rules of C2SP's tlog-witness."""

    def __init__(self, name: str, *, behind: int = 0) -> None:
        self._signer = WITNESSES[name]
        self.size = behind
        self.root = b""
        self.note = ""
        self.asked: list[AddCheckpoint] = []

    @property
    def key(self) -> WitnessKey:
        return self._signer.witness

    def add(self, request: AddCheckpoint) -> Reply:
        self.asked.append(request)
        head = verify_checkpoint(request.checkpoint, origin=ROOT_ORIGIN, keys=ROOT_KEYS)
        if request.old_size != self.size:
            return Knows(self.size)
        if self.size:
            check_consistency(
                old_size=self.size, old_root=self.root, new_size=head.size, new_root=head.root, proof=request.proof
            )
        self.size, self.root = head.size, head.root
        parsed = parse_note(request.checkpoint)
        line = cosign(parsed.text, signer=self._signer, time_s=int(AT.timestamp()) + head.size)
        self.note = format_note(SignedNote(parsed.text, (*parsed.signatures, line)))
        return Cosigned(line)

    def shown(self, _origin: str, _keys: tuple[VerifierKey, ...]) -> str | None:
        return self.note or None


class DeadWitness(HonestWitness):
    """One that never answers."""

    def add(self, _request: AddCheckpoint) -> Reply:
        return Declined("does not answer")


class LyingWitness(HonestWitness):
    """One that says it has seen more than there is, and can show nothing."""

    def add(self, _request: AddCheckpoint) -> Reply:
        return Knows(1_000_000)


class StuckWitness(HonestWitness):
    """One that says of every proof that it should have begun elsewhere."""

    def add(self, request: AddCheckpoint) -> Reply:
        return Knows(1 if request.old_size == 0 else 0)


@pytest.fixture
def rooted(log: TransparencyLog) -> TransparencyLog:
    log.create_log(ROOT, ROOT_ORIGIN)
    return log


def policy(quorum: str | None) -> LogPolicy:
    """Return a policy over the two witnesses."""
    return make_policy(MemoryLog(ROOT_ORIGIN, seed=8), quorum=quorum)


def publisher(
    engine: Engine, log: TransparencyLog, witnesses: Mapping[str, Witness], *, quorum: str | None = "both"
) -> Publisher:
    """Return a publisher over these witnesses."""
    asked = Witnesses(policy(quorum), witnesses, timeout_s=5)
    return Publisher(engine=engine, log=log, root_keys=lambda: ROOT_KEYS, witnesses=asked, now=lambda: AT)


def both() -> dict[str, HonestWitness]:
    """Return two honest witnesses."""
    return {name: HonestWitness(name) for name in WITNESSES}


def append_some(log: TransparencyLog, seal: Seal, *names: str, log_id: str = "bank") -> list[Append]:
    """Append seals and return what was appended."""
    appends = [seal(log_id, name) for name in names]
    assert all(isinstance(answer, Appended) for answer in log.append_all(appends))
    return appends


def test_a_round_puts_every_head_that_changed_into_the_root_log(
    engine: Engine, rooted: TransparencyLog, seal: Seal, check_log: Callable[[str], int]
) -> None:
    append_some(rooted, seal, "1", "2")
    append_some(rooted, seal, "3", log_id="telco")
    done = publisher(engine, rooted, both()).run()
    assert (done.heads, done.findings, done.declined) == (2, (), {})
    assert check_log(ROOT) == 2
    bank = rooted.head("bank")
    assert bank is not None
    assert rooted.leaf(ROOT, 0) == HeadLeaf(bank.origin, 2, bank.root)
    assert load_newest_heads(engine)["telco"].root_index == 1


def test_a_round_without_news_asks_nobody_and_writes_nothing(
    engine: Engine, rooted: TransparencyLog, seal: Seal
) -> None:
    append_some(rooted, seal, "1")
    witnesses = both()
    working = publisher(engine, rooted, witnesses)
    working.run()
    asked = len(witnesses["W1"].asked)
    assert working.run().kept is None
    assert len(witnesses["W1"].asked) == asked
    assert rooted.head(ROOT) is not None
    assert rooted.head(ROOT).size == 1  # type: ignore[union-attr]


def test_the_second_time_a_witness_is_asked_once_with_a_proof(
    engine: Engine, rooted: TransparencyLog, seal: Seal
) -> None:
    witnesses = both()
    working = publisher(engine, rooted, witnesses)
    for number in range(5):
        append_some(rooted, seal, str(number))
        working.run()
    assert [len(witness.asked) for witness in witnesses.values()] == [6, 6]  # the first answer was a size
    assert witnesses["W1"].asked[-1].old_size == 4


def test_a_new_publisher_learns_from_the_witness_where_it_stands(
    engine: Engine, rooted: TransparencyLog, seal: Seal
) -> None:
    witnesses = both()
    for number in range(3):
        append_some(rooted, seal, str(number))
        assert publisher(engine, rooted, witnesses).run().kept is not None
    assert witnesses["W2"].size == 3


def test_a_dead_witness_stops_no_quorum_that_does_not_need_it(
    engine: Engine, rooted: TransparencyLog, seal: Seal
) -> None:
    append_some(rooted, seal, "1")
    done = publisher(engine, rooted, {"W1": HonestWitness("W1"), "W2": DeadWitness("W2")}, quorum="either").run()
    assert done.kept is not None
    assert done.kept.quorum
    assert done.declined == {"W2": "does not answer"}


def test_without_a_quorum_the_checkpoint_before_stays_the_one_that_is_shown(
    engine: Engine, rooted: TransparencyLog, seal: Seal
) -> None:
    append_some(rooted, seal, "1")
    publisher(engine, rooted, both()).run()
    first = newest_checkpoint(engine)
    append_some(rooted, seal, "2")
    done = publisher(engine, rooted, {"W1": HonestWitness("W1", behind=1), "W2": DeadWitness("W2")}).run()
    assert done.kept is not None
    assert not done.kept.quorum
    assert newest_checkpoint(engine) == first


def test_the_quorum_that_was_missing_is_sought_again_and_what_it_gives_is_kept(
    engine: Engine, rooted: TransparencyLog, seal: Seal
) -> None:
    append_some(rooted, seal, "1")
    publisher(engine, rooted, {"W1": HonestWitness("W1"), "W2": DeadWitness("W2")}).run()
    assert newest_checkpoint(engine) is None
    publisher(engine, rooted, both()).run()
    shown = newest_checkpoint(engine)
    assert shown is not None
    assert len(parse_note(shown.note).signatures) == 3


def test_a_witness_that_lies_about_its_size_is_passed_over(engine: Engine, rooted: TransparencyLog, seal: Seal) -> None:
    append_some(rooted, seal, "1")
    done = publisher(engine, rooted, {"W1": HonestWitness("W1"), "W2": LyingWitness("W2")}, quorum="either").run()
    assert done.kept is not None
    assert done.declined == {"W2": "says it has seen 1000000 leaves"}
    append_some(rooted, seal, "2")


@pytest.mark.parametrize("same_process", [True, False])
def test_a_witness_that_forgot_catches_up_and_is_reported_once(
    engine: Engine, rooted: TransparencyLog, seal: Seal, same_process: bool
) -> None:
    witnesses = both()
    working = publisher(engine, rooted, witnesses)
    for name in ("1", "2", "3"):
        append_some(rooted, seal, name)
        assert working.run().findings == ()
    witnesses["W2"] = HonestWitness("W2")
    if not same_process:
        working = publisher(engine, rooted, witnesses)
    working.witnesses._asked = witnesses
    append_some(rooted, seal, "4")
    done = working.run()
    assert [(finding.fault, finding.where) for finding in done.findings] == [(Fault.WITNESS_FORGOT, "witness W2")]
    assert "it has cosigned 0 leaves, and it cosigned 3 before" in done.findings[0].detail
    assert done.kept is not None
    assert done.kept.quorum
    assert witnesses["W2"].size == 4
    append_some(rooted, seal, "5")
    assert working.run().findings == ()


def test_a_witness_that_never_takes_the_proof_it_asked_for_is_passed_over_with_its_reason(
    engine: Engine, rooted: TransparencyLog, seal: Seal
) -> None:
    append_some(rooted, seal, "1")
    done = publisher(engine, rooted, {"W1": HonestWitness("W1"), "W2": StuckWitness("W2")}, quorum="either").run()
    assert done.kept is not None
    assert done.declined == {"W2": "says that it stands at 0 leaves, and does not go on from there"}


def test_a_witness_that_shows_what_we_signed_and_lost_halts_every_log(
    engine: Engine, rooted: TransparencyLog, seal: Seal
) -> None:
    witnesses = both()
    append_some(rooted, seal, "1")
    publisher(engine, rooted, witnesses).run()
    append_some(rooted, seal, "2")
    publisher(engine, rooted, witnesses).run()
    _roll_root_back(engine, rooted)
    append_some(rooted, seal, "3")
    append_some(rooted, seal, "4", log_id="telco")
    done = publisher(engine, rooted, {name: _ahead(witness) for name, witness in witnesses.items()}).run()
    assert [finding.fault for finding in done.findings] == [Fault.WITNESS_AHEAD]
    assert "has seen 5 leaves" in done.findings[0].detail
    (answer,) = rooted.append_all([seal("telco", "5")])
    assert isinstance(answer, LogHalted)
    resume(engine)
    append_some(rooted, seal, "6", log_id="telco")


def test_heads_that_do_not_grow_are_refused_whoever_brings_them(
    engine: Engine, rooted: TransparencyLog, seal: Seal
) -> None:
    append_some(rooted, seal, "1", "2")
    publisher(engine, rooted, both()).run()
    for size in (1, 2):
        (answer,) = rooted.append_all([head_append("bank", HeadLeaf("log.example/op/bank", size, bytes(32)))])
        assert isinstance(answer, GuardFailed)
    twice = [head_append("telco", HeadLeaf("log.example/op/telco", size, bytes(32))) for size in (7, 7, 8)]
    answers = rooted.append_all(twice)
    assert [isinstance(answer, GuardFailed) for answer in answers] == [False, True, False]
    with reading(engine) as connection:
        assert len(connection.execute(select(heads)).all()) == 3


def test_a_log_that_was_rewritten_is_halted_and_not_published(
    engine: Engine, rooted: TransparencyLog, seal: Seal, notary: Notary
) -> None:
    append_some(rooted, seal, "1", "2")
    append_some(rooted, seal, "3", log_id="telco")
    working = publisher(engine, rooted, both())
    working.run()
    with writing(engine) as connection:
        connection.execute(update(tiles).where(tiles.c.log_id == "bank").values(data=bytes(64)))
        connection.execute(update(logs).where(logs.c.log_id == "bank").values(size=3))
    append_some(rooted, seal, "4", log_id="telco")
    done = working.run()
    assert done.heads == 1
    assert [(finding.fault, finding.origin) for finding in done.findings] == [
        (Fault.HEAD_NOT_CONSISTENT, "log.example/op/bank")
    ]
    (answer,) = TransparencyLog(engine, signers_for=notary.signers_for).append_all([seal("bank", "5")])
    assert isinstance(answer, LogHalted)
    append_some(rooted, seal, "6", log_id="telco")


def test_a_log_shorter_than_its_head_is_found_before_anything_is_sealed(
    engine: Engine, rooted: TransparencyLog, seal: Seal
) -> None:
    append_some(rooted, seal, "1", "2")
    publisher(engine, rooted, both()).run()
    assert check_heads_held(engine, rooted) == []
    with writing(engine) as connection:
        connection.execute(update(logs).where(logs.c.log_id == "bank").values(size=1))
    (finding,) = check_heads_held(engine, rooted)
    assert finding.fault is Fault.LOG_BEHIND_HEAD


def test_a_receipt_is_whole_once_the_root_log_holds_its_leaf_and_never_changes(
    engine: Engine, rooted: TransparencyLog, seal: Seal
) -> None:
    appends = append_some(rooted, seal, "1", "2", "3")
    assert rooted.whole_receipt("bank", 1).root_size is None
    working = publisher(engine, rooted, both())
    working.run()
    receipt = rooted.whole_receipt("bank", 1)
    append_some(rooted, seal, "4")
    working.run()
    assert rooted.whole_receipt("bank", 1) == receipt
    head = parse_checkpoint(parse_note(parse_proof(receipt.text).checkpoint).text)
    assert head.size == 3
    proven = verify_head(
        second_proof(receipt.text) or "",
        head=head,
        origin=ROOT_ORIGIN,
        keys=ROOT_KEYS,
        witnesses=policy("both").witness_keys,
    )
    assert len(proven.cosignatures) == 2
    assert hash_leaf(format_leaf(appends[1].leaf)) != hash_leaf(format_leaf(appends[2].leaf))
    assert rooted.whole_receipt("bank", 3).root_size == 2


@pytest.mark.usefixtures("rooted")
def test_of_one_size_the_first_checkpoint_with_a_quorum_stays(engine: Engine) -> None:
    kept = [RootCheckpoint(5, name, quorum) for name, quorum in {"a": False, "b": True, "c": True, "d": False}.items()]
    for checkpoint in kept:
        save_checkpoint(engine, checkpoint, at=AT + timedelta(seconds=1))
    assert newest_checkpoint(engine) == kept[1]


def test_only_the_log_that_is_named_is_halted(engine: Engine, rooted: TransparencyLog, seal: Seal) -> None:
    halt(engine, "for a test" * 100, log_id="bank")
    append_some(rooted, seal, "1", log_id="telco")
    (answer,) = rooted.append_all([seal("bank", "2")])
    assert isinstance(answer, LogHalted)
    assert "for a test" in str(answer)


def _roll_root_back(engine: Engine, log: TransparencyLog) -> None:
    """Put the root log back to nothing, as a database restored from an old backup would be."""
    with writing(engine) as connection:
        for table in (heads, root_checkpoints):
            connection.execute(delete(table))
        for of_log in (entries, tiles, logs):
            connection.execute(delete(of_log).where(of_log.c.log_id == ROOT))
    log._queue._commit.__self__._edges.pop(ROOT, None)  # type: ignore[attr-defined]  # another process, it would be
    log.create_log(ROOT, ROOT_ORIGIN)


def _ahead(witness: HonestWitness) -> HonestWitness:
    """Let a witness have seen five leaves, under our own key."""
    other = MemoryLog(ROOT_ORIGIN, seed=8)
    other._key = PRIVATE_KEY
    for number in range(5):
        other.append(bytes([number]))
    witness.note, witness.size = other.checkpoint(), 5
    return witness
