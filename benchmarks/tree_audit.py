"""`sigill audit log` over a whole log: its time beside the bare hashing of the same nodes, and its memory.

python -m benchmarks.tree_audit --size 100000 --rounds 3

The nodes are those of the log's own tree: every entry is hashed into its leaf, every two neighbours into the node
above. Bare hashing does that and looks at nothing: the entries lie ready, the hashes of each level are joined, since
the level above hashes two of them at a time. In the first measurement the audit has bundles and tiles in memory, and
both take turns in one process; the second is the command as an auditor starts it, in a process of its own, over files.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory, TemporaryFile
from typing import Final

from benchmarks.processes import peak_mb
from benchmarks.samples import ratios, spread
from benchmarks.servers import ON_DISK, ROOT
from sigill.report.trust import format_trust
from sigill.tlog.audit_tree import Shown, audit_tree
from sigill.tlog.bundled_leaves import OperatorLeaves
from sigill.tlog.checkpoint import parse_checkpoint
from sigill.tlog.folding import cut_evenly
from sigill.tlog.note import parse_note
from sigill.tlog.prefix import Head
from sigill.tlog.standard_base64 import HASH_BYTES
from sigill.tlog.tiles import TILE_WIDTH, Bundle, Tile, format_path, parse_bundle, tile_width
from tests.builders_published import Published

Say = Callable[[str], None]
_NAME: Final = "bank"
_LOOK_EVERY_S: Final = 0.01


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """How many entries the log has, and how often both go through it."""

    size: int = 1_000_000
    rounds: int = 7


@dataclass(slots=True, kw_only=True)
class Costs:
    """CPU in seconds for the whole log, one value a round; the command's resident memory at its greatest, in MB."""

    size: int
    bare_s: list[float] = field(default_factory=list)
    audit_s: list[float] = field(default_factory=list)
    command_mb: float = 0.0
    command_s: float = 0.0


class AuditFailed(Exception):
    """The audit of an honest log found something, or did not end well."""


@dataclass(frozen=True, slots=True)
class _Log:
    """A log in memory: its head, its bundles and tiles of leaves in order, and the tiles above by their place."""

    head: Head
    shown: Sequence[Shown]
    above: dict[Tile, bytes]


def measure(asked: Asked, *, say: Say) -> Costs:
    """Publish a log into a folder, then measure. Raises AuditFailed."""
    costs = Costs(size=asked.size)
    with TemporaryDirectory(prefix="sigill-bench-", dir=ON_DISK) as folder:
        say(f"a published log of {asked.size:,} entries")
        _publish(Path(folder), asked.size)
        costs.command_mb, costs.command_s = _run_command(Path(folder))
        log = _read(Path(folder) / "log" / _NAME, asked.size)
    entries = [parse_bundle(each.bundle or b"") for each in log.shown]
    for number in range(1, asked.rounds + 1):
        costs.bare_s.append(_cpu_s(lambda: hash_bare(entries)))
        costs.audit_s.append(_cpu_s(lambda: _audit(log)))
        say(f"audit of a log {number}/{asked.rounds}")
    return costs


def hash_bare(tiles: Sequence[Sequence[bytes]]) -> bytes:
    """Hash the entries of each tile and every two neighbours above them; return the last one: the root of a full tree.

    It goes tile by tile, which is quicker than level by level: what is hashed next was made just before.
    """
    roots = [_fold([sha256(b"\x00" + entry).digest() for entry in entries]) for entries in tiles]
    return _fold(roots)


def _fold(hashes: list[bytes]) -> bytes:
    while len(hashes) > 1:
        whole = len(hashes) // 2 * 2
        pairs = cut_evenly(b"".join(hashes[:whole]), 2 * HASH_BYTES)
        hashes = [sha256(b"\x01" + pair).digest() for pair in pairs] + hashes[whole:]
    return hashes[0]


def _audit(log: _Log) -> None:
    found: list[object] = []
    leaves = OperatorLeaves(_NAME, found.append)
    audit = audit_tree(log.head, log.shown, origin=_NAME, read_tile=log.above.get, report=found.append, leaves=leaves)
    if found or audit.stopped:
        raise AuditFailed(f"an honest log: {found}")


def _publish(folder: Path, size: int) -> None:
    made = Published(folder)
    made.log(_NAME).grow(size)
    made.publish()
    (folder / "trust.json").write_text(json.dumps(format_trust(made.trust)), "utf-8")


def _read(folder: Path, size: int) -> _Log:
    signed = parse_checkpoint(parse_note((folder / "checkpoint").read_text("utf-8")).text)
    shown = [
        Shown(
            (folder / format_path(Tile(0, index, tile_width(size, 0, index)))).read_bytes(),
            (folder / format_path(Bundle(index, tile_width(size, 0, index)))).read_bytes(),
        )
        for index in range(-(-size // TILE_WIDTH))
    ]
    above: dict[Tile, bytes] = {}
    for level in range(8):
        for index in range(-(-(size >> 8 * level) // TILE_WIDTH)):
            tile = Tile(level, index, tile_width(size, level, index))
            above[tile] = (folder / format_path(tile)).read_bytes()
    return _Log(Head(signed.size, signed.root), shown, above)


def _run_command(folder: Path) -> tuple[float, float]:
    """Return the greatest resident size in MB, and the CPU in seconds, of the command over the folder."""
    sigill = Path(sys.executable).with_name("sigill")
    command = [str(sigill), "audit", "log", str(folder), "--trust", str(folder / "trust.json"), "--json"]
    greatest_mb = 0.0
    with TemporaryFile() as said, subprocess.Popen(command, cwd=ROOT, stdout=said) as process:  # noqa: S603
        while (ended := os.wait4(process.pid, os.WNOHANG))[0] == 0:
            greatest_mb = max(greatest_mb, peak_mb(process.pid))
            time.sleep(_LOOK_EVERY_S)
        process.returncode = os.waitstatus_to_exitcode(ended[1])
        said.seek(0)
        answer = said.read()
    if process.returncode or json.loads(answer)["findings"]:
        raise AuditFailed(f"exit code {process.returncode}: {answer[:400]!r}")
    return greatest_mb, ended[2].ru_utime + ended[2].ru_stime


def _cpu_s(work: Callable[[], object]) -> float:
    begin = time.process_time()
    work()
    return time.process_time() - begin


def format_table(costs: Costs) -> str:
    """Return the results as plain text."""
    bare, audit, beside = spread(costs.bare_s), spread(costs.audit_s), ratios(costs.bare_s, costs.audit_s)
    return (
        f"{costs.size:,} entries, CPU seconds\n"
        f"  bare hashing {bare.median:.3f} ({bare.least:.3f}–{bare.greatest:.3f})\n"
        f"  audit        {audit.median:.3f} ({audit.least:.3f}–{audit.greatest:.3f})"
        f"  {beside.median:.2f} × ({beside.least:.2f}–{beside.greatest:.2f})\n"
        f"sigill audit log: {costs.command_s:.1f} s of CPU, {costs.command_mb:.0f} MB"
    )


def main(arguments: Sequence[str]) -> int:
    """Measure what the command line asks for and print it."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.tree_audit", description="The audit of a whole log.")
    parser.add_argument("--size", type=int, default=Asked().size)
    parser.add_argument("--rounds", type=int, default=Asked().rounds)
    given = parser.parse_args(arguments)
    asked = Asked(size=given.size, rounds=given.rounds)
    print(format_table(measure(asked, say=lambda line: print(f"  {line}", file=sys.stderr, flush=True))))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
