"""`sigill withdraw`: no longer stand by a sealed message. There is no way back."""

import argparse
from typing import Final

from sigill.cli.arguments import Subparsers, add_command, spelled
from sigill.cli.connect import add_retry, add_url, connect
from sigill.cli.credentials import add_credentials, need_caller
from sigill.cli.exits import Exit
from sigill.cli.files import read_trust
from sigill.cli.show import harmless, say, say_json
from sigill.vocabulary import WithdrawalReason

_EXAMPLES: Final = """\
  sigill withdraw 01JD8Z6Q2V4T7M9K3C5B1A0XYZ --reason wrong_content
  sigill withdraw 01JD8Z6Q2V4T7M9K3C5B1A0XYZ --reason fraud --note 'account taken over'"""


def add_parser(subparsers: Subparsers) -> None:
    """Add `withdraw`."""
    parser = add_command(
        subparsers, "withdraw", run, text="withdraw a sealed message; there is no way back", examples=_EXAMPLES
    )
    parser.add_argument("id", metavar="ID", help="the message's id, from the answer that sealed it")
    parser.add_argument("--reason", choices=spelled(WithdrawalReason), required=True, help="why")
    parser.add_argument("--note", metavar="TEXT", help="one line for auditors; no personal data")
    add_credentials(parser)
    parser.add_argument("--trust", metavar="FILE", help="believe these keys only (see: sigill trust)")
    add_url(parser)
    add_retry(parser)
    parser.add_argument("--json", action="store_true", help="print the service's answer as JSON")


def run(arguments: argparse.Namespace) -> int:
    """Withdraw one message and say since when it is withdrawn."""
    trust = None if arguments.trust is None else read_trust(arguments.trust)
    client = connect(arguments, caller=need_caller(arguments), trust=trust)
    withdrawn = client.withdraw(arguments.id, arguments.reason, note=arguments.note)
    if arguments.json:
        say_json(dict(withdrawn.members))
    else:
        say(harmless(f"Withdrawn since {withdrawn.withdrawn_at} ({withdrawn.reason.replace('_', ' ')})."))
        say(harmless(f"In the log {withdrawn.origin} at {withdrawn.index}."))
    return Exit.GENUINE
