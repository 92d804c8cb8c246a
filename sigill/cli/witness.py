"""`sigill witness serve | key`: run a witness, which cosigns what only grew, so that no log can tell two stories."""

import argparse
import socket
import sys
import time
from collections.abc import Iterable
from ipaddress import IPv4Address, IPv6Address, ip_address
from pathlib import Path
from typing import Final, TypeAlias

from sigill.cli.arguments import Subparsers, add_command
from sigill.cli.exits import Exit, Stop
from sigill.cli.files import read_text
from sigill.cli.show import harmless, say, tell
from sigill.errors import MalformedKey
from sigill.tlog.cosignature import format_witness_vkey
from sigill.tlog.note import VerifierKey, parse_vkey
from sigill.witness.app import World, make_app
from sigill.witness.folder import OpenWitness, WitnessUnusable, open_witness
from sigill.witness.judge import Logs

_Address: TypeAlias = IPv4Address | IPv6Address

_MAX_PORT: Final = 65_535
_MAX_LOGS: Final = 1000
_SERVE_EXAMPLES: Final = """\
  sigill witness serve --folder w1 --name witness.example/w1 --log LOG_VKEY
  sigill witness serve --folder w1 --logs logs.txt --listen 127.0.0.1:8100

The first start makes the key and prints it. While a log changes its key, give both, the old and the new.
The verifier key of a guarantor's root log is in its trust file (sigill trust). TLS, backup: docs/witness.md."""
_KEY_EXAMPLES: Final = "  sigill witness key --folder w1"


def add_parser(subparsers: Subparsers) -> None:
    """Add `witness` and its commands."""
    text = "run a witness: it cosigns logs that only grow"
    commands = subparsers.add_parser("witness", help=text, description=f"{text[0].upper()}{text[1:]}.").add_subparsers(
        required=True, metavar="COMMAND"
    )
    serving = add_command(
        commands, "serve", run_serve, text="serve a witness; the first start makes its key", examples=_SERVE_EXAMPLES
    )
    _add_folder(serving)
    serving.add_argument("--name", metavar="NAME", help="its name, as witness.example/w1; for the first start")
    serving.add_argument("--log", metavar="VKEY", action="append", default=[], help="a log to watch; may be repeated")
    serving.add_argument("--logs", metavar="FILE", help="verifier keys of logs to watch, one a line; # begins a remark")
    serving.add_argument(
        "--listen",
        metavar="ADDRESS:PORT",
        type=_listen,
        default="127.0.0.1:8100",
        help="default: 127.0.0.1:8100, for this machine only",
    )
    key = add_command(commands, "key", run_key, text="print a witness's verifier key", examples=_KEY_EXAMPLES)
    _add_folder(key)


def run_serve(arguments: argparse.Namespace) -> int:
    """Make or open the witness and serve it until it is stopped."""
    try:
        from sigill.witness.serve import serve  # noqa: PLC0415 - the other commands need no web server
    except ModuleNotFoundError as error:
        if error.name != "waitress":
            raise
        raise Stop("Serving a witness needs waitress. Install it: pip install sigill[witness]") from None
    logs = _read_logs(arguments)
    with _listening(*arguments.listen) as listener:
        witness, made = _open(arguments.folder, name=arguments.name)
        world = World(
            cosigner=witness.cosigner, store=witness.store, logs=logs, now_s=lambda: int(time.time()), tell=_tell
        )
        url = _url(arguments.listen[0], listener.getsockname()[1])
        try:
            serve(make_app(world), listener=listener, ready=lambda: _greet(witness, logs, url, made=made))
        finally:
            witness.store.close()
    tell("The witness has stopped.")
    return Exit.GENUINE


def run_key(arguments: argparse.Namespace) -> int:
    """Print the verifier key of the witness in a folder."""
    witness, _ = _open(arguments.folder, name=None)
    witness.store.close()
    say(format_witness_vkey(witness.cosigner.witness))
    return Exit.GENUINE


def _add_folder(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--folder", metavar="DIR", type=Path, required=True, help="where its key and what it has cosigned are kept"
    )


def _listening(address: _Address, port: int) -> socket.socket:
    family = socket.AF_INET6 if isinstance(address, IPv6Address) else socket.AF_INET
    try:
        return socket.create_server((str(address), port), family=family)
    except OSError as error:
        raise Stop(f"Nothing can listen at {_url(address, port)}: {error.strerror or error}.") from error


def _open(folder: Path, *, name: str | None) -> tuple[OpenWitness, bool]:
    try:
        return open_witness(folder, name=name)
    except WitnessUnusable as error:
        raise Stop(str(error)) from error


def _read_logs(arguments: argparse.Namespace) -> Logs:
    """Return the keys of each origin. Raises Stop for a text that is no key, and for none at all."""
    named = [("--log", text) for text in arguments.log]
    if arguments.logs is not None:
        lines = read_text(arguments.logs).split("\n")
        named += [
            (f"{arguments.logs} line {number}", text)
            for number, line in enumerate(lines, start=1)
            if (text := line.strip()) and not text.startswith("#")
        ]
    if not 0 < len(named) <= _MAX_LOGS:
        raise Stop(f"Name 1 to {_MAX_LOGS} verifier keys of logs to watch: --log VKEY or --logs FILE")
    return _by_origin(_read_vkey(where, text) for where, text in named)


def _read_vkey(where: str, text: str) -> VerifierKey:
    try:
        return parse_vkey(text)
    except MalformedKey as error:
        raise Stop(f"{where}: this is no log's verifier key: {error}.") from error


def _by_origin(keys: Iterable[VerifierKey]) -> Logs:
    logs: dict[str, tuple[VerifierKey, ...]] = {}
    for key in keys:
        logs[key.name] = tuple(dict.fromkeys((*logs.get(key.name, ()), key)))
    return logs


def _greet(witness: OpenWitness, logs: Logs, url: str, *, made: bool) -> None:
    key = witness.cosigner.witness
    say(f"The witness {key.name} is ready at {url}")
    if made:
        say(f"Its key was made now and will never be made again: keep {witness.folder} whole, and never restore an")
        say("older copy of it. A witness that forgets could be led to cosign a second history.")
    say("", "It watches:")
    say(*(harmless(f"  {origin}{_count(len(keys))}") for origin, keys in logs.items()))
    say(
        "",
        "For the log policy of those who rely on it; its last word is the address where the log reaches the witness:",
    )
    say(harmless(f"  witness W1 {format_witness_vkey(key)} {url}"), "")
    say("Stop it with Ctrl-C. What it cosigned is kept before each answer, so it may be killed at any time.")
    sys.stdout.flush()  # a file or a journal is to have this now, not when the witness ends


def _count(keys: int) -> str:
    return "" if keys == 1 else f" ({keys} keys)"


def _tell(line: str) -> None:
    tell(harmless(f"{time.strftime('%Y-%m-%d %H:%M:%S', time.gmtime())} UTC  {line}"))


def _url(address: _Address, port: int) -> str:
    host = f"[{address}]" if isinstance(address, IPv6Address) else str(address)
    return f"http://{host}:{port}"


def _listen(text: str) -> tuple[_Address, int]:
    host, _, port = text.rpartition(":")
    try:
        address = ip_address(host.removeprefix("[").removesuffix("]"))
        number = int(port) if port.isascii() and port.isdigit() and len(port) <= len(str(_MAX_PORT)) else -1
    except ValueError:
        number = -1
    if not 0 <= number <= _MAX_PORT:
        raise argparse.ArgumentTypeError("an address and a port are needed, as in 127.0.0.1:8100")
    return address, number
