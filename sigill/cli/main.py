"""`sigill`: one command line, plain sentences instead of tracebacks."""

import argparse
import io
import os
import sys
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from typing import Final

from sigill.cli import (
    audit,
    client_key,
    inspect,
    monitor,
    receipt,
    sign,
    sign_application,
    status,
    trust,
    verify,
    withdraw,
    witness,
)
from sigill.cli.arguments import Subparsers
from sigill.cli.exits import Exit, Stop
from sigill.cli.show import harmless, tell
from sigill.client.errors import AnswerNotTrusted, ClientError, ServiceUnavailable, UnexpectedAnswer
from sigill.errors import SigillError

_EPILOG: Final = """\
exit codes:
  0  genuine, or done
  1  one step left, not genuine, or refused
  2  malformed input or wrong usage
  3  cannot say, or the service is away

examples:
  sigill verify message.txt --recipient anna@example.se
  sigill verify message.txt --seal seal.txt --trust trust.json --receipt receipt.tlog-proof"""
_COMMANDS: Final = (
    verify,
    inspect,
    sign,
    trust,
    status,
    receipt,
    withdraw,
    audit,
    monitor,
    witness,
    client_key,
    sign_application,
)
_INTERRUPTED: Final = 130
_NO_ANSWER: Final = (ServiceUnavailable, UnexpectedAnswer, AnswerNotTrusted)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit code and never raises for what a user may do."""
    _write_anything()
    try:
        arguments = make_parser().parse_args(argv)
        code = int(arguments.handler(arguments))
        sys.stdout.flush()
    except SystemExit as stop:  # argparse: help and version with 0, wrong usage with 2
        return stop.code if isinstance(stop.code, int) else Exit.GENUINE
    except (Stop, ClientError, SigillError) as error:
        tell(f"sigill: {harmless(_sentence(error))}")
        return _code_of(error)
    except BrokenPipeError:
        return _leave_quietly()
    except KeyboardInterrupt:
        return _INTERRUPTED
    return code


def make_parser() -> argparse.ArgumentParser:
    """Return the parser of the whole command line."""
    parser = argparse.ArgumentParser(
        prog="sigill",
        description="Seals on customer-service messages: who sent it, and was it a human or an AI?",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"sigill {_version()}")
    subparsers = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for command in _COMMANDS:
        command.add_parser(subparsers)
    _add_policy(subparsers)
    return parser


def _add_policy(subparsers: Subparsers) -> None:
    """Add `policy`; without the YAML reader, a stand-in that says how to get it."""
    try:
        from sigill.cli import policy  # noqa: PLC0415 - the others need no YAML reader
    except ModuleNotFoundError as error:
        if error.name != "yaml":
            raise
        parser = subparsers.add_parser("policy", help="check, explain, compare and test policies (needs PyYAML)")
        parser.add_argument("rest", nargs=argparse.REMAINDER, help=argparse.SUPPRESS)
        parser.set_defaults(handler=_no_policy)
    else:
        policy.add_parser(subparsers)


def _no_policy(_arguments: argparse.Namespace) -> int:
    raise Stop("Policies need PyYAML. Install it: pip install sigill[policy]")


def _version() -> str:
    try:
        return version("sigill")
    except PackageNotFoundError:
        return "(not installed)"


def _sentence(error: Exception) -> str:
    if isinstance(error, SigillError):
        return f"This is malformed: {error}."
    if not isinstance(error, ServiceUnavailable):
        return str(error)
    later = "" if error.retry_after is None else f" (The service says: after {error.retry_after:.0f} seconds.)"
    key = "" if error.idempotency_key is None else f" (This request's key: {error.idempotency_key})"
    return f"{error}{later}{key}"


def _code_of(error: Exception) -> Exit:
    if isinstance(error, Stop):
        return error.code
    return Exit.CANNOT_SAY if isinstance(error, _NO_ANSWER) else Exit.MALFORMED


def _write_anything() -> None:
    """Let a terminal of a narrow encoding show what it can and escapes for the rest, instead of failing."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _leave_quietly() -> int:
    """Whoever read our output has gone: no complaint, also not when Python closes the stream at its end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return Exit.CANNOT_SAY
