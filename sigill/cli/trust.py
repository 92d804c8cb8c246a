"""`sigill trust`: fetch the guarantor's keys and logs, to verify with offline."""

import argparse
from pathlib import Path
from typing import Final

from sigill.cli.arguments import Subparsers, add_command
from sigill.cli.connect import add_url, connect
from sigill.cli.exits import Exit
from sigill.cli.files import write_file
from sigill.cli.show import say_exactly, tell
from sigill.encoding.strict_json import format_canonical_json
from sigill.report.trust import format_trust

_EXAMPLES: Final = """\
  sigill trust --out trust.json
  sigill trust --url https://sigill.example | sigill inspect -"""


def add_parser(subparsers: Subparsers) -> None:
    """Add `trust`."""
    parser = add_command(subparsers, "trust", run, text="fetch the trust file for work offline", examples=_EXAMPLES)
    parser.add_argument("--out", metavar="FILE", type=Path, help="default: standard output")
    add_url(parser)


def run(arguments: argparse.Namespace) -> int:
    """Fetch and write the trust file."""
    trust = connect(arguments).trust()
    content = format_canonical_json(format_trust(trust)).decode("utf-8") + "\n"
    if arguments.out is None:
        say_exactly(content)
    else:
        write_file(arguments.out, content)
        tell(f"Keys and logs of {trust.issuer} as of {trust.as_of:%Y-%m-%d %H:%M} UTC are in {arguments.out}.")
    return Exit.GENUINE
