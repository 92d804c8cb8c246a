"""`sigill status`: fetch the status list that a seal names, to verify offline with."""

import argparse
from pathlib import Path
from typing import Final

from sigill.cli.arguments import Subparsers, add_command
from sigill.cli.connect import add_url, connect
from sigill.cli.exits import Exit, Stop
from sigill.cli.files import read_seal, write_file
from sigill.cli.show import say_exactly, tell
from sigill.errors import MalformedSeal
from sigill.seal.token import parse_seal

_EXAMPLES: Final = """\
  sigill status seal.txt --out status.jwt
  sigill verify message.txt --seal seal.txt --trust trust.json --receipt receipt.tlog-proof --status status.jwt"""


def add_parser(subparsers: Subparsers) -> None:
    """Add `status`."""
    parser = add_command(
        subparsers, "status", run, text="fetch the list that tells whether a seal is withdrawn", examples=_EXAMPLES
    )
    parser.add_argument("file", metavar="FILE", help="the seal; - for standard input")
    parser.add_argument("--out", metavar="FILE", type=Path, help="default: standard output")
    add_url(parser)


def run(arguments: argparse.Namespace) -> int:
    """Fetch and write the status list; returns 2 for a seal that names none."""
    try:
        claim = parse_seal(read_seal(arguments.file)).claims.status
    except MalformedSeal as error:
        raise Stop(f"This is not a whole seal: {error}. Give the seal as it was sealed.") from error
    if claim is None:
        raise Stop("The seal names no status list: it is from before there were any, and needs none.")
    token = connect(arguments).status_list(claim)
    if arguments.out is None:
        say_exactly(token.text + "\n")
    else:
        write_file(arguments.out, token.text + "\n")
        until = "" if token.list.exp is None else f", good until {token.list.exp:%Y-%m-%d %H:%M} UTC"
        tell(f"The status list of {token.list.iat:%Y-%m-%d %H:%M} UTC{until} is in {arguments.out}.")
    return Exit.GENUINE
