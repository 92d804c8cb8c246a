"""Keys as files: whole or not there, nobody else's to read, the same for everyone who starts at once."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from sigill.keys.p256 import check_signature, is_low_s
from signing.errors import KeyUnusable
from signing.keys import folder as folder_files
from signing.keys import salts as salt_files
from signing.keys.files import load_secret, open_ed25519, open_p256, open_secret, publish_file
from signing.keys.listing import KeyKind
from signing.keys.ring import LIFETIME, open_key_ring
from signing.keys.salts import SaltKeys

AT = datetime(2026, 11, 22, 12, 0, 0, 500, tzinfo=UTC)
ROOT = Path(__file__).parents[2]
OPENERS: list[Callable[..., Any]] = [open_p256, open_ed25519, open_secret]
MAKERS: list[Callable[[Path], Any]] = [partial(each, make=True) for each in OPENERS]


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def write_private(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    path.chmod(0o600)
    return path


@pytest.mark.parametrize("make", MAKERS)
def test_a_key_is_made_once_for_its_owner_alone(tmp_path: Path, make: Callable[[Path], Any]) -> None:
    path = tmp_path / "keys" / "key"
    make(path)
    first = path.read_bytes()
    make(path)
    assert path.read_bytes() == first
    assert (mode(path), mode(path.parent)) == (0o600, 0o700)
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("open_key", OPENERS)
def test_a_lost_key_is_never_made_anew_unless_asked_for(tmp_path: Path, open_key: Callable[..., Any]) -> None:
    with pytest.raises(KeyUnusable) as raised:
        open_key(tmp_path / "keys" / "key", make=False)
    assert str(raised.value) == "key is missing; restore it from the backup of the keys"
    assert list(tmp_path.iterdir()) == []


def test_a_mask_that_lets_others_in_changes_nothing(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        open_secret(tmp_path / "keys" / "secret", make=True)
    finally:
        os.umask(before)
    assert (mode(tmp_path / "keys" / "secret"), mode(tmp_path / "keys")) == (0o600, 0o700)


@pytest.mark.parametrize("make", MAKERS)
@pytest.mark.parametrize("wrong", [0o604, 0o640, 0o660, 0o777])
def test_a_key_others_can_read_is_refused(tmp_path: Path, make: Callable[[Path], Any], wrong: int) -> None:
    make(tmp_path / "key")
    (tmp_path / "key").chmod(wrong)
    with pytest.raises(KeyUnusable, match="mode must be 600"):
        make(tmp_path / "key")


@pytest.mark.parametrize("make", MAKERS)
@pytest.mark.parametrize("keep", [0, 1, 31, 100])
def test_a_truncated_key_is_refused_without_telling_what_it_holds(
    tmp_path: Path, make: Callable[[Path], Any], keep: int
) -> None:
    path = tmp_path / "key"
    make(path)
    held = path.read_bytes()
    write_private(path, held[: min(keep, len(held) - 1)])
    with pytest.raises(KeyUnusable) as raised:
        make(path)
    assert str(raised.value).startswith("key ")
    assert raised.value.__context__ is None or raised.value.__suppress_context__


@pytest.mark.parametrize("make", MAKERS)
def test_what_is_no_file_or_has_no_place_is_refused(tmp_path: Path, make: Callable[[Path], Any]) -> None:
    (tmp_path / "folder").mkdir(mode=0o700)
    (tmp_path / "file").write_bytes(b"")
    for path in (tmp_path / "folder", tmp_path / "file" / "key", tmp_path / ("x" * 300)):
        with pytest.raises(KeyUnusable):
            make(path)


def test_a_folder_that_cannot_be_made_makes_the_key_unusable(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    (tmp_path / "link").symlink_to(tmp_path / "file")
    (tmp_path / "gone").symlink_to(tmp_path / "nowhere")
    with pytest.raises(KeyUnusable, match="cannot be made"):
        open_secret(tmp_path / "gone" / "key", make=True)


def pem(key: Any, *, password: bytes | None = None) -> bytes:
    encryption = serialization.NoEncryption() if password is None else serialization.BestAvailableEncryption(password)
    data: bytes = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption)
    return data


def test_a_key_of_another_kind_is_refused(tmp_path: Path) -> None:
    p256, p384 = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP384R1())
    wrong = [pem(p384), pem(rsa.generate_private_key(65537, 2048)), pem(p256, password=b"x"), b"\x00" * 32]
    wrong.append(
        p256.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    )
    for data in wrong:
        with pytest.raises(KeyUnusable):
            open_p256(write_private(tmp_path / "key", data), make=True)
        with pytest.raises(KeyUnusable):
            open_ed25519(write_private(tmp_path / "key", data), make=True)
    with pytest.raises(KeyUnusable, match="not an Ed25519 key"):
        open_ed25519(write_private(tmp_path / "key", pem(p256)), make=True)
    with pytest.raises(KeyUnusable, match="32 bytes"):
        open_secret(write_private(tmp_path / "key", bytes(33)), make=True)


def test_a_signature_is_deterministic_low_s_and_verifies(tmp_path: Path) -> None:
    signer = open_p256(tmp_path / "key", make=True)
    for number in range(20):
        message = f"message {number}".encode()
        signature = signer.sign(message)
        assert signature == signer.sign(message)
        assert is_low_s(signature)
        check_signature(signer.public_key, signature=signature, message=message)


def test_a_secret_never_made_is_none_and_a_broken_one_is_not(tmp_path: Path) -> None:
    assert load_secret(tmp_path / "none") is None
    assert load_secret(write_private(tmp_path / "whole", bytes(32))) == bytes(32)
    with pytest.raises(KeyUnusable):
        load_secret(write_private(tmp_path / "half", bytes(16)))


def test_who_comes_second_gets_the_firsts_key(tmp_path: Path) -> None:
    publish_file(tmp_path / "key", bytes(32))
    publish_file(tmp_path / "key", b"\x01" * 32)
    assert load_secret(tmp_path / "key") == bytes(32)
    assert list(tmp_path.iterdir()) == [tmp_path / "key"]


def test_a_crash_before_the_link_leaves_no_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", fail)
        with pytest.raises(KeyUnusable, match="No space left"):
            open_secret(tmp_path / "key", make=True)
    assert list(tmp_path.iterdir()) == []
    assert len(open_secret(tmp_path / "key", make=True)) == 32


_OPEN = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from signing.keys.ring import open_key_ring
ring = open_key_ring(Path(sys.argv[1]), at=datetime.now(UTC), first_start=True)
salt = ring.salts.for_sealing("bank", datetime(2026, 11, 1, tzinfo=UTC))
print(ring.reference.hex(), salt.hex())
print(ring.note_keys("log"))
print([(key.kid, key.valid_from.timestamp()) for key in ring.published(datetime.now(UTC))])
"""


def test_processes_that_start_at_once_end_up_with_the_same_keys(tmp_path: Path) -> None:
    command = [sys.executable, "-c", _OPEN, str(tmp_path / "keys")]
    started = [subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) for _ in range(4)]
    printed = {process.communicate(timeout=60)[0] for process in started}
    assert [process.returncode for process in started] == [0] * 4
    assert len(printed) == 1


def test_a_ring_publishes_each_key_with_its_type_and_time(tmp_path: Path) -> None:
    ring = open_key_ring(tmp_path, at=AT, first_start=True)
    begin = AT.replace(microsecond=0)
    assert {key.typ: key.kid for key in ring.published(AT)} == {
        "ai-disclosure+sd-jwt": ring.seal_signer(AT).kid,
        "ai-verification-report+jwt": ring.signer(KeyKind.REPORT, AT).kid,
        "statuslist+jwt": ring.signer(KeyKind.STATUS, AT).kid,
        "sigill-event+jwt": ring.event_signer(AT).kid,
        "at+jwt": ring.signer(KeyKind.TOKEN, AT).kid,
    }
    assert {(key.valid_from, key.valid_until) for key in ring.published(AT)} == {(begin, begin + LIFETIME)}
    later = open_key_ring(tmp_path, at=AT + timedelta(days=3), first_start=False)
    assert [(key.kid, key.valid_from) for key in later.published(AT)] == [
        (key.kid, key.valid_from) for key in ring.published(AT)
    ]
    assert later.reference == ring.reference
    assert [key.public_key for key in later.note_keys("a")] == [key.public_key for key in ring.note_keys("b")]


_ALL_FILES = ["seal-1.pem", "report-1.pem", "status-1.pem", "event-1.pem", "log-1.pem", "reference.key", "keys.json"]


@pytest.mark.parametrize("lost", _ALL_FILES)
def test_a_ring_with_a_lost_file_says_which_and_makes_none_but_at_the_first_start(tmp_path: Path, lost: str) -> None:
    open_key_ring(tmp_path, at=AT, first_start=True)
    (tmp_path / lost).unlink()
    with pytest.raises(KeyUnusable, match=f"^{lost} is missing; restore it from the backup of the keys$"):
        open_key_ring(tmp_path, at=AT, first_start=False)
    assert not (tmp_path / lost).exists()
    open_key_ring(tmp_path, at=AT, first_start=True)
    assert (tmp_path / lost).exists()


def make_older(folder: Path) -> dict[str, Any]:
    """Turn a folder into one of before there were status and event keys; return what `keys.json` then lists."""
    open_key_ring(folder, at=AT, first_start=True)
    kept = json.loads((folder / "keys.json").read_text())
    for name in ("status-1.pem", "event-1.pem"):
        (folder / name).unlink()
        del kept[name]
    (folder / "keys.json").write_text(json.dumps(kept))
    return dict(kept)


def test_a_folder_from_before_a_kind_of_key_gets_it_at_the_next_start(tmp_path: Path) -> None:
    kept = make_older(tmp_path)
    later = AT + timedelta(days=9)
    ring = open_key_ring(tmp_path, at=later, first_start=False)
    now_listed = json.loads((tmp_path / "keys.json").read_text())
    assert {name: now_listed[name] for name in kept} == kept
    begin = later.replace(microsecond=0)
    begun = {key.typ: key.valid_from for key in ring.published(AT)}
    assert begun["statuslist+jwt"] == begun["sigill-event+jwt"] == begin
    assert begun["ai-disclosure+sd-jwt"] == AT.replace(microsecond=0)
    again = open_key_ring(tmp_path, at=later + timedelta(days=1), first_start=False)
    assert [(key.kid, key.valid_from) for key in again.published(AT)] == [
        (key.kid, key.valid_from) for key in ring.published(AT)
    ]
    (tmp_path / "status-1.pem").unlink()
    with pytest.raises(KeyUnusable, match=r"^status-1\.pem is missing"):
        open_key_ring(tmp_path, at=later, first_start=False)


def test_a_start_cut_short_between_a_new_key_and_its_listing_is_completed_by_the_next(tmp_path: Path) -> None:
    make_older(tmp_path)
    kid = open_p256(tmp_path / "status-1.pem", make=True).kid
    assert open_key_ring(tmp_path, at=AT, first_start=False).signer(KeyKind.STATUS, AT).kid == kid


def test_processes_that_add_a_kind_of_key_at_once_list_the_same(tmp_path: Path) -> None:
    make_older(tmp_path / "keys")
    command = [sys.executable, "-c", _OPEN.replace("first_start=True", "first_start=False"), str(tmp_path / "keys")]
    started = [subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) for _ in range(3)]
    printed = {process.communicate(timeout=60)[0] for process in started}
    assert [process.returncode for process in started] == [0] * 3
    assert len(printed) == 1


def test_a_folder_that_cannot_be_made_or_a_list_that_cannot_be_written_is_unusable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(KeyUnusable, match="keys cannot be made or opened"):
        open_key_ring(tmp_path / "file" / "keys", at=AT, first_start=True)
    make_older(tmp_path / "keys")

    def full(_path: Path, _data: bytes) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(folder_files, "publish_file", full)
    with pytest.raises(KeyUnusable, match=r"keys\.json cannot be written: No space left"):
        open_key_ring(tmp_path / "keys", at=AT, first_start=False)


def test_a_seal_may_be_signed_only_while_the_seal_key_is_valid(tmp_path: Path) -> None:
    ring = open_key_ring(tmp_path, at=AT, first_start=True)
    begin = AT.replace(microsecond=0)
    for inside in (begin, begin + LIFETIME - timedelta(microseconds=1)):
        ring.seal_signer(inside)
    for outside in (begin - timedelta(microseconds=1), begin + LIFETIME):
        with pytest.raises(KeyUnusable, match="the seal key is valid from 2026-11-22 to 2028-11-21 only"):
            ring.seal_signer(outside)


def test_a_ring_says_when_its_keys_have_run_out(tmp_path: Path) -> None:
    ring = open_key_ring(tmp_path, at=AT, first_start=True)
    begin = AT.replace(microsecond=0)
    assert ring.fault(at=begin) is None
    assert ring.fault(at=begin + LIFETIME - timedelta(microseconds=1)) is None
    for outside in (begin - timedelta(microseconds=1), begin + LIFETIME):
        fault = ring.fault(at=outside)
        assert fault is not None
        assert "ai-disclosure+sd-jwt" in fault


@pytest.mark.parametrize(
    "kept",
    ["", "[]", "{}", '{"seal-1.pem": {}}', '{"seal-1.pem": {"nbf": "x", "exp": 1}}', "\x80", "null"]
    + [f'{{"seal-1.pem": {{"nbf": {number}, "exp": 1}}}}' for number in ("1e400", "9" * 30, "NaN", "null")],
)
def test_times_of_keys_that_cannot_be_read_are_a_fault(tmp_path: Path, kept: str) -> None:
    open_key_ring(tmp_path, at=AT, first_start=True)
    (tmp_path / "keys.json").write_text(kept, "latin-1")
    for first_start in (True, False):
        with pytest.raises(KeyUnusable, match="when each key is valid"):
            open_key_ring(tmp_path, at=AT, first_start=first_start)


def test_salts_are_by_operator_and_month_of_utc(tmp_path: Path) -> None:
    salts = SaltKeys(tmp_path)
    first = salts.for_sealing("a", AT)
    assert (salts.for_sealing("a", AT.replace(day=1, hour=0)),) == salts.for_checking("a", AT) == (first,)
    others = {salts.for_sealing("b", AT), salts.for_sealing("a", AT.replace(month=12))}
    assert len(others | {first}) == 3
    assert salts.for_checking("a", AT.replace(year=2020)) == ()


def test_a_destroyed_salt_key_is_gone_for_checking_even_in_the_process_that_made_it(tmp_path: Path) -> None:
    salts = SaltKeys(tmp_path)
    salts.for_sealing("a", AT)
    (tmp_path / "a" / "2026-11.key").unlink()
    assert salts.for_checking("a", AT) == ()


def test_a_destroyed_salt_key_is_not_used_for_sealing_any_longer(tmp_path: Path) -> None:
    salts, elsewhere = SaltKeys(tmp_path), SaltKeys(tmp_path)
    before = salts.for_sealing("a", AT)
    assert elsewhere.for_sealing("a", AT) == before
    (tmp_path / "a" / "2026-11.key").unlink()
    after = salts.for_sealing("a", AT)
    assert after != before
    assert (elsewhere.for_sealing("a", AT),) == elsewhere.for_checking("a", AT) == (after,)


def test_a_salt_key_put_back_from_a_backup_is_used_at_once(tmp_path: Path) -> None:
    salts = SaltKeys(tmp_path)
    salts.for_sealing("a", AT)
    write_private(tmp_path / "backup", bytes(32)).replace(tmp_path / "a" / "2026-11.key")
    assert salts.for_sealing("a", AT) == bytes(32)


def test_salt_keys_kept_in_memory_are_bounded_and_the_latest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []

    def reading(path: Path, *, make: bool) -> bytes:
        read.append(path.parent.name)
        return open_secret(path, make=make)

    salts = SaltKeys(tmp_path)
    for name in "abc":
        salts.for_sealing(name, AT)
    monkeypatch.setattr(salt_files, "CACHED", 2)
    monkeypatch.setattr(salt_files, "open_secret", reading)
    for name in "abcbdbc":
        salts.for_sealing(name, AT)
    assert read == ["d", "d", "c"]


def test_a_salt_key_that_cannot_be_made_is_unusable(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"")
    with pytest.raises(KeyUnusable):
        SaltKeys(tmp_path).for_sealing("a", AT)


def test_a_salt_key_lost_again_while_it_is_read_is_made_and_not_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def losing(path: Path, *, make: bool) -> bytes:
        key = open_secret(path, make=make)
        path.unlink()
        return key

    salts = SaltKeys(tmp_path)
    with monkeypatch.context() as patched:
        patched.setattr(salt_files, "open_secret", losing)
        lost = salts.for_sealing("a", AT)
    assert salts.for_sealing("a", AT) != lost
