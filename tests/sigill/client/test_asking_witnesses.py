"""What a log believes of a witness's answer: a cosignature that verifies, and nothing else."""

import itertools
import socket
import time
from collections.abc import Iterator
from dataclasses import replace

import pytest

from sigill.client.errors import AnswerNotTrusted, ServiceUnavailable, SettingsRefused, UnexpectedAnswer
from sigill.client.witness import Behind, Cosigned, Refused, SeenCheckpoint, ask_witness, read_witness
from sigill.errors import MalformedNote
from sigill.tlog.checkpoint import parse_checkpoint
from sigill.tlog.cosignature import cosign
from sigill.tlog.note import NoteSignature, SignedNote, format_note, format_signatures, parse_note, parse_vkey
from sigill.tlog.witness_wire import AddCheckpoint, format_add_checkpoint, origin_hash
from tests.builders_growing_log import GrowingLog, MemoryCosigner, seeded
from tests.builders_played_witness import PLAIN, Play, cosigns_anything, played_witness, says
from tests.builders_service import Reply

W1 = MemoryCosigner("witness.example/w1", seeded(3))
W2 = MemoryCosigner("witness.example/w2", seeded(4))
LOG = GrowingLog().grow_to(60)
LOG_KEYS = (parse_vkey(LOG.vkey),)
REQUEST = LOG.request(11, 60)
BODY = REQUEST.note.text
LINE = cosign(BODY, signer=W1, time_s=1000)
SIZE = "text/x.tlog.size"


def _ask(play: Play, *, timeout_s: float = 5) -> Cosigned | Behind | Refused:
    with played_witness(play) as url:
        return ask_witness(url, REQUEST, key=W1.witness, timeout_s=timeout_s)


def _read(play: Play) -> SeenCheckpoint | None:
    with played_witness(play) as url:
        return read_witness(url, LOG.origin, key=W1.witness, log_keys=LOG_KEYS, timeout_s=5)


def test_a_cosignature_that_verifies_is_believed() -> None:
    assert _ask(says(format_signatures([LINE]))) == Cosigned(LINE, 1000)


def test_the_request_is_sent_as_the_specification_spells_it() -> None:
    seen = []

    def play(path: str, body: bytes) -> Reply:
        seen.append((path, body.decode()))
        return Reply(200, format_signatures([LINE]).encode(), PLAIN)

    _ask(play)
    with played_witness(play) as url:
        ask_witness(f"{url}/w1/", REQUEST, key=W1.witness)
    text = format_add_checkpoint(REQUEST)
    assert seen == [("/add-checkpoint", text), ("/w1/add-checkpoint", text)]


def test_lines_of_other_keys_are_ignored() -> None:
    stranger = NoteSignature("witness.example/w1", b"\x00\x00\x00\x01", b"of another kind, as ML-DSA")
    lines = [stranger, cosign(BODY, signer=W2, time_s=9), LINE, cosign(BODY, signer=W1, time_s=2000)]
    assert _ask(says(format_signatures(lines))) == Cosigned(LINE, 1000)


@pytest.mark.parametrize(
    "line",
    [
        cosign(BODY, signer=W2, time_s=1000),
        cosign(LOG.request(0, 59).note.text, signer=W1, time_s=1000),
        cosign(GrowingLog(story="other").request(0, 60).note.text, signer=W1, time_s=1000),
        replace(LINE, signature=LINE.signature[:-1]),
        replace(LINE, signature=bytes(8) + LINE.signature[8:]),
        replace(LINE, signature=bytes(7) + b"\x01" + LINE.signature[8:]),
        replace(LINE, name="witness.example/w3"),
    ],
)
def test_any_other_cosignature_is_not_trusted(line: NoteSignature) -> None:
    with pytest.raises(AnswerNotTrusted, match="does not hold"):
        _ask(says(format_signatures([line])))


def test_any_flipped_bit_of_the_cosignature_is_not_trusted() -> None:
    for position in range(0, 8 * len(LINE.signature), 13):
        changed = bytearray(LINE.signature)
        changed[position // 8] ^= 1 << position % 8
        with pytest.raises(AnswerNotTrusted):
            _ask(says(format_signatures([replace(LINE, signature=bytes(changed))])))


@pytest.mark.parametrize(
    "play",
    [
        says(""),
        says("hello"),
        says(b"\xff\xff"),
        says(format_signatures([LINE])[:-1]),
        says("x\n\n" + format_signatures([LINE])),
        says(format_signatures([LINE]) * 65),
        says("<html>", status=201),
        says("", status=204),
        says("", status=302, Location="http://elsewhere.example"),
        says("12\n", status=409),
        says("12", status=409, content_type=SIZE),
        says("012\n", status=409, content_type=SIZE),
        says("-1\n", status=409, content_type=SIZE),
        says("٣\n", status=409, content_type=SIZE),
        says("9223372036854775808\n", status=409, content_type=SIZE),
        says("", status=409, content_type=SIZE),
        says(b"\xff", status=409, content_type=SIZE),
        lambda _path, _body: Reply(200, chunks=lambda: itertools.repeat(b"x" * 65_536)),
    ],
)
def test_what_is_no_answer_of_a_witness_is_said_to_be_unexpected(play: Play) -> None:
    with pytest.raises(UnexpectedAnswer):
        _ask(play)


@pytest.mark.parametrize("size", [0, 12, 2**63 - 1])
def test_a_witness_that_stands_elsewhere_says_where(size: int) -> None:
    assert _ask(says(f"{size}\n", status=409, content_type=SIZE)) == Behind(size)


@pytest.mark.parametrize("status", [400, 403, 404, 422, 413])
def test_a_refusal_has_its_status_and_a_short_plain_reason(status: int) -> None:
    assert _ask(says("This is\x1b[31m why.\n", status=status)) == Refused(status, "This is [31m why.")
    refused = _ask(says("x" * 5000, status=status))
    assert isinstance(refused, Refused)
    assert len(refused.reason) == 200


@pytest.mark.parametrize("status", [500, 502, 503, 408, 429])
def test_trouble_of_the_witness_passes_and_may_name_a_time(status: int) -> None:
    with pytest.raises(ServiceUnavailable, match=f"in trouble or busy .HTTP {status}.") as caught:
        _ask(says("later", status=status, Retry_After="3"))
    assert (caught.value.may_pass, caught.value.retry_after) == (True, 3.0)


def test_a_witness_that_is_away_is_said_to_be() -> None:
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    with pytest.raises(ServiceUnavailable, match=r"The witness at http://127.0.0.1:\d+ gives no answer in time") as it:
        ask_witness(f"http://127.0.0.1:{port}", REQUEST, key=W1.witness)
    assert "sealed" not in str(it.value)


def test_a_silent_witness_is_given_up_in_time() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        begin = time.monotonic()
        with pytest.raises(ServiceUnavailable, match="ReadTimeoutError"):
            ask_witness(f"http://127.0.0.1:{silent.getsockname()[1]}", REQUEST, key=W1.witness, timeout_s=0.2)
    assert time.monotonic() - begin < 2


def test_a_witness_that_drips_is_given_up_in_time() -> None:
    def drips() -> Iterator[bytes]:
        for _ in range(100):
            time.sleep(0.05)
            yield b"x"

    begin = time.monotonic()
    with pytest.raises(ServiceUnavailable):
        _ask(lambda _path, _body: Reply(200, chunks=drips), timeout_s=0.3)
    assert time.monotonic() - begin < 3


def test_an_address_that_is_none_and_a_request_without_a_note_are_refused_before_anything_is_sent() -> None:
    with pytest.raises(SettingsRefused):
        ask_witness("http://witness.example", REQUEST, key=W1.witness)
    with pytest.raises(MalformedNote):
        ask_witness("https://witness.example", AddCheckpoint(0, (), "no note"), key=W1.witness)


def test_what_a_witness_last_cosigned_is_read_and_verified() -> None:
    note = parse_note(LOG.note(60))
    text = format_note(SignedNote(note.text, (*note.signatures, LINE)))
    paths = []

    def play(path: str, _body: bytes) -> Reply:
        paths.append(path)
        return Reply(200, text.encode(), PLAIN)

    assert _read(play) == SeenCheckpoint(text, parse_checkpoint(note.text), 1000)
    assert paths == [f"/{origin_hash(LOG.origin)}/checkpoint"]


def test_a_witness_that_never_cosigned_has_nothing_to_show() -> None:
    assert _read(says("nothing", status=404)) is None


def test_what_log_or_witness_did_not_sign_is_not_trusted() -> None:
    forger = GrowingLog(seed=9).grow_to(60)
    foreign = GrowingLog(origin="other.example/root").grow_to(60)
    for log, cosigner in ((forger, W1), (foreign, W1), (LOG, W2)):
        note = parse_note(log.note(60))
        lines = (*note.signatures, cosign(note.text, signer=cosigner, time_s=5))
        with pytest.raises(AnswerNotTrusted):
            _read(says(format_note(SignedNote(note.text, lines))))


@pytest.mark.parametrize("play", [says("hello"), says(b"\xff"), says("", status=403), says("1\n", status=409)])
def test_what_is_no_checkpoint_of_a_witness_is_unexpected(play: Play) -> None:
    with pytest.raises(UnexpectedAnswer):
        _read(play)


def test_a_witness_that_cosigns_anything_is_believed_about_that_checkpoint_only() -> None:
    answer = _ask(cosigns_anything(W1, time_s=7))
    assert isinstance(answer, Cosigned)
    assert answer.time_s == 7
