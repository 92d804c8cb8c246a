"""`sigill verify`: who sent this, a human or an AI, and is it unchanged? Asks the service, or needs no network at all.

Exit codes: 0 genuine, 1 one step left or not genuine, 2 malformed input, 3 cannot say.
"""

import argparse
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from sigill.cli.arguments import Subparsers, add_command, add_recipient, address_of, recipient_of, spelled
from sigill.cli.connect import add_url, connect
from sigill.cli.environment import default_language
from sigill.cli.exits import Exit, Stop
from sigill.cli.files import check_one_stdin, hash_attachment, read_log_policy, read_seal, read_text, read_trust
from sigill.cli.show import say, say_json, verdict_lines
from sigill.encoding.base64url import format_base64url
from sigill.errors import MalformedHtml, MalformedSeal, MalformedStatusList
from sigill.presence.evidence import MAX_EVIDENCE_BYTES
from sigill.report.answers import Answer, Reason
from sigill.report.content import Presented
from sigill.report.describe import describe_report
from sigill.report.find import find_in_text, has_foreign_link
from sigill.report.judge import Evidence, LogEvidence, Report, StatusEvidence, judge_seal, report_without_seal
from sigill.report.openers import BroughtOpener
from sigill.report.trust import Trust
from sigill.report.words import Words, words
from sigill.seal.token import ParsedSeal, format_seal, parse_seal
from sigill.status.token import MAX_TOKEN_BYTES, ParsedStatusList, parse_status_list
from sigill.text.links import link_hash
from sigill.text.nu1 import MAX_TEXT_BYTES
from sigill.vocabulary import Language

_EXITS: Final[Mapping[str, Exit]] = {
    Answer.GENUINE: Exit.GENUINE,
    Answer.INCOMPLETE: Exit.NOT_GENUINE,
    Answer.NOT_GENUINE: Exit.NOT_GENUINE,
    Answer.CANNOT_SAY: Exit.CANNOT_SAY,
    Answer.NOT_US_NOT_NOW: Exit.NOT_GENUINE,
}
_EXAMPLES: Final = """\
  sigill verify message.txt --recipient anna@example.se
  sigill verify message.txt --seal seal.txt --trust trust.json --receipt receipt.tlog-proof --status status.jwt"""


@dataclass(frozen=True, slots=True)
class _Brought:
    """What the arguments brought: the whole of FILE, the seal and code found, the text to compare with the seal."""

    file: str
    seal: ParsedSeal | None
    by_code: bool
    content: str | None


def add_parser(subparsers: Subparsers) -> None:
    """Add `verify`."""
    parser = add_command(
        subparsers, "verify", run, text="say who sent a message, and whether it is unchanged", examples=_EXAMPLES
    )
    parser.add_argument("file", metavar="FILE", help="the message's text, a seal, or a code; - for standard input")
    beside = parser.add_mutually_exclusive_group()
    beside.add_argument("--content", metavar="FILE", help="the message's text, where FILE is a seal or code")
    beside.add_argument("--seal", metavar="FILE", help="the seal, where FILE is the message's text")
    add_recipient(parser)
    parser.add_argument("--link", action="append", metavar="HREF", help="a link's target; repeat for every link")
    parser.add_argument("--attachment", action="append", metavar="FILE", help="an attachment; repeat for every one")
    parser.add_argument("--trust", metavar="FILE", help="work offline with this trust file (see: sigill trust)")
    parser.add_argument("--receipt", metavar="FILE", help="offline: the log's proof that came with the seal")
    parser.add_argument(
        "--status", action="append", metavar="FILE", help="offline: a status list (see: sigill status); may be repeated"
    )
    parser.add_argument("--evidence", metavar="FILE", help="offline: the evidence of its release, as the sender has it")
    parser.add_argument(
        "--log-policy", metavar="FILE", help="offline: the witnesses you trust; default: the trust file's"
    )
    add_url(parser)
    parser.add_argument("--language", choices=spelled(Language), help="default: from LC_ALL, LC_MESSAGES or LANG")
    parser.add_argument("--json", action="store_true", help="print the report as JSON")


def run(arguments: argparse.Namespace) -> int:
    """Verify and show the answer; returns its exit code."""
    language = Language(arguments.language) if arguments.language else default_language()
    speech = words(language)
    _check_usage(arguments)
    brought = _read(arguments)
    verdict = _offline(brought, arguments, speech) if arguments.trust else _ask(brought, arguments, language)
    if arguments.json:
        say_json(verdict)
    else:
        say(*verdict_lines(verdict, speech))
    return _EXITS[verdict["answer"]]


def _check_usage(arguments: argparse.Namespace) -> None:
    if arguments.receipt and not arguments.trust:
        raise Stop("--receipt is for work offline. Give --trust too, or leave it out: the service has the proof.")
    if arguments.status and not arguments.trust:
        raise Stop("--status is for work offline. Give --trust too, or leave it out: the service knows better.")
    if arguments.log_policy and not arguments.trust:
        raise Stop("--log-policy is for work offline. Give --trust and --receipt too.")
    if arguments.trust and arguments.url:
        raise Stop("--trust works offline, --url asks the service. Give one of them.")
    if arguments.evidence and not arguments.trust:
        raise Stop("--evidence is for work offline. Give --trust too, or leave it out: the service checks its own.")
    lists = arguments.status or ()
    named = (arguments.file, arguments.content, arguments.seal, arguments.trust, arguments.receipt)
    check_one_stdin(*named, arguments.log_policy, arguments.evidence, *lists)


def _read(arguments: argparse.Namespace) -> _Brought:
    text = arguments.file if _is_code(arguments.file) else read_text(arguments.file)
    if not text.strip():
        raise Stop("There is nothing in FILE. Give the message's text, a seal or a code.")
    given = None if arguments.content is None else read_text(arguments.content)
    if arguments.seal is not None:
        return _bounded(_Brought(text, _parse(read_seal(arguments.seal)), by_code=False, content=text))
    if _looks_like_a_seal(text):
        return _bounded(_Brought(text, _parse(text.strip()), by_code=False, content=given))
    found = find_in_text(text)
    content = found.text if given is None else given
    return _bounded(_Brought(text, found.seal, by_code=bool(found.codes), content=content))


def _is_code(argument: str) -> bool:
    """Whether the argument is a code as printed, and no file is called so."""
    found = find_in_text(argument)
    return found.text is None and bool(found.codes) and "/" not in argument and not Path(argument).exists()


def _looks_like_a_seal(text: str) -> bool:
    bare = text.strip()
    return bare.startswith("eyJ") and len(bare.split()) == 1 and "." in bare


def _parse(text: str) -> ParsedSeal:
    try:
        return parse_seal(text)
    except MalformedSeal as error:
        raise Stop(
            f"This is not a whole seal: {error}. Copy it again, from its first character to its last ~."
        ) from error


def _own_hosts(trust: Trust) -> frozenset[str]:
    return frozenset(urlsplit(url).netloc.lower() for url in (trust.issuer, *(log.url for log in trust.logs.values())))


def _bounded(brought: _Brought) -> _Brought:
    if len((brought.content or "").encode("utf-8")) > MAX_TEXT_BYTES:
        raise Stop(f"The text is longer than {MAX_TEXT_BYTES} bytes. Give the message alone.")
    return brought


def _offline(brought: _Brought, arguments: argparse.Namespace, speech: Words) -> dict[str, Any]:
    trust = read_trust(arguments.trust)
    receipt = None if arguments.receipt is None else read_text(arguments.receipt)
    if brought.seal is None and brought.by_code:
        raise Stop(
            "The message carries a code, and only the service knows its seal. "
            "Give the seal with --seal, or leave out --trust to ask the service.",
            code=Exit.CANNOT_SAY,
        )
    report = _judge(brought, arguments, trust, receipt)
    return describe_report(report, speech, trust=trust, receipt=receipt)


def _judge(brought: _Brought, arguments: argparse.Namespace, trust: Trust, receipt: str | None) -> Report:
    address = address_of(arguments)
    presented = Presented(
        text=brought.content,
        links=_links(arguments),
        files=_files(arguments),
        recipient=None if address is None else (address.kind, address.normalised),
        foreign_link=has_foreign_link(brought.content or "", _own_hosts(trust)),
    )
    if brought.seal is None:
        return report_without_seal(Reason.UNSIGNED)
    evidence = Evidence(
        presented=presented,
        trust=trust,
        opener=BroughtOpener(brought.seal),
        log=LogEvidence(receipt),
        at=datetime.now(UTC),
        status=StatusEvidence(tuple(_status_list(name) for name in arguments.status or ())),
        log_policy=None if arguments.log_policy is None else read_log_policy(arguments.log_policy),
        release=None if arguments.evidence is None else _release(arguments.evidence),
    )
    return judge_seal(brought.seal, evidence)


def _release(name: str) -> bytes:
    return read_text(name, max_bytes=MAX_EVIDENCE_BYTES + 1).removesuffix("\n").encode("utf-8")


def _status_list(name: str) -> ParsedStatusList:
    try:
        return parse_status_list(read_text(name, max_bytes=MAX_TOKEN_BYTES).strip())
    except MalformedStatusList as error:
        raise Stop(f"The status list cannot be used: {error}. Fetch it again: sigill status SEAL --out FILE") from error


def _ask(brought: _Brought, arguments: argparse.Namespace, language: Language) -> Mapping[str, Any]:
    address_of(arguments)  # a recipient that cannot be read is said before anything is sent
    beside: dict[str, Any] = {
        "content": brought.content if arguments.content or arguments.seal else None,
        "recipient": recipient_of(arguments),
        "links": _links(arguments),
        "files": _files(arguments),
        "language": language.value,
    }
    beside = {name: value for name, value in beside.items() if value is not None}
    client = connect(arguments)
    if arguments.seal and brought.seal is not None:
        return client.verify(seal=format_seal(brought.seal.jws.text, brought.seal.disclosures), **beside).members
    return client.verify(text=brought.file, **beside).members


def _links(arguments: argparse.Namespace) -> tuple[str, ...] | None:
    if arguments.link is None:
        return None
    try:
        return tuple(format_base64url(link_hash(target)) for target in arguments.link)
    except MalformedHtml as error:
        raise Stop(f"A link cannot be read: {error}.") from error


def _files(arguments: argparse.Namespace) -> tuple[str, ...] | None:
    return None if arguments.attachment is None else tuple(hash_attachment(name) for name in arguments.attachment)
