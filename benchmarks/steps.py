"""Where the CPU time of one message goes, seen in the real server under load.

python -m benchmarks.steps --load batch --seconds 5 --only sigill
python -m benchmarks.steps --modules --flame /tmp/single.svg

py-spy looks at the workers from outside a hundred times a second and notes what the thread that holds the interpreter's
lock is doing. A profiler inside the process (cProfile) makes each Python call dearer, and so shows small functions as
the culprits; and of threads without the lock nobody can tell from outside whether they work or wait for it. What the
server used beyond the lock is therefore one line: SQLite, signatures, hashes, sockets, the disk. There is one worker,
so that the cores are not oversubscribed: a thread that holds the lock and waits for a core would seem to use it. Where
the machine is too busy even so, that line is missing.
"""

import argparse
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.contenders import CONTENDERS, Contender, running_servers
from benchmarks.load import Load
from benchmarks.over_http import FAILURES, Asked, loads_of
from benchmarks.rounds import WARM_UP_S, Sample, answers, sample_once
from benchmarks.servers import ON_DISK, ROOT, Places, Server

RATE_HZ: Final = 100
_MARGIN_S: Final = 1
_LIBRARIES: Final = {
    "sqlalchemy": "SQLAlchemy",
    "psycopg": "psycopg",
    "cryptography": "cryptography",
    "marshmallow": "marshmallow",
    "webargs": "marshmallow",
    "flask_smorest": "flask-smorest",
    "apispec": "flask-smorest",
    "flask": "Flask",
    "werkzeug": "Flask",
    "jinja2": "Flask",
    "gunicorn": "gunicorn",
    "prometheus_client": "metrics",
    "babel": "Babel",
    "unicodedata2": "Unicode",
}
_OWN: Final = "own code"
_SERVER: Final = "server"
_BEYOND: Final = "outside the interpreter's lock"
_DATABASE_CALLS: Final = ("do_execute", "do_executemany", "do_execute_no_params", "do_commit", "do_rollback", "_begin")


class NoSamples(Exception):
    """py-spy could not look: it is missing, or the system does not let it."""


@dataclass(frozen=True, slots=True)
class Part:
    """A share of the time: in whose code (a package or module of ours, or the server), and in what of that."""

    ours: str
    inside: str
    share: float


def parts_of(folded: Iterable[str], *, root: Path, cpu_s: float, modules: bool = False) -> list[Part]:
    """Return shares of `cpu_s` from folded stacks, `frame;frame;frame count` with the innermost last.

    Greatest first; last is what no sample accounts for. A sample counts for the innermost frame of ours, and inside
    that for the library it called into. The database's driver is in C and shows as the function that calls it.
    """
    counts: Counter[tuple[str, str]] = Counter()
    for line in folded:
        stack, _, count = line.rstrip().rpartition(" ")
        if stack:
            counts[_place(stack.split(";"), root, modules=modules)] += int(count)
    held_s = sum(counts.values()) / RATE_HZ
    whole_s = max(held_s, cpu_s)
    parts = [Part(*place, count / RATE_HZ / whole_s) for place, count in counts.most_common()]
    return [*parts, Part(_BEYOND, "", 1 - held_s / whole_s)] if held_s < whole_s else parts


def profile(
    contender: Contender, server: Server, load: Load, folder: Path, *, flame: Path | None = None
) -> tuple[Sample, list[str]]:
    """Send a load while the workers are looked at; return what it cost, and the folded stacks. Raises NoSamples."""
    sample_once(contender, server, load, folder, seconds=WARM_UP_S)
    with ExitStack() as stack:
        raw = folder / "stacks.txt"
        spies = [stack.enter_context(_spy(server, load, "raw", raw))]
        if flame is not None:
            spies.append(stack.enter_context(_spy(server, load, "flamegraph", flame)))
        sample = sample_once(contender, server, load, folder, seconds=load.seconds)
        for spy in spies:
            _, said = spy.communicate(timeout=60)
            if spy.returncode:
                raise NoSamples(said.decode(errors="replace").strip()[-500:])
    return sample, raw.read_text("utf-8").splitlines()


def measure(
    asked: Asked, *, say: Callable[[str], None], flame: Path | None = None, modules: bool = False
) -> dict[str, dict[str, tuple[Sample, list[Part]]]]:
    """Return, by load and contender, what a message cost and its parts. Raises NoSamples and FAILURES."""
    found: dict[str, dict[str, tuple[Sample, list[Part]]]] = {}
    contenders = [contender for contender in CONTENDERS if contender.name in asked.only]
    tempfile.tempdir = ON_DISK
    with tempfile.TemporaryDirectory(prefix="sigill-bench-") as folder:
        places = Places(Path(folder), asked.tree, workers=1)
        with running_servers({each.server for each in contenders}, places, say=say) as servers:
            for load in loads_of(asked):
                for contender in (each for each in contenders if each.server in servers and each.takes(load)):
                    server = servers[contender.server]
                    if not answers(contender, server, load, say):
                        continue
                    say(f"where the time goes: {load.name} {contender.name}")
                    sample, stacks = profile(contender, server, load, places.folder, flame=flame)
                    cpu_s = sample.rate * sample.cpu_us / 1e6 * _seconds_seen(load)
                    parts = parts_of(stacks, root=asked.tree, cpu_s=cpu_s, modules=modules)
                    found.setdefault(load.name, {})[contender.name] = (sample, parts)
    return found


def format_table(sample: Sample, parts: Sequence[Part], *, least: float = 0.01) -> str:
    """Return the parts as plain text, those below a share of `least` in one line."""
    lines = [f"{'':36}{'':16}{'share':>8}{'CPU µs':>10}"]
    shown = [part for part in parts if part.share >= least]
    rest = Part("the rest", "", sum(part.share for part in parts) - sum(part.share for part in shown))
    lines += [
        f"{part.ours:36}{part.inside:16}{part.share:8.1%}{part.share * sample.cpu_us:10.1f}" for part in [*shown, rest]
    ]
    return "\n".join(lines)


def _seconds_seen(load: Load) -> int:
    return max(1, load.seconds - _MARGIN_S)


def _spy(server: Server, load: Load, form: str, output: Path) -> subprocess.Popen[bytes]:
    command = ["py-spy", "record", "--pid", str(server.pid), "--subprocesses", "--full-filenames", "--function"]
    command += ["--format", form, "--rate", str(RATE_HZ), "--duration", str(_seconds_seen(load)), "--gil"]
    program = Path(sys.executable).with_name("py-spy")
    try:
        return subprocess.Popen(  # noqa: S603 (our own environment's program)
            [str(program), *command[1:], "--output", str(output)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
    except FileNotFoundError:
        raise NoSamples("py-spy is not installed here") from None


def _place(stack: Sequence[str], root: Path, *, modules: bool) -> tuple[str, str]:
    inside = None
    for frame in reversed(stack):
        function, _, where = frame.partition(" (")
        file = where.partition(":")[0].rstrip(")")
        ours = _our_module(file, root)
        if ours is not None:
            return (ours if modules else ours.partition(".")[0]), inside or _OWN
        inside = _database(function, file) or inside or _library(file)
    return _SERVER, inside or "Python"


def _our_module(file: str, root: Path) -> str | None:
    if "site-packages" in file or not file.startswith(f"{root}/"):
        return None
    return file.removeprefix(f"{root}/").removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def _database(function: str, file: str) -> str | None:
    return "database" if function in _DATABASE_CALLS and "/sqlalchemy/" in file else None


def _library(file: str) -> str | None:
    _, found, path = file.rpartition("site-packages/")
    if not found:
        return None
    return _LIBRARIES.get(path.partition("/")[0].removesuffix(".py"), path.partition("/")[0])


def main(arguments: Sequence[str]) -> int:
    """Profile what the command line asks for and print it."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.steps", description="Say where the CPU time goes.")
    parser.add_argument("--only", default="sigill", help="contenders, with commas between them")
    parser.add_argument("--load", choices=["single", "batch"], default="single")
    parser.add_argument("--seconds", type=int, default=8)
    parser.add_argument("--modules", action="store_true", help="tell modules apart, not only packages")
    parser.add_argument("--flame", type=Path, help="write a flame graph too (an SVG)")
    parser.add_argument("--tree", type=Path, default=ROOT, help="the checkout whose Sigill is looked at")
    given = parser.parse_args(arguments)
    asked = Asked(
        only=tuple(given.only.split(",")), loads=(given.load,), seconds=given.seconds, tree=given.tree.resolve()
    )
    say: Callable[[str], None] = lambda line: print(f"  {line}", file=sys.stderr, flush=True)  # noqa: E731
    try:
        found = measure(asked, say=say, flame=given.flame, modules=given.modules)
    except (NoSamples, *FAILURES) as error:
        print(error, file=sys.stderr)
        return 1
    for load, contenders in found.items():
        for name, (sample, parts) in contenders.items():
            used = f"{sample.cpu_us:.0f} µs CPU a message, {sample.kernel_us:.0f} of them in the kernel"
            print(f"\n{load} {name}: {sample.rate:.0f} messages/s, {used}")
            print(format_table(sample, parts, least=0.005 if given.modules else 0.01))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
