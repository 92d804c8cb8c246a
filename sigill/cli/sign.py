"""`sigill sign`: seal one message, or a file of them. The texts stay here; the service gets their hashes.

Exit codes: 0 sealed, 1 refused by the policy, 2 a request that cannot be, 3 the service is away or not to be trusted;
of a file of messages, see `sigill.cli.batch`.
"""

import argparse
import json
from collections.abc import Iterator, Mapping
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from sigill.cli import batch
from sigill.cli.arguments import Subparsers, add_command, add_recipient, address_of, aware_time, recipient_of, spelled
from sigill.cli.connect import add_retry, add_url, connect
from sigill.cli.credentials import add_credentials, need_caller
from sigill.cli.exits import Exit, Stop
from sigill.cli.files import (
    check_folder,
    check_one_stdin,
    hash_attachment,
    keep_earlier,
    read_text,
    read_trust,
    write_file,
)
from sigill.cli.show import harmless, say, say_exactly, say_json, tell
from sigill.client.errors import Refused
from sigill.vocabulary import Authorship, Channel, Direction, DisclosureMode, Draft, Enquiry, Language, Purpose, Role

if TYPE_CHECKING:
    from sigill.client import Client
    from sigill.client.sealed import Sealed

_FILES: Final = ("message.txt", "seal.txt", "receipt.tlog-proof")
_EXAMPLES: Final = """\
  sigill sign reply.txt --authorship human --channel email --enquiry complaint --out sealed/
  sigill sign - --authorship ai --channel chat --enquiry informational --ai-system assistant < reply.txt
  sigill sign --batch letters.jsonl --run november --authorship human --channel letter > sealed.jsonl"""
_OPTIONS: Final[tuple[tuple[str, type[StrEnum], str], ...]] = (
    ("--purpose", Purpose, "why it is sent (default: service)"),
    ("--direction", Direction, "an answer (inbound) or on the operator's own initiative (outbound)"),
    ("--language", Language, "the customer's language"),
    ("--disclosure", DisclosureMode, "how the customer is told that AI writes"),
    ("--draft", Draft, "who drafted an assisted message"),
    ("--role", Role, "for whom the author speaks (default: operator)"),
)
_PLAIN_OPTIONS: Final = (
    ("--conversation", "TEXT", "your own reference of the conversation"),
    ("--ai-system", "NAME", "the registered AI system that took part"),
    ("--agent", "PSEUDONYM", "who wrote or released it"),
    ("--jurisdiction", "CODE", "the customer's, as in SE"),
)
_SENT_AS_THEY_ARE: Final = (
    "authorship",
    "channel",
    "enquiry",
    *(flag[2:].replace("-", "_") for flag, *_ in (*_OPTIONS, *_PLAIN_OPTIONS)),
    "sent_at",
)


_NEEDED: Final = ("file", "authorship", "channel", "enquiry")
_OF_ONE: Final = (
    "file",
    "recipient",
    "reference",
    "link",
    "attachment",
    "sent_at",
    "out",
    "json",
    "idempotency_key",
)


def add_parser(subparsers: Subparsers) -> None:
    """Add `sign`."""
    parser = add_command(subparsers, "sign", run, text="seal one message, or a file of them", examples=_EXAMPLES)
    parser.add_argument("file", metavar="FILE", nargs="?", help="the message's text; - for standard input")
    batch.add_options(parser)
    parser.add_argument("--authorship", choices=spelled(Authorship), help="who wrote it (needed)")
    parser.add_argument("--channel", choices=spelled(Channel), help="where it goes (needed)")
    parser.add_argument(
        "--enquiry",
        choices=spelled(Enquiry),
        metavar="ENQUIRY",
        help=f"what it is about (needed): {', '.join(Enquiry)}",
    )
    for flag, vocabulary, text in _OPTIONS:
        parser.add_argument(flag, choices=spelled(vocabulary), help=text)
    for flag, metavar, text in _PLAIN_OPTIONS:
        parser.add_argument(flag, metavar=metavar, help=text)
    add_recipient(parser)
    parser.add_argument("--vulnerable", action="store_true", help="the customer is known to be vulnerable")
    parser.add_argument(
        "--scope", action="append", metavar="WORD", help="what the AI limits itself to; may be repeated"
    )
    parser.add_argument("--link", action="append", metavar="HREF", help="a link's target in the message; repeat")
    parser.add_argument(
        "--attachment", action="append", metavar="FILE", help="an attachment, of which the hash is sent"
    )
    parser.add_argument("--sent-at", type=aware_time, metavar="TIME", help="when it was sent, if sealed afterwards")
    add_credentials(parser)
    parser.add_argument("--trust", metavar="FILE", help="believe these keys only (see: sigill trust)")
    parser.add_argument(
        "--out", metavar="DIR", type=Path, help="write message.txt, seal.txt and receipt.tlog-proof there"
    )
    parser.add_argument(
        "--idempotency-key",
        metavar="KEY",
        help="the same key and message within a day: the same seal (default: random)",
    )
    add_retry(parser)
    add_url(parser)
    parser.add_argument("--json", action="store_true", help="print the service's answer as JSON")


def run(arguments: argparse.Namespace) -> int:
    """Seal one message and show, or write, what to send; or seal a file of them."""
    _check_usage(arguments)
    check_one_stdin(arguments.file, arguments.api_key_file, arguments.trust)
    if arguments.batch is not None:
        return batch.run(arguments, fields=_fields(arguments), client=lambda: _client(arguments))
    address_of(arguments)
    text = read_text(arguments.file)
    if arguments.out is not None:
        check_folder(arguments.out)
    try:
        sealed = _client(arguments).sign(text, idempotency_key=arguments.idempotency_key, **_fields(arguments))
    except Refused as refused:
        if arguments.json:
            say_json(dict(refused.members))
        tell(*refusal_lines(refused))
        return Exit.NOT_GENUINE
    try:
        _show(sealed, arguments)
    except (Stop, OSError):
        say(sealed.seal)  # it stands in the log: whatever happened to the disk, it must not be lost
        raise
    return Exit.GENUINE


def refusal_lines(refused: Refused) -> Iterator[str]:
    """Yield each rule with its basis and sources, and what would be allowed instead."""
    yield "Refused: the policy denies this message. Nothing was sealed."
    for rule in refused.rules:
        yield harmless(f"  rule {rule.get('id')} ({_basis(rule)}): {rule.get('why')}")
        yield from (harmless(f"    source: {_source(source)}") for source in rule.get("sources") or [])
    for item in refused.instead:
        yield harmless(f"  instead, {item.get('kind')} {item.get('value')}: {item.get('why')}")
    if refused.decision_id:
        yield harmless(f"The refusal is in your log as {refused.decision_id}.")


def _check_usage(arguments: argparse.Namespace) -> None:
    given = [name for name in _NEEDED if getattr(arguments, name) is not None]
    if arguments.batch is None:
        missing = [_flag(name) for name in _NEEDED if name not in given]
        if missing:
            raise Stop(f"Sealing one message needs {', '.join(missing)} too. See: sigill sign --help")
        if arguments.run is not None:
            raise Stop("--run goes with --batch. One message has an --idempotency-key.")
    else:
        other = [_flag(name) for name in _OF_ONE if getattr(arguments, name)]
        if other:
            raise Stop(f"{', '.join(other)} is said of one message. With --batch, say it in each line.")


def _flag(name: str) -> str:
    return "FILE" if name == "file" else f"--{name.replace('_', '-')}"


def _client(arguments: argparse.Namespace) -> "Client":
    trust = None if arguments.trust is None else read_trust(arguments.trust)
    return connect(arguments, caller=need_caller(arguments), trust=trust)


def _fields(arguments: argparse.Namespace) -> Any:  # noqa: ANN401 - the keyword arguments of Client.sign
    fields: dict[str, Any] = {name: getattr(arguments, name) for name in _SENT_AS_THEY_ARE}
    fields |= {"recipient": recipient_of(arguments), "scope": arguments.scope, "links": arguments.link}
    if arguments.vulnerable:
        fields["vulnerable"] = True
    if arguments.attachment:
        fields["attachments"] = {name: hash_attachment(name) for name in arguments.attachment}
    return {name: value for name, value in fields.items() if value is not None}


def _show(sealed: "Sealed", arguments: argparse.Namespace) -> None:
    if arguments.out is not None:
        kept = keep_earlier(arguments.out, _FILES)
        if kept:
            tell(f"What was in {arguments.out} before is kept as {', '.join(kept)}.")
        for name, content in zip(_FILES, (sealed.text, sealed.seal + "\n", sealed.receipt), strict=True):
            write_file(arguments.out / name, content)
    if arguments.json:
        say_json({**sealed.members, "embedded_text": sealed.text})
        return
    if arguments.out is None:
        say_exactly(sealed.text + "\n")
    else:
        tell(f"Sealed. message.txt, seal.txt and receipt.tlog-proof are in {arguments.out}.")
    tell(harmless(f"code: {sealed.code}"), harmless(f"link: {sealed.link}"))
    tell(*_owed(sealed.decision.obligations))
    tell(*(harmless(f"show ({name}): {text}") for name, text in sealed.decision.texts.items()))


def _owed(obligations: tuple[Mapping[str, Any], ...]) -> Iterator[str]:
    for item in obligations:
        deadline = item.get("deadline_minutes")
        within = "" if deadline is None else f", within {deadline} minutes"
        yield harmless(f"owed: {item.get('title') or item.get('id')} ({_basis(item)}{within})")


def _basis(item: Mapping[str, Any]) -> str:
    return str(item.get("basis", "")).replace("_", " ")


def _source(source: object) -> str:
    if not isinstance(source, dict):
        return json.dumps(source)
    title, url = source.get("title") or source.get("id"), source.get("url")
    return f"{title}, {url}" if url else str(title)
