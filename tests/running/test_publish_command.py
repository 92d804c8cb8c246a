"""`python -m running.publish`: what it does to a folder, what it says, and its exit codes."""

from pathlib import Path

import pytest
from sqlalchemy import insert

from running.publish import main
from sigill.report.trust import parse_trust
from sigill.tlog.leaf import LeafKind, leaf_of
from storage.engine import writing
from tests.builders_deployment import Deployment, operator
from transparency.append import Append
from transparency.root_log import newest_note
from transparency.tables import root_checkpoints

pytestmark = pytest.mark.slow


class Desk:
    """A deployment with one bank, and the command run on it."""

    def __init__(self, deployment: Deployment, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.public, self.entries = folder / "public", folder / "entries"
        self.environment = {
            "VAR": str(deployment.services.settings.var),
            "SIGILL_PUBLISH_TO": str(self.public),
            "SIGILL_PUBLISH_ENTRIES_TO": str(self.entries),
        }
        self._capsys = capsys

    def run(self, mode: str, **changes: str) -> tuple[int, str, str]:
        """Return exit code, stdout and stderr."""
        code = main([mode], self.environment | changes)
        said = self._capsys.readouterr()
        return code, said.out, said.err


@pytest.fixture
def desk(deployment: Deployment, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Desk:
    return Desk(deployment, tmp_path / "published", capsys)


def test_it_publishes_once_and_then_has_nothing_to_do(desk: Desk, deployment: Deployment) -> None:
    code, out, err = desk.run("--once")
    assert (code, err) == (0, "")
    (head,) = deployment.services.log.logs()
    assert (desk.public / "log" / head.log_id / "checkpoint").read_text("utf-8") == head.checkpoint
    assert parse_trust((desk.public / ".well-known" / "sigill-trust.json").read_bytes()).logs.keys() == {head.log_id}
    assert f"Published to {desk.public}, entries to {desk.entries}." in out
    assert "objects written" in out
    code, out, err = desk.run("--once")
    assert "as published before" in out
    assert "Nothing had to be written, 0 logs failed." in out


def test_it_checks_and_mends(desk: Desk, deployment: Deployment) -> None:
    deployment.add(operator("telebolaget"))
    deployment.services.log.append(Append("telebolaget", leaf_of(LeafKind.POLICY, b"a leaf")))
    desk.run("--once")
    code, out, _ = desk.run("--check")
    assert (code, out) == (0, f"2 logs checked in {desk.public}, 0 faults.\n")
    (tile,) = (path for path in (desk.public / "log" / "telebolaget" / "tile").rglob("*") if path.is_file())
    tile.write_bytes(b"x")
    code, out, _ = desk.run("--check")
    assert code == 1
    assert out.startswith(f"tile_wrong: {tile}: 1 bytes stand there, not ")
    code, out, _ = desk.run("--mend")
    assert code == 0
    assert "was not what it should be, and was written anew" in out
    assert desk.run("--check")[0] == 0


def test_a_published_checkpoint_that_was_damaged_is_not_taken_for_another_log(
    desk: Desk, deployment: Deployment
) -> None:
    deployment.services.log.append(Append("exempelbanken", leaf_of(LeafKind.POLICY, b"a leaf")))
    desk.run("--once")
    place = desk.public / "log" / "exempelbanken" / "checkpoint"
    place.write_text(place.read_text("utf-8").replace("\n1\n", "\n9\n"), "utf-8")
    code, out, _ = desk.run("--check")
    assert code == 1
    assert out.startswith(f"signature_wrong: {desk.public}/log/exempelbanken/checkpoint: none of the log's keys signed")
    place.unlink()
    assert desk.run("--once")[0] == 0
    assert desk.run("--check")[0] == 0


def test_a_log_that_fails_is_named_and_the_others_are_published(desk: Desk, deployment: Deployment) -> None:
    deployment.add(operator("telebolaget"))
    place = desk.public / "log" / "exempelbanken" / "checkpoint"
    place.parent.mkdir(parents=True)
    place.write_text("not a checkpoint", "utf-8")
    code, out, err = desk.run("--once")
    assert code == 1
    assert err == "Not published: exempelbanken. log/exempelbanken/checkpoint holds no checkpoint of this log.\n"
    assert (desk.public / "log" / "telebolaget" / "checkpoint").exists()
    assert "1 log failed" in out


def test_what_cannot_be_tried_says_why(desk: Desk, tmp_path: Path) -> None:
    code, _, err = desk.run("--once", SIGILL_PUBLISH_TO="", SIGILL_PUBLISH_ENTRIES_TO="")
    assert (code, err) == (2, "Nothing is published: SIGILL_PUBLISH_TO names no folder and no bucket.\n")
    code, _, err = desk.run("--once", VAR=str(tmp_path / "nothing"))
    assert code == 2
    assert err.startswith("There is no service in")
    code, _, err = desk.run("--once", SIGILL_PUBLISH_TO="s3://UPPER")
    assert code == 2
    assert "SIGILL_PUBLISH_TO is a folder or s3://bucket/prefix" in err
    (tmp_path / "file").write_bytes(b"")
    code, _, err = desk.run("--once", SIGILL_PUBLISH_TO=str(tmp_path / "file"))
    assert code == 2
    assert "Not a directory" in err


def test_the_root_checkpoint_that_is_published_is_the_newest_with_a_quorum(deployment: Deployment) -> None:
    engine = deployment.services.engine
    assert newest_note(engine) is None

    def add(size: int, *, quorum: bool) -> None:
        row = {"size": size, "note": f"note {size}", "quorum": quorum, "at_ms": size}
        with writing(engine) as connection:
            connection.execute(insert(root_checkpoints), row)

    add(3, quorum=False)
    assert newest_note(engine) is None
    add(5, quorum=True)
    add(4, quorum=True)
    add(9, quorum=False)
    assert newest_note(engine) == "note 5"
