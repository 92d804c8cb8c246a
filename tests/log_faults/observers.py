"""Everybody looks at a scene, each with the real command or call; what they name is what the table says.

None of them is told what was done. An empty cell is "saw nothing wrong".
"""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from io import StringIO
from typing import Any, Final

import urllib3

from running.admin import main as admin
from running.publish import main as publish
from running.witnesses import HttpWitness
from sigill.cli.main import main as sigill
from sigill.report.checks import Outcome
from sigill.report.trust import ROOT
from sigill.tlog.checkpoint import parse_checkpoint
from sigill.tlog.faults import Fault
from sigill.tlog.note import parse_note
from sigill.tlog.witness_wire import AddCheckpoint, origin_hash
from tests.log_faults.columns import Cells, Column, Names
from tests.log_faults.served import answering
from tests.log_faults.service import look_as_service
from tests.log_faults.stage import Scene
from transparency.errors import LogCorrupt
from transparency.root_log import newest_checkpoint
from transparency.witnessing import Cosigned, Declined, Knows

_FAULTS: Final = frozenset(Fault)


def look_everywhere(scene: Scene) -> Cells:
    """Return what each column sees: first who only reads, then the service, which lives on, then the witnesses.

    Being asked, an honest witness catches up; so it is asked when the publisher has seen where it stood.
    """
    with _source(scene) as source:
        cells = {
            Column.MONITOR: monitor(scene, source),
            Column.AUDIT: audit(scene, source),
            Column.CUSTOMER: look_as_customer(scene, source),
        }
    cells[Column.ROWS] = named(lambda: admin(["check-log"], scene.environment))
    cells[Column.FILES] = named(lambda: publish(["--check"], scene.environment))
    cells[Column.SERVICE] = look_as_service(scene)
    cells[Column.WITNESS] = ask_witnesses(scene)
    return cells


@contextmanager
def _source(scene: Scene) -> Iterator[str]:
    if not scene.served:
        yield str(scene.public)
        return
    with answering(scene.open()) as address:
        yield address
    scene.close()


def ask_witnesses(scene: Scene) -> Names:
    """Show each witness the root checkpoint that is shown, with the best proof there is from where it stands."""
    services = scene.open().services
    newest = newest_checkpoint(services.engine)
    assert newest is not None
    head = parse_checkpoint(parse_note(newest.note).text)
    keys = services.keys.note_keys(services.identity.root_origin)
    names: set[str] = set()
    for each in scene.witnesses:
        if each.process is None or each.process.poll() is not None:
            names.add("down")
            continue
        witness = HttpWitness(each.key, each.url)
        shown = witness.shown(head.origin, keys)
        stands = 0 if shown is None else parse_checkpoint(parse_note(shown).text).size
        old_size = min(stands, head.size)
        try:
            proof = services.log.proof_between(ROOT, old_size, head.size) if old_size < head.size else ()
        except LogCorrupt:
            proof = ()
        match witness.add(AddCheckpoint(old_size, proof, newest.note)):
            case Declined(why):
                names.add(why.partition(":")[0])
            case Knows():
                names.add("HTTP 409")
            case Cosigned():
                pass
        if _get(f"{each.url}/{origin_hash(head.origin)}/forks") == 200:
            names.add("keeps both notes")
    scene.close()
    return tuple(sorted(names))


def monitor(scene: Scene, source: str) -> Names:
    """`sigill monitor --once` by one that has watched since before."""
    return _found(
        "monitor", source, "--state", scene.file("watched"), "--trust", scene.file("trust.json"), "--once",
        "--log-policy", scene.file("policy"),
    )  # fmt: skip


def audit(scene: Scene, source: str) -> Names:
    """`sigill audit log` by an auditor with a key, who has audited before."""
    entries = () if scene.served else ("--entries", str(scene.private))
    return _found(
        "audit", "log", source, "--state", scene.file("audited"), "--trust", scene.file("trust.json"),
        "--key", scene.file("auditor.key"), "--retry-for", "0", *entries,
    )  # fmt: skip


def look_as_customer(scene: Scene, source: str) -> Names:
    """Verify the message with the receipt kept, then hold the log against that receipt, with neither key nor past."""
    names = _verify(scene, "receipt")
    if scene.served:
        asked = ["receipt", scene.file("seal"), "--trust", scene.file("trust.json"), "--url", source]
        code, _, _ = _run(lambda: sigill([*asked, "--out", scene.file("fresh")]))
        names |= _verify(scene, "fresh") if code == 0 else {"no new receipt"}
    since = ["--trust", scene.file("trust.json"), "--retry-for", "0", "--since", scene.file("receipt")]
    return tuple(sorted(names | set(_found("audit", "log", source, *since))))


def remember(scene: Scene) -> None:
    """Let the auditor and the monitor see the scene in order. Raises AssertionError if they see anything wrong."""
    with _source(scene) as source:
        assert monitor(scene, source) == ()
        assert audit(scene, source) == ()
        assert look_as_customer(scene, source) == ()


def _verify(scene: Scene, receipt: str) -> set[str]:
    arguments = ["verify", scene.file("message"), "--seal", scene.file("seal"), "--json"]
    arguments += ["--trust", scene.file("trust.json"), "--receipt", scene.file(receipt)]
    _, said, _ = _run(lambda: sigill(arguments))
    checks = json.loads(said)["checks"]
    return {str(check["detail"]) for check in checks if check["outcome"] == Outcome.FAILED}


def _found(*arguments: str) -> Names:
    """Return the faults that a command names in its JSON; its exit code has to agree."""
    code, said, wrong = _run(lambda: sigill([*arguments, "--json"]))
    if not said:
        return ("refused" if wrong else f"exit {code}",)
    answer: dict[str, Any] = json.loads(said)
    names = tuple(sorted({str(each["fault"]) for each in answer["findings"]}))
    assert (code == 1) == bool(names), (arguments, code, said)
    return names if code in {0, 1} else ("could not look",)


def named(command: Callable[[], int]) -> Names:
    """Return the faults that begin the lines of a command's output."""
    code, said, wrong = _run(command)
    names = tuple(sorted({line.partition(":")[0] for line in said.splitlines()} & _FAULTS))
    assert code == 0 or names or wrong, said
    return names or (() if code == 0 else ("refused",))


def _run(command: Callable[[], int]) -> tuple[int, str, str]:
    out, err = StringIO(), StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        code = command()
    return code, out.getvalue(), err.getvalue()


def _get(url: str) -> int:
    status: int = urllib3.request("GET", url, retries=False, timeout=5).status
    return status
