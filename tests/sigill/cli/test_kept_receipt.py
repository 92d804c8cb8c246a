"""`sigill receipt --check`: a customer's old receipt against the logs as they are shown today."""

import json
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any, Final

import pytest

from sigill.cli.main import main
from sigill.report.checks import Detail
from sigill.report.kept import Kept
from sigill.report.trust import format_trust
from sigill.report.words import words
from sigill.tlog.checkpoint import Checkpoint, sign_checkpoint
from sigill.tlog.proof import LogProof, format_proof, parse_proof
from sigill.tlog.tree import Frontier, grow, hash_leaf, inclusion_proof
from sigill.tlog.witnessed import join_proofs
from sigill.vocabulary import Language
from tests.builders_http import serving
from tests.builders_published import BuiltLog, Published, Witness
from tests.builders_server import free_port
from tests.running.test_publisher import watched
from tests.sigill.cli.test_audit_over_http import answering

BANK: Final = "exempelbanken"
_ENDLESS: Final = 300_000_000
EN: Final = words(Language.EN)


def proof(log: BuiltLog, index: int, size: int, note: str) -> str:
    """Prove the entry at `index` under a checkpoint of `size` entries."""

    def read(level: int, place: int) -> bytes:
        entries = log.entries[place << level : (place + 1) << level]
        return grow(Frontier(), map(hash_leaf, entries))[0].root()

    return format_proof(LogProof(index, inclusion_proof(index, size, read), note))


def receipt_of(made: Published, *, whole: bool = True) -> str:
    """Return a receipt for the bank's last entry; in a whole one, its head is the root log's last entry."""
    bank, root = made.log(BANK), made.root
    size, heads = len(bank.entries), len(root.entries)
    first = proof(bank, size - 1, size, bank.checkpoint())
    return join_proofs(first, proof(root, heads - 1, heads, root.checkpoint())) if whole else first


class Answering(BaseHTTPRequestHandler):
    """A deployment played from a folder; `instead` of a path's file, what a test wants. Notes what is asked."""

    protocol_version = "HTTP/1.1"
    folder: Path
    asked: list[str]
    sent: Counter[str]
    instead: dict[str, int | bytes]

    def do_GET(self) -> None:
        path = self.path.lstrip("/")
        self.asked.append(path)
        other = self.instead.get(path)
        if other == _ENDLESS:
            self.send_endless(path)
        elif isinstance(other, int):
            self.answer(other, b"no")
        elif other is not None or (self.folder / path).is_file():
            self.answer(200, (self.folder / path).read_bytes() if other is None else other)
        else:
            self.answer(404, b"nothing")

    def send_endless(self, path: str) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(_ENDLESS))
        self.end_headers()
        try:
            while self.sent[path] < _ENDLESS:
                self.sent[path] += self.wfile.write(bytes(65_536))
        except OSError:
            self.close_connection = True

    def answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_arguments: object) -> None:
        """Say nothing."""


@dataclass
class Customer:
    """A deployment at an address, what it was asked, and a customer's files: receipt and trust file."""

    made: Published
    address: str
    folder: Path
    capsys: pytest.CaptureFixture[str]
    asked: list[str] = field(default_factory=list)
    sent: Counter[str] = field(default_factory=Counter)
    instead: dict[str, int | bytes] = field(default_factory=dict)

    @property
    def receipt(self) -> Path:
        return self.folder / "receipt"

    def check(self, *options: str, trust: bool = True) -> tuple[int, list[str], str]:
        """Run the command; return its exit code, the lines of its answer, and what it told beside."""
        self.capsys.readouterr()
        own = ["--trust", str(self.folder / "trust.json")] if trust else []
        code = main(["receipt", "--check", str(self.receipt), "--url", self.address, *own, *options])
        said = self.capsys.readouterr()
        return code, said.out.splitlines(), said.err

    def faults(self) -> tuple[int, str, set[tuple[str, str]]]:
        """Return the exit code, the first sentence, and each fault with the log it is in."""
        code, lines, _ = self.check()
        found = [line.split() for line in lines if line.startswith("fault ")]
        return code, lines[0], {(each[1], each[2].rpartition("/")[2]) for each in found}


@pytest.fixture
def kept(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Customer]:
    """A receipt from when the bank had 700 entries; now it has 5,000."""
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    made = Published(tmp_path / "published", witnesses=[Witness("W1"), Witness("W2")])
    made.log("telco").grow(3)
    made.log(BANK).grow(700)
    made.add_heads()
    (tmp_path / "receipt").write_text(receipt_of(made))
    (tmp_path / "half").write_text(receipt_of(made, whole=False))
    (tmp_path / "trust.json").write_text(json.dumps(format_trust(made.trust)))
    made.log(BANK).grow(4_300)
    made.publish()
    state: dict[str, Any] = {"folder": made.folder, "asked": [], "sent": Counter(), "instead": {}}
    with serving(type("Here", (Answering,), state)) as address:
        yield Customer(made, address, tmp_path, capsys, state["asked"], state["sent"], state["instead"])


def test_a_receipt_agrees_with_a_log_that_only_grew_and_few_tiles_are_asked_for(kept: Customer) -> None:
    code, lines, told = kept.check()
    assert code == 0
    assert lines == [
        EN.kept(Kept.AGREES),
        "guarantor.example/log/exempelbanken: 700 → 5,000",
        "guarantor.example/log/root: 2 → 4",
        EN.detail(Detail.WITNESSED),
    ]
    assert told == ""
    assert len(kept.asked) <= 9
    assert not any("entries" in path for path in kept.asked)


@pytest.mark.parametrize("language", list(Language))
def test_it_is_said_in_the_customers_language(
    language: Language, kept: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LC_ALL", f"{language}.UTF-8")
    assert kept.check()[1][0] == words(language).kept(Kept.AGREES)
    shutil.copy(kept.folder / "half", kept.receipt)
    kept.made.log(BANK).entries[5] = kept.made.log(BANK).entries[6]
    kept.made.publish()
    assert kept.check()[1][0] == words(language).kept(Kept.CONTRADICTS)


def test_a_receipt_that_the_root_log_had_no_head_of_yet_is_held_against_its_own_log_alone(kept: Customer) -> None:
    shutil.copy(kept.folder / "half", kept.receipt)
    code, lines, _ = kept.check()
    assert (code, lines[1:]) == (
        0,
        ["guarantor.example/log/exempelbanken: 700 → 5,000", EN.detail(Detail.NOT_WITNESSED_YET)],
    )
    assert not any("root" in path for path in kept.asked)


def test_without_a_trust_file_of_ones_own_it_says_whose_word_that_is(kept: Customer) -> None:
    code, lines, told = kept.check(trust=False)
    assert (code, lines[0]) == (0, EN.kept(Kept.AGREES))
    assert told == EN.kept(Kept.OWN_WORD) + "\n"


def rewrite(log: BuiltLog, size: int) -> None:
    log.entries = []
    log.grow(size, salt="another story")


@pytest.mark.parametrize(
    ("size", "fault"), [(5_000, "not_consistent"), (701, "not_consistent"), (700, "forked"), (699, "shrunk")]
)
def test_a_log_that_was_rewritten_contradicts_the_receipt_by_its_own_signature(
    size: int, fault: str, kept: Customer
) -> None:
    rewrite(kept.made.log(BANK), size)
    kept.made.publish()
    assert kept.faults() == (1, EN.kept(Kept.CONTRADICTS), {(fault, BANK)})


@pytest.mark.parametrize(("size", "fault"), [(9, "not_consistent"), (2, "forked"), (1, "shrunk"), (0, "shrunk")])
def test_a_root_log_that_was_rewritten_contradicts_it_too(size: int, fault: str, kept: Customer) -> None:
    rewrite(kept.made.root, size)
    kept.made.publish(heads=False)
    assert kept.faults() == (1, EN.kept(Kept.CONTRADICTS), {(fault, "root")})


@pytest.mark.parametrize(
    ("path", "fault"),
    [
        (f"log/{BANK}/checkpoint", ("checkpoint_missing", BANK)),
        ("log/root/checkpoint", ("checkpoint_missing", "root")),
        (f"log/{BANK}/tile/0/002", ("tile_missing", BANK)),
    ],
)
def test_what_is_missing_proves_nothing_and_is_named(path: str, fault: tuple[str, str], kept: Customer) -> None:
    kept.made.path(path).unlink()
    assert kept.faults() == (1, EN.kept(Kept.UNPROVEN), {fault})


def test_what_is_damaged_or_not_signed_as_it_should_be_is_no_contradiction(kept: Customer) -> None:
    kept.made.flip(f"log/{BANK}/tile/0/002")
    assert kept.faults() == (1, EN.kept(Kept.UNPROVEN), {("root_wrong", BANK)})
    kept.made.publish(heads=False)
    kept.made.publish_log(kept.made.log(BANK), note=kept.made.log("telco").checkpoint())
    assert kept.faults() == (1, EN.kept(Kept.UNPROVEN), {("checkpoint_malformed", BANK)})
    kept.made.publish(heads=False)
    kept.made.witnesses = kept.made.witnesses[:1]
    kept.made.publish_log(kept.made.root)
    assert kept.faults() == (1, EN.kept(Kept.UNPROVEN), {("quorum_missing", "root")})


def forge_signature(text: str) -> str:
    note = parse_proof(text).checkpoint
    return text.replace(note, note[:-10] + ("A" if note[-10] != "A" else "B") + note[-9:])


def join_anothers_head(text: str, made: Published) -> str:
    return join_proofs(text, proof(made.root, 0, 2, made.root.checkpoint(2)))


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (lambda text, _made: forge_signature(text), ("signature_wrong", BANK)),
        (join_anothers_head, ("head_not_consistent", "root")),
        (
            lambda text, made: join_proofs(text, proof(made.log(BANK), 0, 9, made.log(BANK).checkpoint(9))),
            ("checkpoint_malformed", "root"),
        ),
    ],
)
def test_a_receipt_that_was_changed_is_not_taken_for_the_logs_word(
    change: Callable[[str, Published], str], fault: tuple[str, str], kept: Customer
) -> None:
    kept.receipt.write_text(change(kept.receipt.read_text(), kept.made))
    assert kept.faults() == (1, EN.kept(Kept.UNPROVEN), {fault})


def test_a_log_that_the_trust_file_does_not_name_is_missing(kept: Customer) -> None:
    strange = BuiltLog("strange")
    strange.grow(3)
    kept.receipt.write_text(proof(strange, 2, 3, strange.checkpoint()))
    assert kept.faults() == (1, EN.kept(Kept.UNPROVEN), {("log_missing", "strange")})


def test_a_service_that_cannot_be_reached_is_no_fault_of_the_log(kept: Customer) -> None:
    address, kept.address = kept.address, f"http://127.0.0.1:{free_port()}"
    code, lines, told = kept.check()
    assert (code, lines) == (3, [])
    assert EN.detail(Detail.LOG_UNREACHABLE) in told
    kept.address = address
    for status in (503, 403, 500, 302):
        kept.instead[f"log/{BANK}/checkpoint"] = status
        code, lines, told = kept.check()
        assert (code, lines) == (3, [])
        assert EN.detail(Detail.LOG_UNREACHABLE) in told


def test_a_contradiction_is_told_though_the_other_log_cannot_be_read(kept: Customer) -> None:
    rewrite(kept.made.log(BANK), 800)
    kept.made.publish()
    kept.instead["log/root/checkpoint"] = 503
    code, lines, told = kept.check()
    assert (code, lines[0]) == (1, EN.kept(Kept.CONTRADICTS))
    assert "503" in told


@pytest.mark.parametrize("path", [f"log/{BANK}/checkpoint", f"log/{BANK}/tile/0/002", "log/root/checkpoint"])
def test_an_answer_without_an_end_is_not_read_to_it(path: str, kept: Customer) -> None:
    kept.instead[path] = _ENDLESS
    code, _, told = kept.check()
    assert code == 3
    assert "longer than" in told
    assert kept.sent[path] < _ENDLESS / 10


@pytest.mark.parametrize("data", [b"", b"\xff" * 500, b"A" * 8_192, bytes(65_536), b"\x1b]0;mine\x07"])
@pytest.mark.parametrize("path", [f"log/{BANK}/checkpoint", f"log/{BANK}/tile/0/002", "log/root/checkpoint"])
def test_nonsense_is_named_and_steers_no_terminal(path: str, data: bytes, kept: Customer) -> None:
    kept.instead[path] = data
    code, lines, told = kept.check()
    assert (code, lines[0]) == (1, EN.kept(Kept.UNPROVEN))
    assert not any(character < " " for line in (*lines, *told.splitlines()) for character in line)


@pytest.mark.parametrize("size", [2**62, 2**63 - 1, 2**40 + 1])
def test_a_guarantor_that_signs_an_absurd_size_is_asked_for_few_tiles(size: int, kept: Customer) -> None:
    log = kept.made.log(BANK)
    kept.instead[f"log/{BANK}/checkpoint"] = sign_checkpoint(
        Checkpoint(log.origin, size, bytes(32)), signer=log.signer
    ).encode()
    code, lines, _ = kept.check()
    assert (code, lines[0]) == (1, EN.kept(Kept.UNPROVEN))
    assert len(kept.asked) <= 40


def test_wrong_usage_is_said_in_a_sentence(kept: Customer) -> None:
    code, lines, told = kept.check("--out", "x")
    assert (code, lines) == (2, [])
    assert "Leave --out away" in told
    code, lines, told = kept.check("--log-policy", str(kept.receipt))
    assert (code, lines) == (2, [])
    assert "The log policy cannot be used" in told
    kept.receipt.write_text("no receipt\n")
    code, lines, told = kept.check()
    assert (code, lines) == (2, [])
    assert "This is no receipt" in told


@pytest.mark.slow
def test_the_real_service_keeps_its_word_and_one_that_was_rolled_back_and_went_on_does_not(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    receipt, trust = tmp_path / "receipt", tmp_path / "trust.json"
    with watched(tmp_path) as made:
        service = made.open()
        made.seal(service)
        made.close()
        shutil.copytree(made.var, tmp_path / "aside")
        service = made.open()
        (tmp_path / "seal.txt").write_text(made.seal(service))
        made.publish()
        check = ["receipt", "--check", str(receipt), "--trust", str(trust)]
        with answering(made.open()) as address:
            fetch = ["receipt", str(tmp_path / "seal.txt"), "--trust", str(trust), "--out", str(receipt)]
            assert main(["trust", "--url", address, "--out", str(trust)]) == 0
            assert main([*fetch, "--url", address]) == 0
            made.seal(made.open())
            made.publish()
            assert main([*check, "--url", address]) == 0
        assert EN.kept(Kept.AGREES) in capsys.readouterr().out
        made.close()
        shutil.rmtree(made.var)
        shutil.copytree(tmp_path / "aside", made.var)
        service = made.open()
        for _ in range(3):
            made.seal(service)
        with answering(service) as address:
            assert main([*check, "--url", address]) == 1
        said = capsys.readouterr().out
        assert said.startswith(EN.kept(Kept.CONTRADICTS))
        assert "fault not_consistent guarantor.example/log/exempelbanken" in said
