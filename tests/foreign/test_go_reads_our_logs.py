"""A foreign client: Go's own golang.org/x/mod/sumdb packages read checkpoints, tiles, proofs and receipts of ours."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from running.publisher import make_publisher
from sigill.report.trust import ROOT
from sigill.tlog.leaf import LeafKind, format_leaf, leaf_of
from sigill.tlog.note import format_vkey
from tests.builders_deployment import Deployment
from tests.builders_server import Served, served
from transparency.append import Append

pytestmark = [pytest.mark.servers, pytest.mark.slow]
_SOURCE = Path(__file__).with_name("gotlog")
_BANK = "exempelbanken"


@pytest.fixture(scope="module")
def gotlog(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The program, built from Debian's packages with no network."""
    folder = tmp_path_factory.mktemp("go")
    program = folder / "gotlog"
    environment = os.environ | {
        "GO111MODULE": "off",
        "GOPATH": "/usr/share/gocode",
        "GOCACHE": str(folder / "cache"),
        "GOFLAGS": "",
    }
    subprocess.run(["/usr/bin/go", "build", "-o", str(program), "."], cwd=_SOURCE, env=environment, check=True)
    return program


def run(program: Path, deployment: Deployment, server: Served, log_id: str, *more: str) -> dict[str, Any]:
    """Let the program read a whole log; return what it says it checked. Raises AssertionError with its complaint."""
    head = deployment.services.log.head(log_id)
    assert head is not None
    vkey = format_vkey(deployment.services.keys.note_keys(head.origin)[0])
    done = subprocess.run(
        [str(program), f"{server.url}/log/{log_id}", vkey, *more], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    checked: dict[str, Any] = json.loads(done.stdout)
    return checked


def fill(deployment: Deployment, count: int) -> list[Append]:
    """Append so many leaves to the bank's log; return them."""
    begin = deployment.services.log.head(_BANK)
    assert begin is not None
    leaves = [leaf_of(LeafKind.POLICY, f"{begin.size + number}".encode()) for number in range(count)]
    appends = [Append(_BANK, leaf) for leaf in leaves]
    assert not any(isinstance(answer, Exception) for answer in deployment.services.log.append_all(appends))
    return appends


@pytest.mark.parametrize("size", [1, 255, 256, 257, 700])
def test_go_rederives_a_whole_log_of_ours_and_its_consistency(
    size: int, gotlog: Path, deployment: Deployment, tmp_path: Path
) -> None:
    fill(deployment, size)
    old = tmp_path / "old"
    old.write_text(deployment.services.log.checkpoint(_BANK) or "")
    fill(deployment, 300)
    with served(deployment, tmp_path, workers=1) as server:
        checked = run(gotlog, deployment, server, _BANK, "-old", str(old))
    assert (checked["size"], checked["inclusions"], checked["consistent_with"]) == (size + 300, size + 300, size)


def test_go_verifies_a_receipt_whole_or_not(gotlog: Path, deployment: Deployment, tmp_path: Path) -> None:
    log = deployment.services.log
    log.create_log(ROOT, deployment.services.identity.root_origin)
    appends = fill(deployment, 300)
    leaf, receipt = tmp_path / "leaf", tmp_path / "receipt"
    leaf.write_bytes(format_leaf(appends[123].leaf))
    with served(deployment, tmp_path, workers=1) as server:
        for _ in range(2):
            receipt.write_text(log.whole_receipt(_BANK, 123).text)
            checked = run(gotlog, deployment, server, _BANK, "-receipt", str(receipt), "-leaf", str(leaf))
            assert checked["receipt_index"] == 123
            make_publisher(deployment.services).run()
    assert "extra " in receipt.read_text()


def test_go_reads_the_root_log_entries_and_all(gotlog: Path, deployment: Deployment, tmp_path: Path) -> None:
    deployment.services.log.create_log(ROOT, deployment.services.identity.root_origin)
    publisher = make_publisher(deployment.services)
    for _ in range(5):
        fill(deployment, 3)
        publisher.run()
    with served(deployment, tmp_path, workers=1) as server:
        checked = run(gotlog, deployment, server, ROOT, "-entries")
    assert (checked["size"], checked["entries"]) == (5, 5)


def test_go_refuses_what_is_not_the_log(gotlog: Path, deployment: Deployment, tmp_path: Path) -> None:
    appends = fill(deployment, 300)
    leaf, receipt = tmp_path / "leaf", tmp_path / "receipt"
    leaf.write_bytes(format_leaf(appends[124].leaf))
    receipt.write_text(deployment.services.log.receipt(_BANK, 123))
    with (
        served(deployment, tmp_path, workers=1) as server,
        pytest.raises(AssertionError, match=r"malformed|invalid|proof"),
    ):
        run(gotlog, deployment, server, _BANK, "-receipt", str(receipt), "-leaf", str(leaf))
