"""`sigill totals`: declare how much was sent on a day, and how much of it sealed, signed with a client's key."""

import argparse
import re
import secrets
from datetime import UTC, date, datetime
from typing import Final

from sigill.cli.arguments import Subparsers, add_command
from sigill.cli.connect import add_retry, add_url, connect
from sigill.cli.credentials import add_credentials, need_caller, read_client_key
from sigill.cli.exits import Exit
from sigill.cli.show import harmless, say, say_json
from sigill.keys.client_statements import sign_totals
from sigill.vocabulary import Channel

_JTI_BYTES: Final = 18
_COUNT: Final = re.compile(r"([a-z]+)=([0-9]{1,13})/([0-9]{1,13})\Z", re.ASCII)
_EXAMPLES: Final = """\
  sigill totals 2026-11-28 --operator exempelbanken --count sms=120/118 --count email=40/40 --key bot.pem"""


def add_parser(subparsers: Subparsers) -> None:
    """Add `totals`."""
    parser = add_command(
        subparsers,
        "totals",
        run,
        text="declare how much you sent on a day, and how much of it sealed",
        examples=_EXAMPLES,
    )
    parser.add_argument("day", metavar="DAY", type=_day, help="the day (UTC), such as 2026-11-28")
    parser.add_argument("--operator", metavar="ID", required=True, help="your operator's id")
    parser.add_argument(
        "--count",
        metavar="CHANNEL=SENT/SEALED",
        type=_count,
        action="append",
        required=True,
        help="of one channel; may be repeated",
    )
    parser.add_argument("--key", metavar="FILE", required=True, help="the private key of one of your clients, PEM")
    parser.add_argument("--issuer", metavar="URL", help="the guarantor's name; default: what the service says it is")
    add_credentials(parser, says="an administrator's API key")
    add_url(parser)
    add_retry(parser)
    parser.add_argument("--json", action="store_true", help="print the service's answer as JSON")


def run(arguments: argparse.Namespace) -> int:
    """Sign the totals, send them, and say what was counted on the other side."""
    key, caller = read_client_key(arguments.key), need_caller(arguments)
    client = connect(arguments, caller=caller)
    statement = sign_totals(
        key,
        operator=arguments.operator,
        issuer=arguments.issuer or client.issuer(),
        day=arguments.day,
        totals=dict(arguments.count),
        at=datetime.now(UTC),
        jti=secrets.token_urlsafe(_JTI_BYTES),
    )
    answer = client.declare_totals(statement)
    if arguments.json:
        say_json(answer)
        return Exit.GENUINE
    say(harmless(f"Declared for {arguments.day}, version {answer.get('version')}."))
    counted = answer.get("counted")
    for channel, (sent, sealed) in dict(arguments.count).items():
        made = counted.get(channel, 0) if isinstance(counted, dict) else "?"
        say(harmless(f"{channel}: {sent} sent, {sealed} sealed; seals that were made: {made}"))
    return Exit.GENUINE


def _day(text: str) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = None
    if day is None or day.isoformat() != text:
        raise argparse.ArgumentTypeError("a day is needed, such as 2026-11-28")
    return day


def _count(text: str) -> tuple[str, tuple[int, int]]:
    match = _COUNT.match(text)
    if match is None or match[1] not in set(Channel) or int(match[3]) > int(match[2]):
        raise argparse.ArgumentTypeError(
            f"sms=120/118 is needed: a channel ({', '.join(Channel)}), how many were sent, how many of them sealed"
        )
    return match[1], (int(match[2]), int(match[3]))
