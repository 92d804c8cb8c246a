"""The publisher over real witnesses: two that agree, one that is down, one killed; roll-backs; dying at every step."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from registry.model import OperatorId, Role
from running.first_start import prepare
from running.guard import RolledBackLog
from running.publisher import LOCK, Copies, Teller, make_publisher, publish_once
from running.seen import NAME, keep_seen, read_seen
from settings import SettingsInvalid, read_settings
from sigill.report.checks import Detail
from sigill.report.judge import LogEvidence
from sigill.report.logged import look_in_log
from sigill.report.trust import ROOT
from sigill.seal.token import parse_seal
from sigill.tlog.checkpoint import parse_checkpoint
from sigill.tlog.faults import Fault, Finding
from sigill.tlog.leaf import HeadLeaf
from sigill.tlog.note import format_vkey, parse_note
from storage.engine import reading
from storage.leading import try_lead
from tests.builders_deployment import Deployment, operator
from tests.builders_witness import Witness
from tests.running.dying_publisher import DIED, STEPS
from transparency.publisher import Round
from transparency.publishing.opening import open_targets
from transparency.root_log import load_newest_heads, newest_checkpoint
from transparency.tables import heads
from wiring import build_services

pytestmark = pytest.mark.slow
_ROOT = Path(__file__).parents[2]


@dataclass
class Watched:
    """A deployment in `var` whose root log two real witnesses cosign; `open` is what one process holds."""

    folder: Path
    witnesses: tuple[Witness, Witness]
    quorum: str = "both"
    opened: list[Deployment] = field(default_factory=list)

    @property
    def var(self) -> Path:
        return self.folder / "var"

    @property
    def environment(self) -> dict[str, str]:
        return {"VAR": str(self.var), "SIGILL_LOG_POLICY_FILE": str(self.folder / "policy")} | _REAL

    def open(self) -> Deployment:
        services = build_services(read_settings(self.environment))
        self.opened.append(Deployment(services))
        return self.opened[-1]

    def close(self) -> None:
        while self.opened:
            self.opened.pop().services.engine.dispose()

    def publish(self) -> None:
        """Make one round as the publisher's process does."""
        services = self.open().services
        assert publish_once(make_publisher(services), services) is not None
        self.close()

    def seal(self, made: Deployment) -> str:
        """Seal a message; return its seal."""
        made.keys.setdefault("exempelbanken", made.new_key(role=Role.SIGNER, operator_id=OperatorId("exempelbanken")))
        response = made.sign()
        assert response.status_code == 201, response.get_data(as_text=True)
        return str(response.get_json()["seal"])


_REAL = {"SIGILL_DEMONSTRATION": "0", "SIGILL_ISSUER": "https://guarantor.example"}


@contextmanager
def watched(folder: Path, *, quorum: str = "both") -> Iterator[Watched]:
    """Run two witnesses and make a deployment with one bank that asks them."""
    var = folder / "var"
    prepare(read_settings({"VAR": str(var)} | _REAL))
    services = build_services(read_settings({"VAR": str(var)} | _REAL))
    vkey = format_vkey(services.keys.note_keys(services.identity.root_origin)[0])
    services.engine.dispose()
    witnesses = tuple(Witness(folder / name, f"{name}.example", [vkey]) for name in ("w1", "w2"))
    for witness in witnesses:
        witness.start()
    lines = [f"witness {name} {each.vkey} {each.url}" for name, each in zip(("W1", "W2"), witnesses, strict=True)]
    lines += ["group both all W1 W2"] if quorum == "both" else ["group either any W1 W2"]
    (folder / "policy").write_text("\n".join([*lines, f"quorum {quorum}", ""]))
    made = Watched(folder, (witnesses[0], witnesses[1]), quorum)
    made.open().add(operator())
    made.close()
    try:
        yield made
    finally:
        made.close()
        for witness in witnesses:
            if witness.process is not None and witness.process.poll() is None:
                witness.stop()


def witnessed_detail(made: Deployment, seal: str) -> Detail:
    """Return how the check `witnessed` ends for a seal, with the receipt that the service gives now."""
    parsed = parse_seal(seal)
    token = made.services.log.token_by_jti(parsed.claims.jti)
    assert token is not None
    receipt = made.services.log.whole_receipt(token.log_id, token.index).text
    return look_in_log(parsed, LogEvidence(receipt), trust=made.services.trust(), policy=None).witnessed


def test_two_real_witnesses_cosign_and_the_receipt_says_so_offline(tmp_path: Path) -> None:
    with watched(tmp_path) as made:
        service = made.open()
        seal = made.seal(service)
        made.publish()
        assert witnessed_detail(made.open(), seal) is Detail.WITNESSED
        assert read_seen(made.var) == newest_checkpoint(made.open().services.engine).note  # type: ignore[union-attr]


def test_with_one_witness_dead_a_quorum_of_either_is_reached_and_one_of_both_waits(tmp_path: Path) -> None:
    with watched(tmp_path, quorum="either") as made:
        seal = made.seal(made.open())
        made.witnesses[1].kill()
        made.publish()
        assert witnessed_detail(made.open(), seal) is Detail.WITNESSED
    with watched(tmp_path / "both") as made:
        seal = made.seal(made.open())
        made.witnesses[1].kill()
        made.publish()
        assert witnessed_detail(made.open(), seal) is Detail.NOT_WITNESSED_YET
        made.witnesses[1].start()
        made.publish()
        assert witnessed_detail(made.open(), seal) is Detail.WITNESSED


@pytest.mark.parametrize("step", STEPS)
def test_a_publisher_that_dies_at_any_step_leaves_nothing_that_the_next_does_not_complete(
    step: str, tmp_path: Path
) -> None:
    with watched(tmp_path) as made:
        first = made.seal(made.open())
        made.publish()
        second = made.seal(made.open())
        made.close()
        died = subprocess.run(
            [sys.executable, "-m", "tests.running.dying_publisher", *step.split()],
            cwd=_ROOT,
            env={**os.environ, **made.environment},
            check=False,
            timeout=60,
        )
        assert died.returncode == DIED
        third = made.seal(made.open())
        made.publish()
        service = made.open()
        assert {witnessed_detail(service, seal) for seal in (first, second, third)} == {Detail.WITNESSED}
        check_root_log(service)


def check_root_log(made: Deployment) -> None:
    """Check that the root log's leaves are the rows of `heads`, in order, each log's only growing."""
    log, engine = made.services.log, made.services.engine
    head = log.head(ROOT)
    assert head is not None
    with reading(engine) as connection:
        rows = {row.root_index: row for row in connection.execute(heads.select())}
    assert sorted(rows) == list(range(head.size))
    sizes: dict[str, int] = {}
    for index in range(head.size):
        leaf = log.leaf(ROOT, index)
        assert isinstance(leaf, HeadLeaf)
        assert (leaf.size, leaf.root) == (rows[index].size, rows[index].root)
        assert leaf.size > sizes.get(leaf.origin, 0)
        sizes[leaf.origin] = leaf.size


def test_two_publishers_at_once_add_no_head_twice(tmp_path: Path) -> None:
    with watched(tmp_path) as made:
        environment = {**os.environ, **made.environment, "SIGILL_ROOT_INTERVAL": "1"}
        running = [
            subprocess.Popen([sys.executable, "-m", "running.publisher"], cwd=_ROOT, env=environment) for _ in range(2)
        ]
        try:
            service = made.open()
            seals = [made.seal(service) for _ in range(25)]
            deadline = time.monotonic() + 30
            while newest_checkpoint(service.services.engine) is None and time.monotonic() < deadline:
                time.sleep(0.2)
            seals += [made.seal(service) for _ in range(25)]
            time.sleep(3)
            assert [process.poll() for process in running] == [None, None]
        finally:
            for process in running:
                process.terminate()
                assert process.wait(20) == 0
        made.publish()
        service = made.open()
        check_root_log(service)
        assert {witnessed_detail(service, seal) for seal in seals} == {Detail.WITNESSED}


def test_a_database_older_than_what_was_seen_does_not_start(tmp_path: Path) -> None:
    with watched(tmp_path) as made:
        made.seal(made.open())
        made.publish()
        shutil.copytree(made.var, tmp_path / "backup")
        made.seal(made.open())
        made.publish()
        for name in ("sigill.db", "sigill.db-wal", "sigill.db-shm"):
            (made.var / name).unlink(missing_ok=True)
        shutil.copy(tmp_path / "backup" / "sigill.db", made.var / "sigill.db")
        with pytest.raises(RolledBackLog, match=r"root\.checkpoint in the data folder has seen 2 leaves"):
            prepare(read_settings(made.environment))
        (made.var / NAME).unlink()
        with pytest.raises(RolledBackLog, match=r"the witness w1\.example has seen 2 leaves .* there are 1"):
            prepare(read_settings(made.environment))


def test_a_database_older_than_what_was_published_does_not_start(tmp_path: Path) -> None:
    with watched(tmp_path) as made:
        chosen = made.environment | {"SIGILL_PUBLISH_TO": str(tmp_path / "public")}
        targets = open_targets(read_settings(chosen).publishing)
        made.seal(made.open())
        made.publish()
        shutil.copytree(made.var, tmp_path / "backup")
        made.seal(made.open())
        made.publish()
        Copies(made.open().services, targets).write()
        made.close()
        shutil.rmtree(made.var)
        shutil.copytree(tmp_path / "backup", made.var)
        for witness in made.witnesses:
            witness.kill()
        with pytest.raises(RolledBackLog, match=r"what was published has seen 2 leaves .* there are 1"):
            prepare(read_settings(chosen))


def test_what_no_witness_could_say_at_the_start_halts_the_logs_as_soon_as_one_can(tmp_path: Path) -> None:
    with watched(tmp_path) as made:
        made.seal(made.open())
        made.publish()
        made.close()
        shutil.copytree(made.var, tmp_path / "backup")
        made.seal(made.open())
        made.publish()
        shutil.rmtree(made.var)
        shutil.copytree(tmp_path / "backup", made.var)
        for witness in made.witnesses:
            witness.kill()
        prepare(read_settings(made.environment))
        service = made.open()
        made.seal(service)
        for witness in made.witnesses:
            witness.start()
        made.publish()
        response = service.sign()
        assert response.status_code == 503
        assert response.get_json()["type"].endswith("/log-halted")
        assert response.headers["Retry-After"] == "600"


def test_a_database_that_falls_behind_what_this_host_has_seen_is_halted_though_nothing_grows(tmp_path: Path) -> None:
    with watched(tmp_path) as made:
        made.seal(made.open())
        made.publish()
        made.close()
        shutil.copytree(made.var, tmp_path / "backup")
        made.seal(made.open())
        made.publish()
        for name in ("sigill.db", "sigill.db-wal", "sigill.db-shm"):
            (made.var / name).unlink(missing_ok=True)
        shutil.copy(tmp_path / "backup" / "sigill.db", made.var / "sigill.db")
        for witness in made.witnesses:
            witness.kill()
        services = made.open().services
        done = publish_once(make_publisher(services), services)
        assert done is not None
        assert [finding.fault for finding in done.findings] == [Fault.WITNESS_AHEAD]
        assert all("root.checkpoint in the data folder" in (head.halted or "") for head in services.log.logs())
        assert _size(read_seen(made.var)) == 2


def test_a_host_that_does_not_publish_keeps_what_there_is_to_see_all_the_same(tmp_path: Path) -> None:
    with watched(tmp_path) as made:
        made.seal(made.open())
        made.publish()
        (made.var / NAME).unlink()
        services = made.open().services
        with try_lead(made.open().services.engine, LOCK) as leads:
            assert leads
            assert publish_once(make_publisher(services), services) is None
        assert _size(read_seen(made.var)) == 1


def test_what_is_wrong_is_told_when_it_begins_and_again_when_it_comes_back(caplog: pytest.LogCaptureFixture) -> None:
    teller, finding = Teller(), Finding(Fault.WITNESS_AHEAD, "guarantor.example/log/root", "2 leaves", "seen by w1")
    for findings in ((finding,), (finding,), (), (finding,)):
        teller.tell(Round(0, None, findings, {}))
    assert caplog.messages == ["witness_ahead: guarantor.example/log/root (2 leaves): seen by w1"] * 2


def test_a_policy_that_cannot_be_used_ends_the_start_with_its_line(tmp_path: Path) -> None:
    policy = tmp_path / "policy"
    chosen = {"VAR": str(tmp_path / "var"), "SIGILL_LOG_POLICY_FILE": str(policy)}
    for text, says in (("quorum x\n", "line 1: no witness"), ("log x\n", "line 1"), ("", "exactly one quorum")):
        policy.write_text(text)
        with pytest.raises(SettingsInvalid, match=says):
            build_services(read_settings(chosen), first_start=True)
    policy.unlink()
    with pytest.raises(SettingsInvalid, match="cannot be read"):
        build_services(read_settings(chosen), first_start=True)


def test_what_was_seen_never_gets_smaller_and_what_is_no_note_counts_for_nothing(tmp_path: Path) -> None:
    assert read_seen(tmp_path) is None
    notes = [f"log.example/root\n{size}\n{'A' * 43}=\n\n— log.example/root {'A' * 12}\n" for size in (5, 3, 7)]
    for note, kept in zip(notes, (5, 5, 7), strict=True):
        keep_seen(tmp_path, note)
        assert _size(read_seen(tmp_path)) == kept
    (tmp_path / NAME).write_bytes(b"\xff")
    assert read_seen(tmp_path) is None


def test_the_newest_heads_are_one_for_each_log(tmp_path: Path) -> None:
    with watched(tmp_path) as made:
        for _ in range(3):
            made.seal(made.open())
            made.publish()
        newest = load_newest_heads(made.open().services.engine)
        assert {head.log_id: (head.size, head.root_index) for head in newest.values()} == {"exempelbanken": (3, 2)}


def _size(note: str | None) -> int:
    return parse_checkpoint(parse_note(note or "").text).size
