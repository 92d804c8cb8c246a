"""Every answer of https://c2sp.org/tlog-witness, its exact bytes, and what else may be sent to a witness."""

import hashlib
import sqlite3
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sigill.tlog.checkpoint import Checkpoint, sign_checkpoint
from sigill.tlog.cosignature import verify_cosignatures
from sigill.tlog.note import NoteSignature, SignedNote, format_note, parse_note, parse_signatures, parse_vkey, sign_note
from sigill.tlog.tree import EMPTY_ROOT
from sigill.tlog.witness_wire import AddCheckpoint, format_add_checkpoint
from sigill.witness.app import MAX_BODY_BYTES
from tests.builders_growing_log import ORIGIN, GrowingLog, MemorySigner, seeded
from tests.builders_witness_app import Answer, Asked

NAME = "witness.example/w1"
HASHED = hashlib.sha256(ORIGIN.encode()).hexdigest()
OK, BAD, FORBIDDEN, NOT_FOUND = "200 OK", "400 Bad Request", "403 Forbidden", "404 Not Found"
CONFLICT, UNPROCESSABLE = "409 Conflict", "422 Unprocessable Entity"


def _shown(witness: Asked) -> Answer:
    return witness.ask("GET", f"/{HASHED}/checkpoint")


def _times(witness: Asked, answer: Answer, body: str) -> list[int]:
    note = SignedNote(body, parse_signatures(answer.text))
    return [each.time_s for each in verify_cosignatures(note, keys=[witness.opened.cosigner.witness])]


def test_a_first_checkpoint_is_cosigned_by_one_line(witness: Asked, log: GrowingLog) -> None:
    answer = witness.add(log.request(0, 10))
    assert answer.status == OK
    assert answer.text.startswith(f"— {NAME} ")
    assert answer.text.endswith("\n")
    assert answer.text.count("\n") == 1
    assert _times(witness, answer, parse_note(log.note(10)).text) == [1000]


def test_a_log_grows_from_where_the_witness_stands(witness: Asked, log: GrowingLog) -> None:
    for old_size, size in ((0, 1), (1, 2), (2, 17), (17, 17), (17, 60)):
        assert witness.add(log.request(old_size, size)).status == OK


def test_the_cosigned_checkpoint_is_shown_with_both_signatures(witness: Asked, log: GrowingLog) -> None:
    assert _shown(witness).status == NOT_FOUND
    lines = witness.add(log.request(0, 10)).text
    assert _shown(witness).text == log.note(10) + lines
    lines = witness.add(log.request(10, 60)).text
    assert _shown(witness).text == log.note(60) + lines


def test_a_log_nobody_named_is_not_found_whatever_its_signature(witness: Asked) -> None:
    stranger = GrowingLog(origin="other.example/root")
    assert witness.add(stranger.request(0, 5)).status == NOT_FOUND
    assert witness.ask("GET", f"/{hashlib.sha256(stranger.origin.encode()).hexdigest()}/checkpoint").status == NOT_FOUND


def test_a_checkpoint_by_another_key_is_forbidden(witness: Asked, log: GrowingLog) -> None:
    assert witness.add(GrowingLog(seed=9).request(0, 5)).status == FORBIDDEN
    assert _shown(witness).status == NOT_FOUND
    assert witness.add(log.request(0, 5)).status == OK


def test_a_bad_signature_under_a_known_key_is_forbidden_beside_a_good_one(witness: Asked, log: GrowingLog) -> None:
    note = parse_note(log.note(5))
    bad = NoteSignature(note.signatures[0].name, note.signatures[0].key_id, bytes(64))
    mixed = format_note(SignedNote(note.text, (note.signatures[0], bad)))
    assert witness.add(AddCheckpoint(0, (), mixed)).status == FORBIDDEN


def test_signatures_by_unknown_keys_are_ignored_and_not_shown_on(witness: Asked, log: GrowingLog) -> None:
    note = parse_note(log.note(5))
    stranger = NoteSignature("stranger.example", b"\x01\x02\x03\x04", b"anything")
    mixed = format_note(SignedNote(note.text, (stranger, *note.signatures, note.signatures[0])))
    lines = witness.add(AddCheckpoint(0, (), mixed)).text
    assert _shown(witness).text == log.note(5) + lines


def test_another_log_s_key_does_not_sign_for_this_one(witness: Asked, log: GrowingLog) -> None:
    other = MemorySigner("other.example/root", seeded(5))
    watched = Asked(witness.opened, {**witness.logs, other.name: (other.verifier,)})
    note = sign_note(parse_note(log.note(5)).text, [other])
    assert watched.add(AddCheckpoint(0, (), note)).status == FORBIDDEN


def test_an_old_size_beyond_the_checkpoint_is_a_bad_request(witness: Asked, log: GrowingLog) -> None:
    witness.add(log.request(0, 10))
    assert witness.add(replace(log.request(0, 5), old_size=6)).status == BAD
    assert witness.add(replace(log.request(0, 5), old_size=10)).status == BAD


@pytest.mark.parametrize("old_size", [0, 1, 9, 11])
def test_another_old_size_conflicts_and_names_the_known_one(witness: Asked, log: GrowingLog, old_size: int) -> None:
    witness.add(log.request(0, 10))
    answer = witness.add(log.request(old_size, 20))
    assert (answer.status, answer.text, answer.headers["Content-Type"]) == (CONFLICT, "10\n", "text/x.tlog.size")
    assert witness.add(log.request(10, 20)).status == OK


def test_a_conflict_before_the_first_cosignature_names_zero(witness: Asked, log: GrowingLog) -> None:
    answer = witness.add(log.request(1, 2))
    assert (answer.status, answer.text) == (CONFLICT, "0\n")


def test_an_empty_log_is_cosigned_with_its_one_root_only(witness: Asked, log: GrowingLog) -> None:
    wrong = sign_checkpoint(Checkpoint(ORIGIN, 0, b"\x01" * 32), signer=log.signer)
    assert witness.add(AddCheckpoint(0, (), wrong)).status == UNPROCESSABLE
    empty = sign_checkpoint(Checkpoint(ORIGIN, 0, EMPTY_ROOT), signer=log.signer)
    assert witness.add(AddCheckpoint(0, (), empty)).status == OK
    assert _shown(witness).text.startswith(empty)
    assert witness.add(log.request(0, 3)).status == OK


def test_a_proof_from_nothing_has_no_hashes(witness: Asked, log: GrowingLog) -> None:
    assert witness.add(replace(log.request(0, 5), proof=(bytes(32),))).status == UNPROCESSABLE


@pytest.mark.parametrize("change", ["none", "short", "long", "order", "bit"])
def test_a_proof_that_does_not_hold_is_refused(witness: Asked, log: GrowingLog, change: str) -> None:
    witness.add(log.request(0, 11))
    right = log.request(11, 60)
    proof = {
        "none": (),
        "short": right.proof[:-1],
        "long": (*right.proof, bytes(32)),
        "order": right.proof[::-1],
        "bit": (bytes([right.proof[0][0] ^ 1]) + right.proof[0][1:], *right.proof[1:]),
    }[change]
    before = _shown(witness).body
    assert witness.add(replace(right, proof=proof)).status == UNPROCESSABLE
    assert _shown(witness).body == before
    assert witness.add(right).status == OK


def test_a_proof_beside_the_same_size_is_refused(witness: Asked, log: GrowingLog) -> None:
    witness.add(log.request(0, 11))
    assert witness.add(replace(log.request(11, 11), proof=(bytes(32),))).status == UNPROCESSABLE


@pytest.mark.parametrize("size", [10, 11, 16, 60])
def test_a_fork_by_the_same_key_is_refused_at_the_same_and_any_larger_size(
    witness: Asked, log: GrowingLog, size: int
) -> None:
    twin = GrowingLog(story="another story").grow_to(60)
    assert twin.vkey == log.vkey
    witness.add(log.request(0, 10))
    assert witness.add(twin.request(10, size)).status == UNPROCESSABLE
    assert witness.add(log.request(10, 20)).status == OK


@pytest.mark.parametrize("old_size", [0, 3, 10])
def test_two_trees_of_one_size_are_kept_and_told_whatever_the_old_size(
    witness: Asked, log: GrowingLog, old_size: int
) -> None:
    twin = GrowingLog(story="another story").grow_to(60)
    cosigned = log.note(10) + witness.add(log.request(0, 10)).text
    assert "DIFFERENT TREES" not in witness.ask("GET", "/").text
    assert witness.ask("GET", f"/{HASHED}/forks").status == NOT_FOUND
    for _ in range(2):
        witness.add(twin.request(old_size, 10))
    witness.add(log.request(10, 20))
    shown = witness.ask("GET", f"/{HASHED}/forks").text
    assert (shown.count(cosigned), shown.count(twin.note(10))) == (1, 1)
    assert "SIGNED TWO DIFFERENT TREES" in witness.told[0]
    assert "SIGNED TWO DIFFERENT TREES" in witness.ask("GET", "/").text


def test_a_bad_proof_for_the_true_log_convicts_nobody(witness: Asked, log: GrowingLog) -> None:
    witness.add(log.request(0, 10))
    witness.add(replace(log.request(10, 20), proof=()))
    witness.add(log.request(0, 10))
    assert witness.ask("GET", f"/{HASHED}/forks").status == NOT_FOUND


def test_a_log_that_changes_its_key_is_cosigned_under_both(witness: Asked, log: GrowingLog) -> None:
    renewed = GrowingLog(seed=2).grow_to(60)
    both = Asked(witness.opened, {ORIGIN: (parse_vkey(log.vkey), parse_vkey(renewed.vkey))})
    assert both.add(log.request(0, 10)).status == OK
    assert both.add(renewed.request(10, 20)).status == OK
    assert both.add(log.request(20, 30)).status == OK
    twice = sign_note(parse_note(log.note(40)).text, [log.signer, renewed.signer])
    lines = both.add(replace(log.request(30, 40), checkpoint=twice)).text
    assert _shown(both).text == twice + lines


def test_the_time_of_a_cosignature_never_goes_back(witness: Asked, log: GrowingLog) -> None:
    for now_s, size, named_s in ((1000, 5, 1000), (900, 6, 1000), (-5, 7, 1000), (1001, 8, 1001)):
        witness.now_s = now_s
        old_size = {5: 0, 6: 5, 7: 6, 8: 7}[size]
        answer = witness.add(log.request(old_size, size))
        assert _times(witness, answer, parse_note(log.note(size)).text) == [named_s]


def test_a_clock_before_1970_does_not_name_the_time_0(witness: Asked, log: GrowingLog) -> None:
    witness.now_s = -1
    assert _times(witness, witness.add(log.request(0, 5)), parse_note(log.note(5)).text) == [1]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"old 0\n\n",
        b"\xff\xfe",
        b"old 0\n\n\xe2\x82",
        b"\x00" * 100,
        b"old 0\n" + b"A\n" * 5000,
        b"old 0\n\nlog.example/root\n" + b"x\n" * 5000 + "\n— k AAAAAAA=\n".encode(),
        b"old 0\n\n" + "\n— k AAAAAAA=\n".encode() * 5000,
        b"x" * MAX_BODY_BYTES,
    ],
)
def test_bad_bytes_are_a_bad_request(witness: Asked, body: bytes) -> None:
    answer = witness.ask("POST", "/add-checkpoint", body)
    assert answer.status == BAD
    assert len(answer.body) < 300


@pytest.mark.parametrize("length", ["", "-1", "1e3", "x", "٣", "99999999999999999999999", str(MAX_BODY_BYTES + 1)])
def test_a_length_that_is_none_or_too_long_is_a_bad_request(witness: Asked, log: GrowingLog, length: str) -> None:
    body = format_add_checkpoint(log.request(0, 5)).encode()
    assert witness.ask("POST", "/add-checkpoint", body, CONTENT_LENGTH=length).status == BAD


@given(
    cut=st.tuples(st.integers(0, 200), st.integers(0, 200), st.binary(max_size=4)),
    path=st.sampled_from(["/add-checkpoint", "/", f"/{HASHED}/checkpoint"]) | st.text(max_size=20).map("/".__add__),
    method=st.sampled_from(["POST", "GET", "HEAD", "PUT", "X"]),
)
@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_whatever_is_sent_is_answered_below_500(
    witness: Asked, log: GrowingLog, cut: tuple[int, int, bytes], path: str, method: str
) -> None:
    right = format_add_checkpoint(log.request(0, 5)).encode()
    answer = witness.ask(method, path, right[: cut[0]] + cut[2] + right[cut[1] :])
    assert int(answer.status[:3]) < 500
    assert method == "HEAD" or int(answer.headers["Content-Length"]) == len(answer.body)


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("GET", "/add-checkpoint", "POST"),
        ("PUT", "/add-checkpoint", "POST"),
        ("POST", "/", "GET, HEAD"),
        ("DELETE", f"/{HASHED}/checkpoint", "GET, HEAD"),
    ],
)
def test_other_methods_are_told_which_one_is_answered(witness: Asked, method: str, path: str, allowed: str) -> None:
    answer = witness.ask(method, path)
    assert (answer.status, answer.headers["Allow"]) == ("405 Method Not Allowed", allowed)


@pytest.mark.parametrize(
    "path",
    [
        "/add-checkpoint/",
        f"/{HASHED}",
        f"/{HASHED.upper()}/checkpoint",
        f"/{HASHED}/checkpoint\n",
        f"/{HASHED}/checkpoint/",
        f"/x/{HASHED}/checkpoint",
        f"/{HASHED[1:]}/checkpoint",
        f"/{'0' * 64}/checkpoint",
    ],
)
def test_other_paths_are_not_found(witness: Asked, log: GrowingLog, path: str) -> None:
    witness.add(log.request(0, 5))
    assert witness.ask("GET", path).status == NOT_FOUND


def test_the_page_says_who_the_witness_is_and_what_it_watches(witness: Asked, log: GrowingLog) -> None:
    assert "nothing cosigned yet" in witness.ask("GET", "/").text
    witness.add(log.request(0, 5))
    page = witness.ask("GET", "/")
    assert page.status == OK
    assert "size 5, cosigned 1970-01-01 00:16:40 UTC" in page.text
    assert NAME in page.text
    assert ORIGIN in page.text
    assert f"/{HASHED}/checkpoint" in page.text
    head = witness.ask("HEAD", "/")
    assert (head.body, head.headers) == (b"", page.headers)


def test_a_time_beyond_every_calendar_is_shown_as_seconds(witness: Asked, log: GrowingLog) -> None:
    witness.now_s = 2**62
    assert witness.add(log.request(0, 5)).status == OK
    assert f"{2**62} s after 1970" in witness.ask("GET", "/").text


def test_a_state_that_cannot_be_written_is_said_and_nothing_cosigned(witness: Asked, log: GrowingLog) -> None:
    state = witness.opened.folder / "state.db"
    elsewhere = sqlite3.connect(state)
    elsewhere.execute("CREATE TRIGGER full BEFORE INSERT ON heads BEGIN SELECT RAISE(ABORT, 'no room'); END")
    answer = witness.add(log.request(0, 5))
    assert answer.status == "503 Service Unavailable"
    assert NAME not in answer.text
    assert "no room" in witness.told[0]
    elsewhere.execute("DROP TRIGGER full")
    elsewhere.close()
    assert _shown(witness).status == NOT_FOUND
    assert witness.add(log.request(0, 5)).status == OK
