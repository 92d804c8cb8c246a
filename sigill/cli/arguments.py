"""Options that several commands share."""

import argparse
from collections.abc import Callable
from datetime import datetime
from enum import StrEnum
from typing import TypeAlias

from sigill.cli.exits import Stop
from sigill.errors import MalformedAddress
from sigill.text.addresses import Address, parse_address

Subparsers: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"  # noqa: SLF001 - it has no other name
Handler: TypeAlias = Callable[[argparse.Namespace], int]


def add_command(
    subparsers: Subparsers, name: str, handler: Handler, *, text: str, examples: str
) -> argparse.ArgumentParser:
    """Add a command with its description, examples and handler."""
    parser = subparsers.add_parser(
        name,
        help=text,
        description=f"{text[0].upper()}{text[1:]}.",
        epilog=f"examples:\n{examples}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.set_defaults(handler=handler)
    return parser


def spelled(words: type[StrEnum]) -> list[str]:
    """Return the words of a vocabulary as they are typed."""
    return [word.value for word in words]


def add_recipient(parser: argparse.ArgumentParser) -> None:
    """Add the two ways to say whom a message is meant for."""
    group = parser.add_mutually_exclusive_group()
    group.add_argument("--recipient", metavar="ADDRESS", help="phone number or e-mail address the message is meant for")
    group.add_argument("--reference", metavar="TEXT", help="the customer's reference instead of an address")


def recipient_of(arguments: argparse.Namespace) -> str | dict[str, str] | None:
    """Return the recipient as the API takes it, None where none is given."""
    if arguments.reference is not None:
        return {"reference": arguments.reference}
    recipient: str | None = arguments.recipient
    return recipient


def address_of(arguments: argparse.Namespace) -> Address | None:
    """Return the recipient in its one spelling. Raises Stop."""
    recipient = recipient_of(arguments)
    try:
        return None if recipient is None else parse_address(recipient)
    except MalformedAddress as error:
        raise Stop(f"The recipient cannot be read: {error}.") from error


def aware_time(text: str) -> datetime:
    """Read a time with its offset, as in 2026-11-22T12:00:00+01:00."""
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise argparse.ArgumentTypeError("a time needs its offset, as in 2026-11-22T12:00:00+01:00")
    return at
