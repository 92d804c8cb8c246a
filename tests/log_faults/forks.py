"""Two stories: the guarantor, with its own keys, shows a history that is not the one which others have seen."""

import sqlite3
from contextlib import ExitStack, closing
from typing import Final

from sigill.report.trust import ROOT
from sigill.tlog.leaf import HeadLeaf
from sigill.tlog.log_policy import LogPolicy
from tests.log_faults.columns import Case, Column
from tests.log_faults.stage import BANK, HELD_INDEX, SIZE, Scene
from transparency.publisher import Publisher
from transparency.root_log import RootCheckpoint, head_append, save_checkpoint
from transparency.witnessing import Witnesses
from wiring import now

_ROOT_KEEPS: Final = 1  # heads that are as they were in a root log that is rewritten behind them
_OF_LOG: Final = ("logs", "tiles", "entries", "tokens", "records", "tombstones")


def _fork(scene: Scene, *, more: int) -> None:
    """Go back to the first head and on from there with other messages, past every witness, and publish that."""
    scene.back_to_earlier()
    scene.seal_many(1)
    _round_without_witnesses(scene)
    scene.seal_many(SIZE - HELD_INDEX - 1)
    _round_without_witnesses(scene)
    if more:
        scene.seal_many(more)
        _round_without_witnesses(scene)
    scene.shown = "another"
    scene.publish_files()


def _round_without_witnesses(scene: Scene) -> None:
    services = scene.open().services
    done = Publisher(
        engine=services.engine,
        log=services.log,
        root_keys=lambda: services.keys.note_keys(services.identity.root_origin),
        witnesses=Witnesses(LogPolicy(), {}),
        now=now,
    ).run()
    assert done.findings == ()
    scene.close()


def _same_size(scene: Scene, _stack: ExitStack) -> None:
    _fork(scene, more=0)


def _larger(scene: Scene, _stack: ExitStack) -> None:
    _fork(scene, more=30)


def _backup(scene: Scene, _stack: ExitStack) -> None:
    scene.back_to_earlier()


def _operator_back(scene: Scene, _stack: ExitStack) -> None:
    """Take the bank's log, and nothing else, back to the first head."""
    _bring_back(scene, BANK)


def _bring_back(scene: Scene, log_id: str) -> None:
    with closing(sqlite3.connect(scene.var / "sigill.db")) as database, database:
        database.execute("ATTACH ? AS earlier", (str(scene.earlier / "sigill.db"),))
        for table in reversed(_OF_LOG):
            database.execute(f"DELETE FROM main.{table} WHERE log_id = ?", (log_id,))  # noqa: S608 - names of ours
        for table in _OF_LOG:
            database.execute(
                f"INSERT INTO main.{table} SELECT * FROM earlier.{table} WHERE log_id = ?",  # noqa: S608
                (log_id,),
            )


def _head_rewritten(scene: Scene, _stack: ExitStack) -> None:
    """Go back in the root log alone, put another head of the bank's into it, and sign on."""
    _bring_back(scene, ROOT)
    with closing(sqlite3.connect(scene.var / "sigill.db")) as database, database:
        database.execute("DELETE FROM heads WHERE root_index >= ?", (_ROOT_KEEPS,))
        database.execute("DELETE FROM root_checkpoints WHERE size > ?", (_ROOT_KEEPS,))
    services = scene.open().services
    bank = services.log.head(BANK)
    assert bank is not None
    for head in (HeadLeaf(bank.origin, HELD_INDEX + 1, bytes(32)), HeadLeaf(bank.origin, bank.size, bank.root)):
        services.log.append(head_append(BANK, head))
    root = services.log.head(ROOT)
    assert root is not None
    save_checkpoint(services.engine, RootCheckpoint(root.size, root.checkpoint, quorum=True), at=now())
    scene.close()


def _stale_copy(scene: Scene, _stack: ExitStack) -> None:
    """Show the bank's checkpoint of the first head among the published files, though the root log holds newer heads."""
    with closing(sqlite3.connect(scene.earlier / "sigill.db")) as database:
        ((note,),) = database.execute("SELECT checkpoint FROM logs WHERE log_id = ?", (BANK,)).fetchall()
    scene.public.joinpath("log", BANK, "checkpoint").write_text(note)
    scene.served = False


_ALL_FOUR: Final = {
    Column.WITNESS: "HTTP 422",
    Column.MONITOR: "not_consistent",
    Column.AUDIT: "not_consistent",
    Column.CUSTOMER: "not_consistent",
    Column.SERVICE: "does not start",
}

CASES: Final = (
    Case(
        "two stories",
        "fork, same size",
        "from the first head on, other messages are sealed with the same keys, up to the same size, and shown",
        _same_size,
        _ALL_FOUR | {Column.WITNESS: "keeps both notes", Column.MONITOR: "forked", Column.AUDIT: "forked"},
    ),
    Case("two stories", "fork, larger", "the same, and 30 messages and a head more", _larger, _ALL_FOUR),
    Case(
        "two stories",
        "everything rolled back",
        "the database as it was at the first head is brought back and served",
        _backup,
        {
            Column.WITNESS: "HTTP 409",
            Column.SERVICE: "does not start",
            Column.MONITOR: "shrunk",
            Column.AUDIT: "shrunk",
            Column.CUSTOMER: "shrunk",
        },
    ),
    Case(
        "two stories",
        "an operator's log rolled back",
        "the bank's log alone goes back to the first head, in the database",
        _operator_back,
        {
            Column.SERVICE: "does not start",
            Column.MONITOR: "log_behind_head",
            Column.AUDIT: "log_behind_head",
            Column.CUSTOMER: "shrunk",
        },
    ),
    Case(
        "two stories",
        "a head rewritten in the root log",
        "the root log is built anew with another head in the middle, and signed with its key",
        _head_rewritten,
        {
            Column.WITNESS: "keeps both notes",
            Column.SERVICE: "does not start",
            Column.MONITOR: "forked",
            Column.AUDIT: "head_not_consistent",
            Column.CUSTOMER: "head_not_consistent",
        },
    ),
    Case(
        "two stories",
        "a log shown cut behind its head",
        "among the published files, the bank's own earlier checkpoint in place of its newest",
        _stale_copy,
        {
            Column.MONITOR: "log_behind_head",
            Column.AUDIT: "log_behind_head",
            Column.CUSTOMER: "log_behind_head",
        },
    ),
)
