"""Witnesses that lie, forget, are down or slow, or are asked by two publishers at once."""

import shutil
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Final

from running.publisher import make_publisher
from sigill.tlog.cosignature import WitnessKey
from sigill.tlog.note import VerifierKey
from sigill.tlog.witness_wire import SIZE_TYPE, AddCheckpoint
from tests.builders_growing_log import MemoryCosigner, seeded
from tests.builders_played_witness import Play, cosigns_anything, played_witness, says
from tests.builders_service import Reply as Said
from tests.log_faults.columns import Case, Cells, Column
from tests.log_faults.observers import look_everywhere
from tests.log_faults.stage import Scene
from tests.running.test_publisher import check_root_log
from transparency import witnessing
from transparency.witnessing import Cosigned, Knows, Reply, Witness

_MEET_S: Final = 4.0
_SLOW_S: Final = 2.0
_GROUP: Final = "witnesses"


def _only_asked(play: Play) -> Play:
    """Show nothing to whoever reads."""
    nothing = says("", status=404)
    return lambda path, body: play(path, body) if path == "/add-checkpoint" else nothing(path, body)


def _played(play: Play, *, grace_s: float = 3.0) -> Callable[[Scene, ExitStack], None]:
    """Play the second witness. One is enough; the other is waited for a little longer, should the machine be busy."""

    def make(scene: Scene, stack: ExitStack) -> None:
        scene.need_one()
        stack.callback(vars(witnessing).update, GRACE_S=witnessing.GRACE_S)
        vars(witnessing)["GRACE_S"] = grace_s
        scene.ask_instead(stack.enter_context(played_witness(_only_asked(play))))

    return make


def _slow(_path: str, _body: bytes) -> Said:
    time.sleep(_SLOW_S)
    return Said(503, b"", "text/plain")


def _forgot(scene: Scene, _stack: ExitStack) -> None:
    witness = scene.witnesses[1]
    witness.stop()
    shutil.rmtree(witness.folder)
    shutil.copytree(scene.folder / "earlier-w2", witness.folder)
    witness.start()


def _down(scene: Scene, _stack: ExitStack) -> None:
    scene.need_one()
    scene.witnesses[1].kill()


def _both_down(scene: Scene, _stack: ExitStack) -> None:
    for witness in scene.witnesses:
        witness.kill()


@dataclass(frozen=True)
class _Met:
    """A witness that two publishers ask at the same moment; what it answers is written down."""

    asked: Witness
    meeting: threading.Barrier
    replies: list[Reply]
    seen: list[int]

    @property
    def key(self) -> WitnessKey:
        return self.asked.key

    def add(self, request: AddCheckpoint) -> Reply:
        if not self.seen:
            self.seen.append(1)
            self.meeting.wait(_MEET_S)
        self.replies.append(reply := self.asked.add(request))
        return reply

    def shown(self, origin: str, keys: tuple[VerifierKey, ...]) -> str | None:
        return self.asked.shown(origin, keys)


def _two_publishers(scene: Scene) -> Cells:
    """Make two rounds at once; then everybody looks as always."""
    scene.seal_many(1)
    publishers = [make_publisher(scene.open().services) for _ in range(2)]
    names = list(publishers[0].witnesses._asked)
    meetings = {name: threading.Barrier(2) for name in names}
    replies: dict[str, list[Reply]] = {name: [] for name in names}
    for publisher in publishers:
        publisher.witnesses._asked = {
            name: _Met(witness, meetings[name], replies[name], [])
            for name, witness in publisher.witnesses._asked.items()
        }
    with ThreadPoolExecutor(2) as pool:
        rounds = [future.result() for future in [pool.submit(publisher.run) for publisher in publishers]]
    scene.close()
    check_root_log(scene.open())
    scene.close()
    conflicts = [sum(isinstance(reply, Knows) for reply in said) for said in replies.values()]
    cosigned = [sum(isinstance(reply, Cosigned) for reply in said) for said in replies.values()]
    whole = all(done.kept is not None and done.kept.quorum and not done.findings for done in rounds)
    heads = sum(done.heads for done in rounds)
    cells = dict(look_everywhere(scene))
    cells[Column.WITNESS] += ("HTTP 409",) * (conflicts == [1, 1] and cosigned == [2, 2])
    cells[Column.SERVICE] += ("each head once",) * (whole and heads == 1)
    return cells


def _size(size: int) -> Play:
    return says(f"{size}\n", status=409, content_type=SIZE_TYPE)


CASES: Final = (
    Case(
        _GROUP,
        "a size too large",
        "one of two answers 409 with 1,000,000, and shows no checkpoint of that size",
        _played(_size(1_000_000)),
        {Column.SERVICE: "declined: says it has seen 1000000 leaves"},
        quiet=True,
    ),
    Case(
        _GROUP,
        "a size too small",
        "one of two answers 409 with 0 each time, though it has cosigned",
        _played(_size(0)),
        {Column.SERVICE: "witness_forgot"},
        quiet=True,
    ),
    Case(
        _GROUP,
        "a witness that forgot",
        "`sigill witness serve` on its state as it was two cosignatures ago",
        _forgot,
        {Column.SERVICE: "witness_forgot"},
        quiet=True,
    ),
    Case(
        _GROUP,
        "a false cosignature",
        "one of two signs with another key than the policy's",
        _played(cosigns_anything(MemoryCosigner("w2.example", seeded(9)))),
        {Column.SERVICE: "declined: does not hold"},
        quiet=True,
    ),
    Case(
        _GROUP,
        "a witness that is down",
        "one of two is killed; one is enough",
        _down,
        {Column.SERVICE: "declined: no answer in time"},
        quiet=True,
    ),
    Case(
        _GROUP,
        "all witnesses down",
        "both are killed; both are needed",
        _both_down,
        {Column.SERVICE: "no quorum"},
        quiet=True,
    ),
    Case(
        _GROUP,
        "a witness that is slow",
        f"it answers after {_SLOW_S:.0f} s; one of two is enough",
        _played(_slow, grace_s=witnessing.GRACE_S),
        {Column.SERVICE: "declined: no answer in time"},
        quiet=True,
    ),
    Case(
        _GROUP,
        "two publishers at once",
        "both ask both witnesses for the same head at the same moment",
        lambda _scene, _stack: None,
        {Column.WITNESS: "HTTP 409", Column.SERVICE: "each head once"},
        look=_two_publishers,
        quiet=True,
    ),
)
