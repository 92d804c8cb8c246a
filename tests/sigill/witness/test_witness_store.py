"""What is kept is never smaller or older than before, and key and memory stay together."""

import shutil
import sqlite3
import threading
from pathlib import Path

import pytest

from sigill.witness.folder import WitnessUnusable, open_witness
from sigill.witness.judge import Known
from sigill.witness.store import MAX_FORKS, Fork, Head, Outcome, Store
from tests.builders_growing_log import ORIGIN

NAME = "witness.example/w1"


def _head(size: int, time_s: int = 1000) -> Head:
    return Head(Known(size, bytes([size % 256]) * 32, time_s), f"note of {size}")


def _make(folder: Path) -> Store:
    return open_witness(folder, name=NAME)[0].store


def _replace(store: Store, head: Head) -> None:
    store.settle(ORIGIN, lambda _: Outcome(None, head=head))


def _keep(store: Store, fork: Fork) -> None:
    store.settle(ORIGIN, lambda _: Outcome(None, fork=fork))


def test_what_is_kept_is_there_after_the_next_start(tmp_path: Path) -> None:
    first, made = open_witness(tmp_path, name=NAME)
    _replace(first.store, _head(5))
    first.store.close()
    second, made_again = open_witness(tmp_path, name=None)
    assert (made, made_again) == (True, False)
    assert second.cosigner.witness == first.cosigner.witness
    assert second.store.head(ORIGIN) == _head(5)
    assert second.store.head("other.example") is None
    second.store.close()


def test_neither_size_nor_time_goes_back_even_if_code_asks_for_it(tmp_path: Path) -> None:
    store = _make(tmp_path)
    _replace(store, _head(5))
    for worse in (_head(4), _head(9, 999)):
        with pytest.raises(sqlite3.IntegrityError, match="never goes back"):
            _replace(store, worse)
    assert store.head(ORIGIN) == _head(5)
    store.close()
    by_hand = sqlite3.connect(tmp_path / "witness" / "state.db")
    with pytest.raises(sqlite3.IntegrityError, match="forgets nothing"):
        by_hand.execute("DELETE FROM heads")
    by_hand.close()


def test_what_fails_while_deciding_changes_nothing(tmp_path: Path) -> None:
    store = _make(tmp_path)

    def fails(_: Head | None) -> Outcome[None]:
        raise LookupError

    with pytest.raises(LookupError):
        store.settle(ORIGIN, fails)
    _replace(store, _head(5))
    assert store.head(ORIGIN) == _head(5)
    store.close()


def test_threads_and_connections_take_turns(tmp_path: Path) -> None:
    """Each adds one to what it finds: a lost turn would show in the sum."""
    stores = [_make(tmp_path), _make(tmp_path)]

    def add_one(head: Head | None) -> Outcome[None]:
        return Outcome(None, head=_head(1 if head is None else head.known.size + 1))

    threads = [
        threading.Thread(target=lambda store=store: [store.settle(ORIGIN, add_one) for _ in range(25)])
        for store in stores * 2
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {store.head(ORIGIN) for store in stores} == {_head(100)}
    for store in stores:
        store.close()


def test_a_hundred_forks_are_kept_each_once(tmp_path: Path) -> None:
    store = _make(tmp_path)
    for size in (*range(MAX_FORKS + 20), 3):
        fork = Fork(size, bytes(32), 1000 + size, "cosigned", "other")
        _keep(store, fork)
    assert [fork.size for fork in store.forks(ORIGIN)] == list(range(MAX_FORKS))
    assert store.forks("other.example") == ()
    store.close()


def test_key_and_state_are_for_their_owner_only(tmp_path: Path) -> None:
    _make(tmp_path).close()
    pair = tmp_path / "witness"
    modes = {path.name: path.stat().st_mode & 0o777 for path in pair.iterdir()}
    assert modes == {"key.pem": 0o600, "state.db": 0o600}
    assert pair.stat().st_mode & 0o777 == 0o700
    assert list(tmp_path.iterdir()) == [pair]


@pytest.mark.parametrize("lost", ["key.pem", "state.db"])
def test_a_witness_that_lost_its_key_or_its_memory_does_not_start(tmp_path: Path, lost: str) -> None:
    _make(tmp_path).close()
    (tmp_path / "witness" / lost).unlink()
    for _ in range(2):
        with pytest.raises(WitnessUnusable, match=rf"There is no {lost} .*second history.*begin a new witness"):
            open_witness(tmp_path, name=NAME)


def test_a_folder_emptied_by_hand_does_not_start_as_a_new_witness(tmp_path: Path) -> None:
    (tmp_path / "witness").mkdir()
    with pytest.raises(WitnessUnusable, match=r"There is no key.pem and no state.db"):
        open_witness(tmp_path, name=NAME)


def test_the_memory_of_another_witness_is_refused(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        _make(tmp_path / folder).close()
    shutil.copy(tmp_path / "a/witness/state.db", tmp_path / "b/witness/state.db")
    with pytest.raises(WitnessUnusable, match="two different witnesses"):
        open_witness(tmp_path / "b", name=NAME)


def test_a_key_that_others_can_read_is_refused_with_the_remedy(tmp_path: Path) -> None:
    _make(tmp_path).close()
    (tmp_path / "witness/key.pem").chmod(0o640)
    with pytest.raises(WitnessUnusable, match="chmod 600"):
        open_witness(tmp_path, name=NAME)


@pytest.mark.parametrize("content", [b"", b"no key", b"-----BEGIN PRIVATE KEY-----\n"])
def test_a_key_file_that_holds_none_is_refused(tmp_path: Path, content: bytes) -> None:
    _make(tmp_path).close()
    (tmp_path / "witness/key.pem").write_bytes(content)
    with pytest.raises(WitnessUnusable, match="Ed25519"):
        open_witness(tmp_path, name=NAME)


@pytest.mark.parametrize("content", [b"no database at all" * 100, b""])
def test_a_state_file_that_is_none_is_refused(tmp_path: Path, content: bytes) -> None:
    _make(tmp_path).close()
    (tmp_path / "witness/state.db").write_bytes(content)
    with pytest.raises(WitnessUnusable, match=r"state\.db"):
        open_witness(tmp_path, name=NAME)


def test_a_state_of_a_later_format_is_not_guessed_at(tmp_path: Path) -> None:
    _make(tmp_path).close()
    later = sqlite3.connect(tmp_path / "witness/state.db")
    later.execute("PRAGMA user_version = 2")
    later.close()
    with pytest.raises(WitnessUnusable, match="this version"):
        open_witness(tmp_path, name=NAME)


def test_a_witness_keeps_its_name(tmp_path: Path) -> None:
    _make(tmp_path).close()
    with pytest.raises(WitnessUnusable, match=rf"is called {NAME}"):
        open_witness(tmp_path, name="witness.example/w2")


@pytest.mark.parametrize(
    ("name", "says"), [(None, "--name"), ("", "1 to 255"), ("a b", "1 to 255"), ("a+b", "1 to 255")]
)
def test_a_new_witness_needs_a_name(tmp_path: Path, name: str | None, says: str) -> None:
    with pytest.raises(WitnessUnusable, match=says):
        open_witness(tmp_path, name=name)
    assert list(tmp_path.iterdir()) == []


def test_two_first_starts_at_once_end_with_one_witness(tmp_path: Path) -> None:
    found = []
    barrier = threading.Barrier(4)

    def start() -> None:
        barrier.wait()
        opened, _ = open_witness(tmp_path, name=NAME)
        found.append(opened.cosigner.witness)
        opened.store.close()

    threads = [threading.Thread(target=start) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 4
    assert len(set(found)) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["witness"]


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(WitnessUnusable, match="file"):
        open_witness(tmp_path / "file" / "w", name=NAME)


def test_a_first_start_that_was_killed_leaves_nothing_in_the_way(tmp_path: Path) -> None:
    (tmp_path / ".witness.0123456789abcdef").mkdir()
    (tmp_path / ".witness.0123456789abcdef" / "key.pem").touch(mode=0o600)
    opened, made = open_witness(tmp_path, name=NAME)
    opened.store.close()
    assert made
