"""`sigill audit log` over published folders: every fault by its name, and what was proven in words."""

import json
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from sigill.cli.main import main
from sigill.client.shown_log import ShownLog
from sigill.encoding.base64url import format_base64url
from sigill.encoding.strict_json import format_canonical_json
from sigill.report.trust import format_trust
from sigill.tlog.faults import Fault
from sigill.tlog.leaf import HeadLeaf, Leaf, LeafKind, format_leaf
from sigill.tlog.log_policy import format_log_policy
from sigill.tlog.note import sign_note
from sigill.tlog.proof import LogProof, format_proof
from tests.builders_published import BuiltLog, Published, Witness

BANK, TELCO = "exempelbanken", "telco"


@pytest.fixture
def made(tmp_path: Path) -> Published:
    """Two logs of which the root log holds two heads each, but of the newest two entries none."""
    published = Published(tmp_path / "published", witnesses=[Witness("W1"), Witness("W2")])
    for name, sizes in ((BANK, (300, 400)), (TELCO, (10, 10))):
        published.log(name).grow(sizes[0])
    published.add_heads()
    for name, size in ((BANK, 400), (TELCO, 10)):
        published.log(name).grow(size)
    published.publish()
    published.log(BANK).grow(2)
    published.publish(heads=False)
    (tmp_path / "trust.json").write_text(json.dumps(format_trust(published.trust)))
    return published


Audit = Callable[..., dict[str, Any]]


@pytest.fixture
def audit(made: Published, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Audit:
    """Audit the folder with the auditor's own trust file; return the JSON with the exit code in it."""

    def run(*options: str, source: str = str(made.folder)) -> dict[str, Any]:
        capsys.readouterr()
        arguments = ["audit", "log", source, "--trust", str(tmp_path / "trust.json"), "--json", *options]
        code = main(arguments)
        value: dict[str, Any] = json.loads(capsys.readouterr().out)
        return value | {"code": code}

    return run


def faults(answer: dict[str, Any]) -> set[tuple[str, str, str]]:
    assert answer["faults"] == len(answer["findings"])
    assert answer["code"] == (1 if answer["findings"] else 0)
    return {(each["fault"], each["log"].rpartition("/")[2], each["where"]) for each in answer["findings"]}


def report(answer: dict[str, Any], name: str) -> dict[str, Any]:
    (found,) = (each for each in answer["logs"] if each["name"] == name)
    return dict(found)


def test_an_honest_deployment_passes_and_the_report_says_what_was_looked_at(audit: Audit) -> None:
    answer = audit()
    assert faults(answer) == set()
    bank, root = report(answer, BANK), report(answer, "root")
    assert (bank["size"], bank["entries_checked"], bank["heads_compared"]) == (702, True, 2)
    assert (root["size"], root["cosignatures"]) == (4, 2)
    assert "exempelbanken: its newest 2 entries are under no head in the root log yet" in answer["not_proven"]
    assert any("2 heads in the root log are of this log" in line for line in answer["proven"])


def test_it_is_told_in_plain_lines(made: Published, capsys: pytest.CaptureFixture[str]) -> None:
    made.flip(f"log/{BANK}/tile/0/001")
    assert main(["audit", "log", str(made.folder), "--bar"]) == 1
    told = capsys.readouterr()
    assert "this holds it against itself only" in told.out
    assert "fault tile_wrong guarantor.example/log/exempelbanken tile/0/001: " in told.out
    assert "telco: 20 entries, no faults" in told.out
    assert told.out.endswith("1 fault.\n")
    assert "[##############################] 702 of 702 entries" in told.err
    assert main(["audit", "log", str(made.folder), "--no-bar", "--log", TELCO]) == 0
    told = capsys.readouterr()
    assert told.err == ""
    assert told.out.endswith("No fault in what was looked at.\n")


def test_a_flipped_bit_in_any_file_of_any_log_is_found(made: Published, audit: Audit) -> None:
    files = sorted(path.relative_to(made.folder).as_posix() for path in made.folder.glob("log/**/*") if path.is_file())
    assert len(files) == 14
    for path in files:
        made.flip(path, at=-3)
        found = faults(audit())
        made.flip(path, at=-3)
        _, log, what = path.split("/", 2)
        kinds = {(fault, where) for fault, where_log, where in found if where_log == log}
        if what == "checkpoint":
            assert kinds & {(fault, "checkpoint") for fault in ("signature_wrong", "checkpoint_malformed")} or any(
                fault == "cosignature_wrong" for fault, _ in kinds
            ), path
        else:
            assert kinds == {("bundle_wrong" if "entries" in what else "tile_wrong", what)}, path


def test_a_removed_file_is_found(made: Published, audit: Audit) -> None:
    for what, fault in (("tile/0/001", "tile_missing"), ("tile/entries/001", "bundle_missing")):
        path = f"log/{BANK}/{what}"
        data = made.path(path).read_bytes()
        made.path(path).unlink()
        assert faults(audit()) == {(fault, BANK, what)}
        made.write(path, data)


def test_a_tile_that_is_shown_full_by_now_counts_for_the_narrower_one(made: Published, audit: Audit) -> None:
    log = made.log(BANK).copy()
    log.grow(200)
    for path, data in log.files().items():
        made.write(f"log/{BANK}/{path}", data)
    for path in ("tile/0/002.p/190", "tile/entries/002.p/190"):
        made.path(f"log/{BANK}/{path}").unlink()
    assert faults(audit()) == set()


def test_a_log_without_checkpoint_is_missing_where_the_root_log_holds_its_heads(made: Published, audit: Audit) -> None:
    made.path(f"log/{TELCO}/checkpoint").unlink()
    assert faults(audit()) == {("log_missing", TELCO, "checkpoint")}
    made.path("log/root/checkpoint").unlink()
    assert faults(audit()) == {
        ("checkpoint_missing", TELCO, "checkpoint"),
        ("checkpoint_missing", "root", "checkpoint"),
    }


def test_another_logs_checkpoint_and_another_keys_are_not_believed(made: Published, audit: Audit) -> None:
    made.write(f"log/{BANK}/checkpoint", made.path(f"log/{TELCO}/checkpoint").read_bytes())
    assert faults(audit()) == {("checkpoint_malformed", BANK, "checkpoint")}
    stranger = BuiltLog("stranger").signer
    note = made.log(BANK).checkpoint()
    body = note.rpartition("\n\n")[0] + "\n"
    made.write(f"log/{BANK}/checkpoint", sign_note(body, [stranger]).encode())
    assert faults(audit()) == {("signature_wrong", BANK, "checkpoint")}
    made.write(f"log/{BANK}/checkpoint", b"\xff")
    assert faults(audit()) == {("checkpoint_malformed", BANK, "checkpoint")}


def test_an_entry_that_is_no_leaf_of_its_log_is_found(made: Published, audit: Audit) -> None:
    made.log(TELCO).entries += [b"nothing", format_leaf(HeadLeaf("x", 1, bytes(32)))]
    made.root.add(Leaf(LeafKind.SEAL, bytes(32)))
    made.publish()
    assert faults(audit()) == {
        ("leaf_malformed", TELCO, "entry 20"),
        ("leaf_malformed", TELCO, "entry 21"),
        ("leaf_malformed", "root", "entry 4"),
    }


def test_heads_in_the_root_log_that_are_not_their_logs_are_found(made: Published, audit: Audit) -> None:
    bank = made.log(BANK)
    made.root.add(HeadLeaf(bank.origin, 701, bytes(32)))
    made.publish(heads=False)
    assert faults(audit()) == {("head_not_consistent", BANK, "entry 4 of the root log")}


def test_heads_that_shrink_or_fork_are_found(made: Published, audit: Audit) -> None:
    bank = made.log(BANK)
    made.root.add(bank.head(702), bank.head(300), HeadLeaf(bank.origin, 702, bytes(32)))
    made.publish(heads=False)
    assert {(fault, where) for fault, _, where in faults(audit())} == {
        ("head_shrunk", "entry 5"),
        ("head_forked", "entry 6"),
    }


def test_a_log_rolled_back_behind_its_head_is_found(made: Published, audit: Audit) -> None:
    bank = made.log(BANK)
    del bank.entries[500:]
    made.publish(heads=False)
    assert faults(audit("--log", BANK)) == {("log_behind_head", BANK, "checkpoint")}


def test_heads_of_a_log_that_is_not_named_are_a_fault_unless_the_trust_file_may_be_older(
    made: Published, audit: Audit, capsys: pytest.CaptureFixture[str]
) -> None:
    made.root.add(HeadLeaf("guarantor.example/log/hidden", 3, bytes(32)))
    made.publish(heads=False)
    answer = audit()
    assert faults(answer) == set()
    assert any("guarantor.example/log/hidden" in line for line in answer["not_proven"])
    capsys.readouterr()
    assert main(["audit", "log", str(made.folder)]) == 1
    assert "fault log_missing guarantor.example/log/hidden" in capsys.readouterr().out


def test_too_few_witnesses_are_a_fault_under_the_auditors_own_policy(audit: Audit, tmp_path: Path) -> None:
    stricter = Published(tmp_path / "unused", witnesses=[Witness("W1"), Witness("W3")])
    policy = tmp_path / "policy"
    policy.write_text(format_log_policy(stricter.policy))
    assert faults(audit("--log-policy", str(policy))) == {("quorum_missing", "root", "checkpoint")}


# --- what was seen before -------------------------------------------------------------------------------------------


def test_a_log_that_grew_is_consistent_with_what_was_kept(made: Published, audit: Audit, tmp_path: Path) -> None:
    state = str(tmp_path / "state")
    assert faults(audit("--state", state)) == set()
    made.log(BANK).grow(700)
    made.publish()
    answer = audit("--state", state)
    assert faults(answer) == set()
    assert report(answer, BANK)["earlier_checkpoints"] == [702]
    assert report(audit("--state", state), BANK)["earlier_checkpoints"] == [1402]


FORKS = [(702, 0, Fault.FORKED), (650, 0, Fault.SHRUNK), (650, 200, Fault.NOT_CONSISTENT), (10, 692, Fault.FORKED)]


@pytest.mark.parametrize(("kept", "other", "fault"), FORKS)
def test_a_fork_with_the_same_key_is_found_and_its_evidence_kept(
    made: Published, audit: Audit, tmp_path: Path, kept: int, other: int, fault: Fault
) -> None:
    state = tmp_path / "state"
    assert faults(audit("--state", str(state), "--log", BANK)) == set()
    fork = made.log(BANK)
    del fork.entries[kept:]
    fork.grow(other, salt="fork")
    if kept == 702:
        fork.entries[-1] = fork.entries[0]
    made.root = BuiltLog("root")  # the guarantor forks the root log with it
    made.publish()
    for _ in range(2):  # what was kept stays kept, so it is found again
        found = faults(audit("--state", str(state), "--log", BANK))
        assert (fault.value, BANK, "checkpoint of size 702 seen before") in found
    size = len(fork.entries)
    earlier = (state / f"{BANK}.{fault}.702-{size}.earlier.checkpoint").read_text()
    later = (state / f"{BANK}.{fault}.702-{size}.later.checkpoint").read_text()
    assert earlier.splitlines()[1] == "702"
    assert later == fork.checkpoint()


@pytest.mark.parametrize("as_receipt", [False, True])
def test_whoever_holds_an_old_checkpoint_or_receipt_finds_the_fork(
    made: Published, audit: Audit, tmp_path: Path, as_receipt: bool
) -> None:
    bank = made.log(BANK)
    note = bank.checkpoint(500)
    held = tmp_path / "held"
    inner = format_proof(LogProof(0, (), made.root.checkpoint(2))).encode()
    held.write_text(format_proof(LogProof(3, (), note, inner)) if as_receipt else note)
    answer = audit("--since", str(held))
    assert faults(answer) == set()
    assert report(answer, BANK)["earlier_checkpoints"] == [500]
    assert report(answer, "root")["earlier_checkpoints"] == ([2] if as_receipt else [])
    bank.entries[10] = bank.entries[11]
    made.root = BuiltLog("root")
    made.publish()
    found = faults(audit("--since", str(held)))
    assert ("not_consistent", BANK, "checkpoint of size 500 seen before") in found


def test_an_interrupted_audit_is_resumed(
    made: Published, audit: Audit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made.flip(f"log/{BANK}/tile/0/000")
    state = str(tmp_path / "state")
    whole = ShownLog.shown

    def cut_off(self: ShownLog, size: int, *, begin: int, entries: bool) -> Any:
        for number, shown in enumerate(whole(self, size, begin=begin, entries=entries)):
            if number == 2 and size == 702:
                raise KeyboardInterrupt
            yield shown

    monkeypatch.setattr(ShownLog, "shown", cut_off)
    arguments = ["audit", "log", str(made.folder), "--trust", str(tmp_path / "trust.json"), "--state", state]
    assert main(arguments) == 130
    monkeypatch.setattr(ShownLog, "shown", whole)
    answer = audit("--state", state, "--resume")
    assert faults(answer) == {("tile_wrong", BANK, "tile/0/000")}
    assert report(answer, BANK)["begun_at"] == 512
    assert report(answer, BANK)["heads_compared"] == 2
    assert report(audit("--state", state, "--resume"), BANK)["begun_at"] == 0


def test_a_contradiction_is_known_behind_very_many_other_faults(
    made: Published, audit: Audit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sigill.client.audit_report.MAX_FINDINGS", 3)
    state = tmp_path / "state"
    assert faults(audit("--state", str(state), "--log", TELCO)) == set()
    fork = made.log(TELCO)
    fork.entries = [b"nothing"] * 30
    made.root = BuiltLog("root")
    made.publish()
    assert audit("--state", str(state), "--log", TELCO)["faults"] > 30
    assert (state / f"{TELCO}.checkpoint").read_text().splitlines()[1] == "20"
    assert (state / f"{TELCO}.not_consistent.20-30.later.checkpoint").exists()


# --- without entries, and erasures ----------------------------------------------------------------------------------


def test_without_entries_the_tiles_are_audited_and_the_report_says_so(made: Published, audit: Audit) -> None:
    for path in made.folder.glob(f"log/{BANK}/tile/entries/**/*"):
        if path.is_file():
            path.unlink()
    answer = audit()
    assert faults(answer) == set()
    assert not report(answer, BANK)["entries_checked"]
    assert f"{BANK}: entries: the log shows none" in answer["not_proven"]
    assert any(f"{BANK}: its hash tiles lead from 702 leaves" in line for line in answer["proven"])
    made.flip(f"log/{BANK}/tile/0/001")
    assert faults(audit()) == {("tile_wrong", BANK, "tile/0/001")}


def test_entries_are_read_from_a_place_of_their_own(made: Published, audit: Audit, tmp_path: Path) -> None:
    private = tmp_path / "private"
    for path in [path for path in made.folder.glob("log/[!r]*/tile/entries/**/*") if path.is_file()]:
        moved = private / path.relative_to(made.folder)
        moved.parent.mkdir(parents=True, exist_ok=True)
        path.rename(moved)
    assert not report(audit(), BANK)["entries_checked"]
    answer = audit("--entries", str(private))
    assert faults(answer) == set()
    assert [log["entries_checked"] for log in answer["logs"]] == [True] * 3
    (private / f"log/{BANK}/tile/entries/001").unlink()
    assert faults(audit("--entries", str(private))) == {("bundle_missing", BANK, "tile/entries/001")}


def erase(made: Published, **changes: Any) -> bytes:
    value: dict[str, Any] = {
        "at": 1,
        "ground": "data_subject_request",
        "indexes": [17],
        "kind": "seal",
        "log": BANK,
        "requester": "r",
        "salt": "A" * 22,
    }
    record = format_canonical_json(value | {"t": "erase", "v": 1} | changes)
    made.log(BANK).add(Leaf(LeafKind.ERASE, sha256(record).digest()))
    made.publish()
    return record


def show_erasures(made: Published, record: bytes | None) -> None:
    at = len(made.log(BANK).entries) - 1
    page = {
        "tombstones": [{"index": 17, "kind": "seal", "erased_by": at}],
        "records": [] if record is None else [{"index": at, "record": format_base64url(record)}],
        "next": None,
    }
    made.write(f"log/{BANK}/erasures", json.dumps(page).encode())


def test_an_erasure_with_its_record_is_right(made: Published, audit: Audit) -> None:
    show_erasures_of = erase(made)
    show_erasures(made, show_erasures_of)
    answer = audit()
    assert faults(answer) == set()
    assert report(answer, BANK)["erasures_checked"] == 1


def test_an_erasure_without_its_record_or_with_another_is_a_fault(made: Published, audit: Audit) -> None:
    record = erase(made)
    show_erasures(made, None)
    assert faults(audit()) == {("tombstone_without_record", BANK, "entry 17")}
    show_erasures(made, record.replace(b'"r"', b'"q"'))
    assert faults(audit()) == {("erasure_wrong", BANK, "entry 702")}


@pytest.mark.parametrize("page", [b"nonsense", b'{"tombstones":[],"records":[],"next":"again"}'])
def test_a_list_of_erasures_that_cannot_be_read_is_no_fault_and_no_pass(
    made: Published, audit: Audit, page: bytes
) -> None:
    made.write(f"log/{BANK}/erasures", page)
    answer = audit()
    assert (answer["code"], answer["faults"]) == (3, 0)
    assert "erasures" in report(answer, BANK)["failed"]


def test_the_page_for_auditors_explains_every_fault() -> None:
    page = (Path(__file__).parents[3] / "docs/auditing-the-log.md").read_text("utf-8")
    assert [fault for fault in Fault if f"`{fault}`" not in page] == []


# --- wrong usage ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["nowhere"], "nowhere is neither an address (https://…) nor a folder."),
        (["."], "There is no trust file at ."),
        (["FOLDER", "--resume"], "--resume needs the --state"),
        (["FOLDER", "--log", "other"], "The trust file names no log 'other'. It has: exempelbanken, telco"),
        (["FOLDER", "--trust", "nowhere"], "nowhere cannot be read"),
        (["FOLDER", "--since", "README.md"], "README.md is of the log # Sigill"),
        (["FOLDER", "--log-policy", "README.md"], "The log policy cannot be used: line 3"),
        (["FOLDER", "--key", "/dev/null"], "There is no key in /dev/null."),
        (["http://sigill.example"], "http to sigill.example could be read"),
    ],
)
def test_wrong_usage_is_said_in_a_sentence(
    made: Published, capsys: pytest.CaptureFixture[str], options: list[str], sentence: str
) -> None:
    arguments = [str(made.folder) if option == "FOLDER" else option for option in options]
    assert main(["audit", "log", *arguments]) == 2
    assert sentence in capsys.readouterr().err


def test_a_state_folder_that_holds_something_else_is_not_overwritten(
    made: Published, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    state = tmp_path / "state"
    state.mkdir()
    arguments = ["audit", "log", str(made.folder), "--state", str(state)]
    (state / f"{BANK}.checkpoint").write_text("a diary\n")
    assert main(arguments) == 2
    assert "kept checkpoint of exempelbanken cannot be used" in capsys.readouterr().err
    (state / f"{BANK}.checkpoint").unlink()
    (state / f"{BANK}.progress.json").write_text('{"v":1,"above":"x"}')
    assert main([*arguments, "--resume"]) == 2
    assert "progress.json cannot be used" in capsys.readouterr().err
