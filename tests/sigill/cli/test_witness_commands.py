"""`sigill witness` as whoever runs a witness meets it: what it says, and what it refuses with a sentence."""

import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from sigill.cli.main import main
from sigill.tlog.cosignature import parse_witness_vkey
from sigill.witness.folder import open_witness
from tests.builders_growing_log import GrowingLog
from tests.builders_witness import running_witness

NAME = "witness.example/w1"
LOG = GrowingLog()


def _run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = main(["witness", *arguments])
    out, err = capsys.readouterr()
    return code, out, err


def test_the_help_shows_how_to_begin(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = _run(capsys, "serve", "--help")
    assert code == 0
    assert "sigill witness serve --folder" in out
    assert "docs/witness.md" in out


def test_the_key_is_printed_alone(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    opened, _ = open_witness(tmp_path, name=NAME)
    opened.store.close()
    code, out, err = _run(capsys, "key", "--folder", str(tmp_path))
    assert (code, err) == (0, "")
    assert parse_witness_vkey(out.removesuffix("\n")) == opened.cosigner.witness


def test_no_key_is_made_by_asking_for_it(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    code, out, err = _run(capsys, "key", "--folder", str(tmp_path / "w"))
    assert (code, out) == (2, "")
    assert "There is no witness in" in err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--name", NAME], "Name 1 to 1000 verifier keys"),
        (["--name", NAME, "--log", "nonsense"], "--log: this is no log's verifier key"),
        (["--name", NAME, "--logs", "logs.txt"], "logs.txt line 4: this is no log's verifier key"),
        (["--name", NAME, "--logs", "missing.txt"], "missing.txt cannot be read"),
        (["--log", LOG.vkey], "Give it a name: --name"),
        (["--name", "a b", "--log", LOG.vkey], "without blanks"),
        (["--name", NAME, "--log", LOG.vkey, "--listen", "8100"], "an address and a port are needed"),
        (["--name", NAME, "--log", LOG.vkey, "--listen", "example.com:1"], "an address and a port are needed"),
        (["--name", NAME, "--log", LOG.vkey, "--listen", "127.0.0.1:65536"], "an address and a port are needed"),
        (["--name", NAME, "--log", LOG.vkey, "--listen", "127.0.0.1:٣"], "an address and a port are needed"),
    ],
)
def test_what_cannot_be_served_is_said_and_nothing_is_made(
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    says: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("logs.txt").write_text(f"# the guarantor's\n{LOG.vkey}\n\n{LOG.vkey}x\n")
    code, out, err = _run(capsys, "serve", "--folder", "w", *arguments)
    assert (code, out) == (2, "")
    assert says in err
    assert not Path("w").exists()


def test_an_address_that_is_taken_is_said(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        listen = f"127.0.0.1:{taken.getsockname()[1]}"
        code, _, err = _run(
            capsys, "serve", "--folder", str(tmp_path), "--name", NAME, "--log", LOG.vkey, "--listen", listen
        )
    assert code == 2
    assert f"Nothing can listen at http://{listen}: Address already in use" in err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_a_first_start_says_what_was_made_and_what_to_do_next(tmp_path: Path) -> None:
    renewed = GrowingLog(seed=2)
    with running_witness(tmp_path / "w", NAME, [LOG.vkey, renewed.vkey, LOG.vkey]) as witness:
        said = witness.said()
        assert said.startswith(f"The witness {NAME} is ready at {witness.url}\n")
        assert "Its key was made now" in said
        assert "  log.example/root (2 keys)\n" in said
        assert f"  witness W1 {witness.vkey} {witness.url}\n" in said


@pytest.mark.slow
def test_ctrl_c_stops_it_as_well_and_any_free_port_will_do(tmp_path: Path) -> None:
    program = "import sys; from sigill.cli.main import main; sys.exit(main())"
    (tmp_path / "logs.txt").write_text(f"\n# a remark\n  {LOG.vkey}  \n")
    arguments = ["--folder", "w", "--name", NAME, "--logs", "logs.txt", "--listen", "[::1]:0"]
    with subprocess.Popen(
        [sys.executable, "-c", program, "witness", "serve", *arguments],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline().startswith(f"The witness {NAME} is ready at http://[::1]:")
        process.send_signal(signal.SIGINT)
        assert "The witness has stopped." in process.stdout.read()
        assert process.wait(10) == 0
