"""`sigill receipt`: fetch the proof that a seal is in the log, to keep beside it."""

import argparse
from pathlib import Path
from typing import Final

from sigill.cli.arguments import Subparsers, add_command
from sigill.cli.connect import add_url, connect
from sigill.cli.environment import default_language
from sigill.cli.exits import Exit, Stop
from sigill.cli.files import read_log_policy, read_seal, read_trust, write_file
from sigill.cli.show import say_exactly, tell
from sigill.errors import MalformedSeal
from sigill.report.words import words
from sigill.seal.token import parse_seal

_EXAMPLES: Final = """\
  sigill receipt seal.txt --out receipt.tlog-proof
  sigill verify message.txt --seal seal.txt --trust trust.json --receipt receipt.tlog-proof --status status.jwt"""


def add_parser(subparsers: Subparsers) -> None:
    """Add `receipt`."""
    parser = add_command(
        subparsers, "receipt", run, text="fetch the proof that a seal is in the log, to keep", examples=_EXAMPLES
    )
    parser.add_argument("file", metavar="FILE", help="the seal; - for standard input")
    parser.add_argument("--out", metavar="FILE", type=Path, help="default: standard output")
    parser.add_argument("--trust", metavar="FILE", help="believe these keys only (see: sigill trust)")
    parser.add_argument("--log-policy", metavar="FILE", help="the witnesses you trust; default: the trust file's")
    add_url(parser)


def run(arguments: argparse.Namespace) -> int:
    """Fetch the receipt, see what it proves, and write it."""
    trust = None if arguments.trust is None else read_trust(arguments.trust)
    policy = None if arguments.log_policy is None else read_log_policy(arguments.log_policy)
    try:
        seal = parse_seal(read_seal(arguments.file))
    except MalformedSeal as error:
        raise Stop(f"This is not a whole seal: {error}. Give the seal as it was sealed.") from error
    receipt, logged = connect(arguments, trust=trust).receipt(seal, policy=policy)
    if arguments.out is None:
        say_exactly(receipt)
    else:
        write_file(arguments.out, receipt)
        tell(f"The receipt is in {arguments.out}.")
    speech = words(default_language())
    tell(speech.detail(logged.log))
    tell(speech.detail(logged.witnessed))
    if logged.witnessed_at is not None:
        tell(f"{logged.witnessed_at:%Y-%m-%d %H:%M:%S} UTC")
    return Exit.GENUINE
