"""Keys rotated in a folder that somebody signs from: found within a second, and never half."""

import json
import os
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from sigill.keys.jwks import format_jwks, parse_jwks
from sigill.keys.p256 import check_signature
from signing.errors import KeyUnusable
from signing.keys import files, ring, rotation, salts
from signing.keys.files import open_p256
from signing.keys.folder import load_listing, save_listing
from signing.keys.listing import KEPT, TYPS, KeyKind
from signing.keys.planning import HEAD_START, RotationRefused
from signing.keys.ring import LIFETIME, KeyRing, open_key_ring
from signing.keys.rotation import OVERLAP, condemn, rotate, rotate_salts
from signing.keys.salts import SaltKeys
from signing.keys.state import describe_keys

BEGIN = datetime(2026, 11, 3, 12, tzinfo=UTC)
AT = BEGIN + timedelta(days=9)
ORIGIN = "guarantor.example/log/bank"
AFTER = AT + timedelta(seconds=6)
NOW: timedelta = timedelta(0)


@pytest.fixture
def keys(tmp_path: Path) -> KeyRing:
    return open_key_ring(tmp_path, at=BEGIN, first_start=True)


def turn(folder: Path, *kinds: KeyKind, at: datetime = AT, overlap: timedelta = NOW) -> None:
    rotate(folder, kinds, at=at, overlap=overlap, random=os.urandom)


def listed(folder: Path) -> dict[str, Any]:
    value: dict[str, Any] = json.loads((folder / "keys.json").read_text())
    return value


def test_a_rotation_is_found_without_a_restart_and_within_a_second(
    tmp_path: Path, keys: KeyRing, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = [1000.0]
    monkeypatch.setattr(time, "monotonic", lambda: clock[0])
    keys.look()
    turn(tmp_path, *KeyKind)
    before = keys.current()
    clock[0] += 0.9
    assert keys.current() is before
    clock[0] += 0.1
    assert keys.seal_signer(AFTER).kid != keys.seal_signer(AT).kid == before.signer(KeyKind.SEAL, AT).kid
    other = open_key_ring(tmp_path, at=AFTER, first_start=False)
    assert other.seal_signer(AFTER).kid == keys.seal_signer(AFTER).kid
    assert other.note_keys(ORIGIN) == keys.note_keys(ORIGIN)


@pytest.mark.parametrize("kind", list(TYPS))
def test_the_new_key_is_published_at_once_and_the_old_one_as_long_as_its_seals_live(
    tmp_path: Path, keys: KeyRing, kind: KeyKind
) -> None:
    old = keys.signer(kind, AT)
    turn(tmp_path, kind, overlap=OVERLAP)
    keys.look()
    begins = AT + OVERLAP
    new = keys.signer(kind, begins)
    assert keys.signer(kind, begins - timedelta(seconds=1)) is old
    published = parse_jwks(format_jwks(keys.published(AT)))
    assert {key.kid for key in published if key.typ == TYPS[kind]} == {old.kid, new.kid}
    lives = {KeyKind.STATUS: timedelta(days=1), KeyKind.TOKEN: timedelta(minutes=10)}.get(kind, KEPT)
    at_last = begins + lives
    assert old.kid in {key.kid for key in keys.published(at_last - timedelta(seconds=1))}
    assert old.kid not in {key.kid for key in keys.published(at_last)}


def test_seals_that_were_once_given_a_longer_life_keep_their_key_published(tmp_path: Path) -> None:
    longer = timedelta(days=3000)
    open_key_ring(tmp_path, at=BEGIN, first_start=True, seal_lifetime=longer)
    shorter = open_key_ring(tmp_path, at=BEGIN, first_start=False, seal_lifetime=timedelta(days=1))
    kid = shorter.seal_signer(BEGIN).kid
    last = BEGIN + LIFETIME + longer
    assert kid in {key.kid for key in shorter.published(last - timedelta(seconds=1))}
    assert kid not in {key.kid for key in shorter.published(last)}


def test_a_folder_of_before_is_read_and_left_as_it_is(tmp_path: Path, keys: KeyRing) -> None:
    value = listed(tmp_path)
    del value["log-1.pem"]
    (tmp_path / "keys.json").write_text(json.dumps(value))
    before = (tmp_path / "keys.json").read_bytes(), (tmp_path / "keys.json").stat().st_mtime_ns
    again = open_key_ring(tmp_path, at=AT, first_start=False, seal_lifetime=KEPT)
    assert again.note_keys(ORIGIN) == keys.note_keys(ORIGIN)
    assert ((tmp_path / "keys.json").read_bytes(), (tmp_path / "keys.json").stat().st_mtime_ns) == before
    turn(tmp_path, KeyKind.LOG)
    assert set(listed(tmp_path)) >= {"log-1.pem", "log-2.pem"}


def test_a_checkpoint_is_signed_by_the_keys_of_its_time(tmp_path: Path, keys: KeyRing) -> None:
    (old,) = keys.note_signers(ORIGIN, AT)
    turn(tmp_path, KeyKind.LOG, overlap=OVERLAP)
    keys.look()
    new, beside = keys.note_signers(ORIGIN, AFTER)
    assert beside is old
    assert keys.note_signers(ORIGIN, AT) == (old,)
    assert keys.note_signers(ORIGIN, AFTER + OVERLAP) == (new,)
    assert keys.note_keys(ORIGIN, AT) == (old.verifier,)
    assert keys.note_keys(ORIGIN, AFTER) == keys.note_keys(ORIGIN) == (new.verifier, old.verifier)


def test_a_compromised_key_is_published_as_such_and_signs_no_more(tmp_path: Path, keys: KeyRing) -> None:
    stolen = keys.seal_signer(AT)
    since = AT - timedelta(days=2)
    made = condemn(tmp_path, KeyKind.SEAL, 1, since=since, at=AT, random=os.urandom)
    assert [key.file for key in made] == ["seal-2.pem"]
    keys.look()
    assert keys.seal_signer(AT).kid != stolen.kid
    marks = {key.kid: key.compromised_at for key in keys.published(AT) if key.typ == TYPS[KeyKind.SEAL]}
    assert marks == {stolen.kid: since, keys.seal_signer(AT).kid: None}


def test_a_rotation_of_several_kinds_is_whole_or_nothing(tmp_path: Path, keys: KeyRing) -> None:
    turn(tmp_path, KeyKind.EVENT, overlap=OVERLAP)
    before = listed(tmp_path)
    with pytest.raises(RotationRefused, match="event-2"):
        turn(tmp_path, KeyKind.SEAL, KeyKind.EVENT, at=AFTER, overlap=OVERLAP)
    assert listed(tmp_path) == before
    assert not (tmp_path / "seal-2.pem").exists()
    keys.look()
    assert keys.fault(at=AFTER) is None


def test_a_key_file_that_is_not_listed_is_never_used_and_the_next_rotation_takes_it_up(
    tmp_path: Path, keys: KeyRing, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_arguments: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(rotation, "save_listing", killed)
        with pytest.raises(KeyboardInterrupt):
            turn(tmp_path, KeyKind.SEAL, KeyKind.LOG)
    left = open_p256(tmp_path / "seal-2.pem", make=False).kid
    for opened in (keys, open_key_ring(tmp_path, at=AFTER, first_start=False)):
        opened.look()
        assert opened.seal_signer(AFTER).kid == keys.seal_signer(BEGIN).kid
        assert left not in {key.kid for key in opened.published(AFTER)}
        assert len(opened.note_keys(ORIGIN)) == 1
    turn(tmp_path, KeyKind.SEAL)
    keys.look()
    assert keys.seal_signer(AFTER).kid == left


def test_a_full_disk_at_any_step_of_a_rotation_leaves_the_old_keys_signing(
    tmp_path: Path, keys: KeyRing, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = listed(tmp_path)
    sync = os.fsync
    for working in range(8):
        left = [working]

        def fsync(descriptor: int, left: list[int] = left) -> None:
            if not left[0]:
                raise OSError(28, "No space left on device")
            left[0] -= 1
            sync(descriptor)

        with monkeypatch.context() as patched:
            patched.setattr(os, "fsync", fsync)
            with suppress(KeyUnusable):
                turn(tmp_path, KeyKind.SEAL)
        if listed(tmp_path) != before:
            break
        assert open_key_ring(tmp_path, at=AFTER, first_start=False).seal_signer(AFTER).kid
    else:
        pytest.fail("it never got through")
    keys.look()
    assert keys.seal_signer(AFTER).kid == open_p256(tmp_path / "seal-2.pem", make=False).kid


@pytest.mark.parametrize("content", ["", "{", "null", '{"seal-1.pem": {"nbf": 1, "exp": 0}}'])
def test_a_list_that_cannot_be_read_changes_nothing_and_is_told(tmp_path: Path, keys: KeyRing, content: str) -> None:
    good = (tmp_path / "keys.json").read_text()
    known = keys.current()
    (tmp_path / "keys.json").unlink()
    (tmp_path / "keys.json").write_text(content)
    keys.look()
    assert keys.current() is known
    assert keys.warnings(at=AT) == ["the keys were not read anew: keys.json does not say when each key is valid"]
    for change in (turn, lambda *_: rotate_salts(tmp_path, at=AT, random=os.urandom)):
        SaltKeys(tmp_path / "salts").for_sealing("bank", AT)
        with pytest.raises(KeyUnusable):
            change(tmp_path, KeyKind.SEAL)
    (tmp_path / "keys.json").write_text(good)
    keys.look()
    assert keys.warnings(at=AT) == []


def test_a_listed_key_without_its_file_is_not_taken_and_told(tmp_path: Path, keys: KeyRing) -> None:
    known = keys.current()
    turn(tmp_path, KeyKind.SEAL)
    (tmp_path / "seal-2.pem").unlink()
    keys.look()
    assert keys.current() is known
    assert "seal-2.pem is missing" in keys.warnings(at=AT)[0]
    with pytest.raises(KeyUnusable, match=r"^seal-2\.pem is missing"):
        open_key_ring(tmp_path, at=AFTER, first_start=False)
    assert not (tmp_path / "seal-2.pem").exists()


def test_a_key_that_runs_out_is_told_a_month_before(tmp_path: Path, keys: KeyRing) -> None:
    ends = BEGIN + LIFETIME
    assert keys.warnings(at=ends - timedelta(days=30)) == []
    told = keys.warnings(at=ends - timedelta(days=29))
    assert len(told) == len(KeyKind)
    assert "the seal key runs out 2028-11-02: python -m running.keys rotate seal" in told
    turn(tmp_path, *KeyKind, at=ends - timedelta(days=29), overlap=OVERLAP)
    keys.look()
    assert keys.warnings(at=ends - timedelta(days=29)) == []
    assert keys.fault(at=ends + timedelta(days=1)) is None


def test_the_table_says_what_each_key_does(tmp_path: Path, keys: KeyRing) -> None:
    keys.salts.for_sealing("bank", AT)
    rotate_salts(tmp_path, at=AT, random=os.urandom)
    turn(tmp_path, KeyKind.SEAL)
    turn(tmp_path, KeyKind.EVENT, KeyKind.LOG, overlap=OVERLAP)
    condemn(tmp_path, KeyKind.STATUS, 1, since=AT, at=AT, random=os.urandom)
    keys.look()
    found = {(row.kind, row.generation): row for row in describe_keys(keys.current(), keys.salts, at=AFTER)}
    assert {place: row.state for place, row in found.items()} == {
        ("seal", 2): "signing",
        ("seal", 1): "retired but published",
        ("report", 1): "signing",
        ("status", 2): "signing",
        ("status", 1): "compromised since 2026-11-12T12:00:00Z",
        ("event", 2): "published ahead",
        ("event", 1): "signing",
        ("token", 1): "signing",
        ("log", 2): "signing",
        ("log", 1): "signing",
        ("salts", 2): "making salts",
        ("salts", 1): "opening only",
    }
    assert found["seal", 2].name == keys.seal_signer(AFTER).kid
    long_after = AFTER + LIFETIME + KEPT
    last = {(row.kind, row.generation): row.state for row in describe_keys(keys.current(), keys.salts, at=long_after)}
    assert last["seal", 1] == "retired"
    assert last["log", 1] == "retired but published"


@pytest.mark.slow
def test_every_signature_made_while_keys_are_rotated_is_one_of_its_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ring, "LOOKED_AT_EVERY_S", 0.05)
    start = datetime.now(UTC) - timedelta(seconds=1)
    keys = open_key_ring(tmp_path, at=start, first_start=True)
    made: list[tuple[datetime, str, bytes]] = []
    faults: list[Exception] = []
    stop = threading.Event()

    def sign() -> None:
        while not stop.is_set():
            at = datetime.now(UTC)
            try:
                signer = keys.seal_signer(at)
                made.append((at, signer.kid, signer.sign(b"message")))
            except Exception as error:  # noqa: BLE001 - what the test is about
                faults.append(error)

    threads = [threading.Thread(target=sign) for _ in range(4)]
    for thread in threads:
        thread.start()
    monkeypatch.setattr("signing.keys.planning.HEAD_START", timedelta(seconds=0.2))
    try:
        for _ in range(3):
            turn(tmp_path, KeyKind.SEAL, at=datetime.now(UTC))
            stop.wait(1.5)
        condemn(tmp_path, KeyKind.SEAL, 4, since=start, at=datetime.now(UTC), random=os.urandom)
        stop.wait(0.5)
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert faults == []
    published = {key.kid: key for key in keys.published(datetime.now(UTC))}
    assert len({kid for _, kid, _ in made}) == len(published) - (len(TYPS) - 1) == 5
    late = []
    for at, kid, signature in made:
        key = published[kid]
        check_signature(key.public_key, signature=signature, message=b"message")
        if not key.valid_from <= at < key.valid_until:
            late.append((at, key))
    # a key found to be stolen ends at once, and processes hear of it a moment later: what it signs counts for nothing
    assert all(key.compromised_at is not None for _, key in late)


def test_a_month_s_salt_key_is_rotated_and_the_old_one_goes_on_opening(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = [1000.0]
    monkeypatch.setattr(time, "monotonic", lambda: clock[0])
    here, elsewhere = SaltKeys(tmp_path), SaltKeys(tmp_path)
    first = here.for_sealing("bank", AT)
    assert elsewhere.rotate("telco", AT) == 0
    assert elsewhere.rotate("bank", AT) == 2
    assert here.for_sealing("bank", AT) == first  # for the rest of this second
    clock[0] += 1
    second = here.for_sealing("bank", AT)
    assert second != first
    assert here.for_checking("bank", AT) == elsewhere.for_checking("bank", AT) == (second, first)
    for generation in range(3, 12):
        assert here.rotate("bank", AT) == generation
    assert sorted(path.name for path in (tmp_path / "bank").iterdir())[:3] == [
        "2026-11.10.key",
        "2026-11.11.key",
        "2026-11.2.key",
    ]
    clock[0] += 1
    assert here.for_sealing("bank", AT) == here.for_checking("bank", AT)[0]
    assert len(here.for_checking("bank", AT)) == 11
    assert here.for_checking("bank", AT)[-1] == first


def test_all_of_a_month_s_salt_keys_are_destroyed_together(tmp_path: Path) -> None:
    here, elsewhere = SaltKeys(tmp_path), SaltKeys(tmp_path)
    here.for_sealing("bank", AT)
    here.rotate("bank", AT)
    fresh = SaltKeys(tmp_path)
    assert (fresh.for_sealing("bank", AT), here.for_sealing("bank", AT)) == here.for_checking("bank", AT)
    held = set(here.for_checking("bank", AT))
    for path in (tmp_path / "bank").glob("2026-11*.key"):
        path.unlink()
    assert here.for_checking("bank", AT) == ()
    new = elsewhere.for_sealing("bank", AT)
    assert new not in held
    assert {each.for_sealing("bank", AT) for each in (here, elsewhere, fresh)} == {new}


def test_salts_are_not_rotated_for_ever(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(salts, "MAX_GENERATIONS", 2)
    keys = SaltKeys(tmp_path)
    keys.for_sealing("bank", AT)
    assert keys.rotate("bank", AT) == 2
    with pytest.raises(KeyUnusable, match="salt keys this month already"):
        keys.rotate("bank", AT)


def test_what_was_done_is_noted_with_salt_of_its_own(tmp_path: Path, keys: KeyRing) -> None:
    keys.salts.for_sealing("bank", AT)
    turn(tmp_path, KeyKind.SEAL, KeyKind.LOG)
    condemn(tmp_path, KeyKind.SEAL, 1, since=BEGIN, at=AT, random=os.urandom)
    rotate_salts(tmp_path, at=AT, random=os.urandom)
    rotate_salts(tmp_path, at=AT + timedelta(days=60), random=os.urandom)  # nobody has sealed then
    found = [json.loads(text) for text in load_listing(tmp_path).unlogged]
    assert [(each["event"], each["kind"]) for each in found] == [
        ("rotated", "seal"),
        ("rotated", "log"),
        ("compromised", "seal"),
        ("rotated", "seal"),
        ("rotated", "salts"),
    ]
    assert len({each["salt"] for each in found}) == 5
    assert (found[2]["since"], found[2]["key"]) == ("2026-11-03T12:00:00Z", keys.seal_signer(AT).kid)
    assert (found[4]["month"], found[4]["operators"]) == ("2026-11", ["bank"])
    secret = [path.read_bytes() for path in (tmp_path / "salts").rglob("*.key")]
    assert not any(key.hex() in str(found) for key in secret)


Change = Callable[[Path], object]


@pytest.mark.parametrize(
    "change",
    [
        lambda folder: turn(folder, KeyKind.SEAL),
        lambda folder: condemn(folder, KeyKind.LOG, 1, since=AT, at=AT, random=os.urandom),
        lambda folder: rotate_salts(folder, at=AT, random=os.urandom),
    ],
)
def test_files_made_by_a_rotation_are_the_owner_s_alone(tmp_path: Path, keys: KeyRing, change: Change) -> None:
    keys.salts.for_sealing("bank", AT)
    before = os.umask(0)
    try:
        change(tmp_path)
    finally:
        os.umask(before)
    assert {path.stat().st_mode & 0o077 for path in tmp_path.rglob("*") if path.is_file()} == {0}
    assert list(tmp_path.rglob(".*")) == []


def test_two_rotations_at_once_do_not_lose_one_another(tmp_path: Path, keys: KeyRing) -> None:
    kinds = [KeyKind.SEAL, KeyKind.EVENT, KeyKind.LOG, KeyKind.REPORT, KeyKind.STATUS]
    threads = [threading.Thread(target=turn, args=(tmp_path, kind)) for kind in kinds]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    keys.look()
    assert {kind: len(keys.current().listing.of(kind)) for kind in kinds} == dict.fromkeys(kinds, 2)
    assert len(load_listing(tmp_path).unlogged) == 5


def test_looking_costs_no_read_while_nothing_changed(
    tmp_path: Path, keys: KeyRing, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read(*_arguments: object, **_options: object) -> bytes:
        raise AssertionError("a file was read")

    monkeypatch.setattr(Path, "read_bytes", read)
    keys.look()
    keys.seal_signer(AT)
    monkeypatch.undo()
    save_listing(tmp_path, replace(load_listing(tmp_path), unlogged=("x",)))
    monkeypatch.setattr(files, "read_private", read)
    known = keys.seal_signer(AT)
    keys.look()
    assert keys.current().listing.unlogged == ("x",)
    assert keys.seal_signer(AT) is known  # keys that are known are not read again
    assert timedelta(seconds=5) == HEAD_START
