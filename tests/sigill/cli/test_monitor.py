"""`sigill monitor --once` over published folders that change between two looks."""

import json
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest

from sigill.cli.main import main
from sigill.client.monitor_state import Memory, format_memory, load_memory, parse_memory
from sigill.errors import MalformedNote
from sigill.report.trust import format_trust
from sigill.tlog.leaf import HeadLeaf, Leaf, LeafKind
from sigill.tlog.log_policy import format_log_policy
from sigill.tlog.witness_wire import origin_hash
from tests.builders_http import serving
from tests.builders_published import BuiltLog, Published, Witness

BANK, TELCO = "exempelbanken", "telco"


class Watched:
    """A published deployment, a monitor's folder, and a clock."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
        self.made = Published(folder / "published", witnesses=[Witness("W1"), Witness("W2")])
        self.made.log(BANK).grow(300)
        self.made.log(TELCO).grow(10)
        self.made.publish()
        self.folder = folder
        self.state = folder / "state"
        self.at_s = 1_800_000_000
        self._capsys = capsys
        monkeypatch.setattr("sigill.cli.monitor._now_s", lambda: self.at_s)
        self.save_trust()

    def save_trust(self) -> None:
        (self.folder / "trust.json").write_text(json.dumps(format_trust(self.made.trust)))

    def look(self, *options: str, after_s: int = 60, own: bool = True) -> dict[str, Any]:
        self._capsys.readouterr()
        self.at_s += after_s
        trust = ["--trust", str(self.folder / "trust.json")] if own else []
        arguments = ["monitor", str(self.made.folder), "--state", str(self.state), "--once", "--json"]
        code = main([*arguments, *trust, *options])
        value: dict[str, Any] = json.loads(self._capsys.readouterr().out)
        return value | {"code": code}

    def faults(self, *options: str, **other: Any) -> set[tuple[str, str, str]]:
        answer = self.look(*options, **other)
        assert answer["code"] == (1 if answer["findings"] else 0), answer
        return {(each["fault"], each["log"].rpartition("/")[2], each["where"]) for each in answer["findings"]}

    def grow(self) -> None:
        self.made.log(BANK).grow(100)
        self.made.log(TELCO).grow(7)
        self.made.publish()


@pytest.fixture
def watched(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Watched:
    return Watched(tmp_path, capsys, monkeypatch)


def test_a_deployment_that_grows_honestly_has_no_fault(watched: Watched) -> None:
    for heads in (2, 4, 6):
        answer = watched.look()
        assert (answer["code"], answer["root_size"], answer["findings"], answer["failed"]) == (0, heads, [], [])
        watched.grow()
    memory = load_memory(watched.state)
    assert memory.read.size == 6
    assert {origin: log.waiting for origin, log in memory.logs.items()} == dict.fromkeys(memory.logs, ())


def test_many_heads_are_read_once_each(watched: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    from sigill.client import monitor_root
    from sigill.client.shown_log import ShownLog

    monkeypatch.setattr(monitor_root, "_MOST_AT_ONCE", 1)
    asked: list[int] = []
    whole = ShownLog.bundle

    def counted(self: ShownLog, place: Any) -> bytes | None:
        asked.append(place.index)
        return whole(self, place)

    monkeypatch.setattr(ShownLog, "bundle", counted)
    bank = watched.made.log(BANK)
    watched.made.root.add(*(bank.head(300) for _ in range(600)))
    watched.made.publish(heads=False)
    assert watched.faults() == set()
    assert asked == [0, 1, 2]
    watched.grow()
    assert watched.faults() == set()
    assert asked == [0, 1, 2, 2]


# --- the root log ---------------------------------------------------------------------------------------------------


def test_a_root_log_that_shrinks_is_found_and_stays_reported(watched: Watched) -> None:
    watched.grow()
    assert watched.faults() == set()
    grown = list(watched.made.root.entries)
    del watched.made.root.entries[3:]
    watched.made.publish(heads=False)
    where = "checkpoint of size 4 seen before"
    assert ("shrunk", "root", where) in watched.faults()
    watched.made.root.entries[:] = grown
    watched.made.publish(heads=False)
    assert ("shrunk", "root", where) in watched.faults()


@pytest.mark.parametrize(("more", "fault"), [(0, "forked"), (5, "not_consistent")])
def test_a_fork_of_the_root_log_is_found_with_both_signed_notes(watched: Watched, more: int, fault: str) -> None:
    assert watched.faults() == set()
    first = watched.made.path("log/root/checkpoint").read_text()
    fork = watched.made.root
    fork.entries[0], fork.entries[1] = fork.entries[1], fork.entries[0]
    fork.add(*(watched.made.log(BANK).head(300) for _ in range(more)))
    watched.made.publish(heads=False)
    answer = watched.look()
    (found,) = (each for each in answer["findings"] if each["fault"] == fault)
    assert [(watched.state / name).read_text() for name in found["evidence"]] == [
        first,
        watched.made.path("log/root/checkpoint").read_text(),
    ]
    assert found["log"] == fork.origin
    assert answer["root_size"] is None


@pytest.mark.parametrize(
    ("path", "at", "fault"),
    [
        ("log/root/checkpoint", -5, "signature_wrong"),
        ("log/root/checkpoint", 5, "checkpoint_malformed"),
        ("log/root/tile/entries/000.p/4", -3, "bundle_wrong"),
        ("log/root/tile/0/000.p/4", 70, "root_wrong"),
    ],
)
def test_a_flipped_bit_in_what_a_monitor_reads_of_the_root_log_is_found(
    watched: Watched, path: str, at: int, fault: str
) -> None:
    watched.made.witnesses = ()
    watched.made.publish(heads=False)
    watched.save_trust()
    assert watched.faults() == set()
    watched.grow()
    watched.made.flip(path, at=at)
    assert {(each, log) for each, log, _ in watched.faults()} == {(fault, "root")}


@pytest.mark.parametrize(
    ("path", "fault"),
    [
        ("log/root/checkpoint", "checkpoint_missing"),
        ("log/root/tile/entries/000.p/4", "bundle_missing"),
        ("log/root/tile/0/000.p/4", "tile_missing"),
        (f"log/{BANK}/tile/0/001.p/144", "tile_missing"),
        (f"log/{BANK}/checkpoint", "log_missing"),
    ],
)
def test_a_missing_file_is_found(watched: Watched, path: str, fault: str) -> None:
    assert watched.faults() == set()
    watched.grow()
    watched.made.path(path).unlink()
    assert {each for each, _, _ in watched.faults()} == {fault}


def test_an_entry_of_the_root_log_that_is_no_head_is_found(watched: Watched) -> None:
    watched.made.root.add(Leaf(LeafKind.SEAL, bytes(32)))
    watched.made.root.entries.append(b"nothing")
    watched.made.publish(heads=False)
    assert watched.faults() == {("leaf_malformed", "root", "entry 2"), ("leaf_malformed", "root", "entry 3")}


def test_heads_that_shrink_or_fork_or_are_not_the_logs_are_found(watched: Watched) -> None:
    assert watched.faults() == set()
    bank = watched.made.log(BANK)
    watched.made.root.add(bank.head(100), HeadLeaf(bank.origin, 300, bytes(32)))
    watched.made.publish(heads=False)
    assert watched.faults() == {("head_shrunk", BANK, "entry 2"), ("head_forked", BANK, "entry 3")}
    bank.grow(100)
    watched.made.root.add(HeadLeaf(bank.origin, 350, bytes(32)))
    watched.made.publish(heads=False)
    assert ("head_not_consistent", BANK, "entry 4 of the root log") in watched.faults()


# --- operators' logs ------------------------------------------------------------------------------------------------


def test_a_log_rolled_back_behind_its_head_is_found(watched: Watched) -> None:
    assert watched.faults() == set()
    del watched.made.log(BANK).entries[200:]
    watched.made.publish(heads=False)
    assert watched.faults() == {
        ("shrunk", BANK, "checkpoint of size 300 seen before"),
        ("log_behind_head", BANK, "checkpoint"),
    }


def test_a_rolled_back_log_is_found_by_a_monitor_that_never_saw_it_before(watched: Watched) -> None:
    del watched.made.log(BANK).entries[200:]
    watched.made.publish(heads=False)
    assert watched.faults() == {("log_behind_head", BANK, "checkpoint")}


@pytest.mark.parametrize("more", [0, 50])
def test_an_operators_log_that_forks_with_its_key_is_found(watched: Watched, more: int) -> None:
    assert watched.faults() == set()
    bank = watched.made.log(BANK)
    bank.entries[7] = bank.entries[8]
    bank.grow(more)
    watched.made.publish(heads=False)
    fault = "not_consistent" if more else "forked"
    assert (fault, BANK, "checkpoint of size 300 seen before") in watched.faults()


def test_a_log_that_grew_and_gets_no_head_is_late_and_it_passes(watched: Watched) -> None:
    assert watched.faults() == set()
    watched.made.log(BANK).grow(1)
    watched.made.publish(heads=False)
    assert watched.faults() == set()
    assert watched.faults(after_s=600) == set()
    assert watched.faults(after_s=1) == {("log_not_in_root", BANK, "checkpoint")}
    watched.grow()
    answer = watched.look()
    assert (answer["code"], [each["fault"] for each in answer["over"]]) == (0, ["log_not_in_root"])
    watched.made.log(BANK).grow(1)
    watched.made.publish(heads=False)
    assert watched.faults("--stale-after", "30", after_s=10) == set()
    assert {each for each, _, _ in watched.faults("--stale-after", "30", after_s=31)} == {"log_not_in_root", "stale"}


def test_heads_of_a_log_nobody_names_are_a_fault_if_the_deployment_should(watched: Watched) -> None:
    watched.made.root.add(HeadLeaf("guarantor.example/log/hidden", 3, bytes(32)))
    watched.made.publish(heads=False)
    assert any("hidden" in line for line in watched.look()["remarks"])
    assert watched.faults(own=False) == {("log_missing", "hidden", "trust file")}


def test_a_tile_that_is_cut_off_is_found_and_the_heads_wait_until_it_is_whole(watched: Watched) -> None:
    assert watched.faults() == set()
    watched.grow()
    watched.made.log(BANK).grow(50)
    watched.made.publish(heads=False)
    path = f"log/{BANK}/tile/0/001.p/194"
    whole = watched.made.path(path).read_bytes()
    watched.made.write(path, whole[:32])
    assert watched.faults() == {("tile_wrong", BANK, "hash tiles")}
    waiting = load_memory(watched.state).logs[watched.made.log(BANK).origin].waiting
    assert [head.size for head in waiting] == [400]
    watched.made.write(path, whole)
    watched.look()
    assert load_memory(watched.state).logs[watched.made.log(BANK).origin].waiting == ()


def test_a_deployment_without_a_root_log_cannot_be_watched_as_a_whole(watched: Watched) -> None:
    value = format_trust(watched.made.trust)
    del value["root"]
    (watched.folder / "trust.json").write_text(json.dumps(value))
    answer = watched.look()
    assert (answer["code"], answer["failed"]) == (3, ["the trust file names no root log"])


def test_what_cannot_be_read_is_told_and_the_rest_looked_at(watched: Watched) -> None:
    for name, data in (("root", b""), (TELCO, b"")):
        watched.made.write(f"log/{name}/checkpoint", data + b"x" * 4_000_001)
    answer = watched.look()
    assert (answer["code"], answer["findings"], answer["root_size"]) == (3, [], None)
    assert [line.partition(":")[0] for line in answer["failed"]] == ["root", TELCO]


# --- witnesses ------------------------------------------------------------------------------------------------------


def test_a_root_checkpoint_without_its_quorum_is_a_fault_while_it_is_so(watched: Watched) -> None:
    watched.made.witnesses = (Witness("W1"),)
    watched.made.publish(heads=False)
    assert watched.faults() == {("quorum_missing", "root", "checkpoint")}
    watched.made.witnesses = (Witness("W1"), Witness("W2"))
    watched.made.publish(heads=False)
    assert watched.faults() == set()


def test_a_cosignature_that_does_not_verify_is_found(watched: Watched) -> None:
    note = watched.made.path("log/root/checkpoint").read_text()
    other = Witness("W2").cosigned(watched.made.log(BANK).checkpoint()).splitlines()[-1]
    watched.made.write(
        "log/root/checkpoint", "".join(f"{line}\n" for line in [*note.splitlines()[:-1], other]).encode()
    )
    assert watched.faults() == {
        ("cosignature_wrong", "root", "checkpoint, witness W2"),
        ("quorum_missing", "root", "checkpoint"),
    }


@pytest.fixture
def witness_at(watched: Watched, tmp_path: Path) -> Callable[[str, str | None], list[str]]:
    """Have W1 show a note in a folder of its own; return the option that names its address."""

    def show(note: str, signed_by: str | None = "W1") -> list[str]:
        shown = note if signed_by is None else Witness(signed_by).cosigned(note)
        path = tmp_path / "w1" / origin_hash(watched.made.root.origin) / "checkpoint"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(shown)
        watched.made.witness_urls = {"W1": str(tmp_path / "w1")}
        policy = tmp_path / "policy"
        policy.write_text(format_log_policy(watched.made.policy))
        return ["--log-policy", str(policy)]

    return show


Show = Callable[..., list[str]]


def test_a_witness_that_saw_the_same_or_less_is_no_fault(watched: Watched, witness_at: Show) -> None:
    assert watched.faults(*witness_at(watched.made.root.checkpoint())) == set()
    watched.grow()
    assert watched.faults(*witness_at(watched.made.root.checkpoint(2))) == set()


def test_a_witness_that_saw_more_than_there_is_now_is_a_fault_after_some_grace(
    watched: Watched, witness_at: Show
) -> None:
    honest = watched.made.root.copy()
    honest.grow(1)
    options = witness_at(honest.checkpoint())
    answer = watched.look(*options)
    assert (answer["code"], len(answer["remarks"])) == (0, 1)
    assert watched.faults(*options, after_s=29) == set()
    assert watched.faults(*options, after_s=1) == {("witness_ahead", "root", "witness W1")}
    assert watched.faults(*options, "--grace", "0") == {("witness_ahead", "root", "witness W1")}


@pytest.mark.parametrize(("size", "fault"), [(2, "forked"), (1, "not_consistent")])
def test_a_witness_that_was_shown_another_log_convicts_it(
    watched: Watched, witness_at: Show, size: int, fault: str
) -> None:
    other = BuiltLog("root")
    other.add(*(watched.made.log(TELCO).head(number) for number in range(1, size + 1)))
    answer = watched.look(*witness_at(other.checkpoint()))
    (found,) = answer["findings"]
    assert (found["fault"], found["where"]) == (fault, "witness W1")
    assert len(found["evidence"]) == 2


def test_what_a_witness_shows_has_to_be_signed_by_the_log_and_by_itself(watched: Watched, witness_at: Show) -> None:
    options = witness_at(watched.made.root.checkpoint(), "W2")
    assert watched.faults(*options) == {("cosignature_wrong", "root", "witness W1")}
    witness_at(watched.made.log(BANK).checkpoint())
    assert ("checkpoint_malformed", "root", "witness W1") in watched.faults(*options)


def test_a_witness_that_is_away_is_not_a_fault_and_not_a_pass(watched: Watched, tmp_path: Path) -> None:
    watched.made.witness_urls = {"W1": "http://127.0.0.1:9"}
    (tmp_path / "policy").write_text(format_log_policy(watched.made.policy))
    answer = watched.look("--log-policy", str(tmp_path / "policy"))
    assert (answer["code"], answer["findings"]) == (3, [])
    assert answer["failed"][0].startswith("witness W1: The service at http://127.0.0.1:9 cannot be reached")


def test_a_witness_that_has_not_seen_the_log_or_shows_it_uncosigned_is_told(
    watched: Watched, witness_at: Show, tmp_path: Path
) -> None:
    options = witness_at(watched.made.root.checkpoint())
    shown = tmp_path / "w1" / origin_hash(watched.made.root.origin) / "checkpoint"
    note = shown.read_text()
    shown.unlink()
    assert watched.look(*options)["remarks"] == ["witness W1 has not seen this log"]
    other = Witness("W1").cosigned(watched.made.root.checkpoint(1)).splitlines()[-1]
    shown.write_text("".join(f"{line}\n" for line in [*note.splitlines()[:-1], other]))
    assert watched.faults(*options) == {("cosignature_wrong", "root", "witness W1")}


# --- what is kept and told ------------------------------------------------------------------------------------------


def test_a_fault_that_was_acknowledged_is_on_record_and_reported_no_more(watched: Watched) -> None:
    assert watched.faults() == set()
    del watched.made.log(BANK).entries[200:]
    watched.made.publish(heads=False)
    assert len(watched.faults()) == 2
    arguments = ["monitor", str(watched.made.folder), "--state", str(watched.state)]
    assert main([*arguments, "--forget"]) == 0
    assert watched.faults() == set()
    kept = load_memory(watched.state).findings
    assert [each.forgotten for each in kept] == [True, True]
    assert all((watched.state / name).exists() for each in kept for name in each.evidence)


def test_it_is_told_in_plain_lines(watched: Watched, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["monitor", str(watched.made.folder), "--state", str(watched.state), "--once"]
    assert main(arguments) == 0
    told = capsys.readouterr().out
    assert "this holds the deployment against itself only" in told
    assert "root log: 2 heads, consistent with what was seen before\nNo fault in what was looked at.\n" in told
    del watched.made.log(BANK).entries[200:]
    watched.made.publish(heads=False)
    assert main(arguments) == 1
    told = capsys.readouterr().out
    assert "fault log_behind_head guarantor.example/log/exempelbanken checkpoint: the log shows 200 entries" in told
    assert "(proof: evidence/1800000000.log_behind_head.exempelbanken.1.checkpoint, " in told
    assert told.endswith("2 faults.\n")


def test_who_follows_is_told_what_changes_and_no_more(
    watched: Watched, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def follow(look: Callable[[], int], _interval_s: int) -> int:
        def told() -> str:
            capsys.readouterr()
            watched.at_s += 350
            look()
            return capsys.readouterr().out

        assert told().endswith(" root log: 2 heads, consistent with what was seen before\n")
        assert told() == ""
        watched.made.log(BANK).grow(1)
        watched.made.publish(heads=False)
        assert [told(), told()] == ["", ""]
        assert " fault log_not_in_root guarantor.example/log/exempelbanken checkpoint: it has grown" in told()
        assert told() == ""
        watched.made.publish()
        over, root = told().splitlines()
        assert " over log_not_in_root guarantor.example/log/exempelbanken checkpoint: it has grown" in over
        assert root.endswith(" root log: 4 heads, consistent with what was seen before")
        return 17

    monkeypatch.setattr("sigill.cli.monitor._follow", follow)
    assert main(["monitor", str(watched.made.folder), "--state", str(watched.state)]) == 17


class Listener(BaseHTTPRequestHandler):
    status = 204
    heard: list[tuple[str, Any]] = []  # noqa: RUF012 - emptied by the test that reads it

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.heard.append((self.path, json.loads(body)))
        self.send_response(self.status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        return


def test_a_webhook_is_told_of_each_fault_once_and_again_only_if_it_did_not_hear(
    watched: Watched, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sigill.client.webhook._PAUSE_S", 0)
    monkeypatch.setattr(Listener, "heard", [])
    with serving(Listener) as address:
        hook = ["--webhook", f"{address}/hook?token=secret"]
        assert watched.faults(*hook) == set()
        del watched.made.log(BANK).entries[200:]
        watched.made.publish(heads=False)
        monkeypatch.setattr(Listener, "status", 500)
        assert len(watched.faults(*hook)) == 2
        assert len(Listener.heard) == 3
        monkeypatch.setattr(Listener, "status", 204)
        for _ in range(2):
            assert len(watched.faults(*hook)) == 2
        assert len(Listener.heard) == 4
        path, told = Listener.heard[-1]
        assert path == "/hook?token=secret"
        assert {each["fault"] for each in told["findings"]} == {"shrunk", "log_behind_head"}
    monkeypatch.setattr(watched, "state", watched.folder / "another")
    main(["monitor", str(watched.made.folder), "--state", str(watched.folder / "third"), "--once", *hook])
    warned = capsys.readouterr().err
    assert "The webhook was not told (ServiceUnavailable)." in warned
    assert "secret" not in warned


def test_a_state_that_is_none_is_refused(watched: Watched, capsys: pytest.CaptureFixture[str]) -> None:
    watched.state.mkdir()
    (watched.state / "monitor.json").write_text("{}")
    assert main(["monitor", str(watched.made.folder), "--state", str(watched.state), "--once"]) == 2
    assert "monitor.json cannot be used: not a monitor's state" in capsys.readouterr().err


def test_the_state_is_read_as_it_was_written(watched: Watched) -> None:
    assert watched.faults() == set()
    del watched.made.log(BANK).entries[200:]
    watched.made.root.add(HeadLeaf(watched.made.log(BANK).origin, 400, bytes(32)))
    watched.made.publish(heads=False)
    watched.look()
    memory = load_memory(watched.state)
    assert parse_memory(format_memory(memory)) == memory
    assert parse_memory(format_memory(Memory())) == Memory()
    for text in ("[]", "1", '{"v":1}', format_memory(memory).replace('"size":3', '"size":8')):
        with pytest.raises(MalformedNote):
            parse_memory(text)
