"""`sigill inspect`: what a seal, receipt, status list, trust file or code says. Nothing is verified, as it says."""

import argparse
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from sigill.cli.arguments import Subparsers, add_command
from sigill.cli.exits import Exit, Stop
from sigill.cli.files import read_text
from sigill.cli.show import harmless, say, say_json
from sigill.errors import MalformedKey, MalformedNote, MalformedSeal, MalformedStatusList
from sigill.report.find import find_in_text
from sigill.report.trust import MAX_TRUST_BYTES, format_trust, parse_trust
from sigill.seal.claims import format_claims
from sigill.seal.token import ParsedSeal, parse_seal
from sigill.status.token import parse_status_list
from sigill.text.codes import format_code
from sigill.tlog.checkpoint import parse_checkpoint
from sigill.tlog.note import parse_note
from sigill.tlog.proof import HEADER, parse_proof

STATUS: Final = "well-formed, not verified"
_EXAMPLES: Final = """\
  sigill inspect seal.txt
  sigill inspect message.txt --json"""


def add_parser(subparsers: Subparsers) -> None:
    """Add `inspect`."""
    parser = add_command(
        subparsers,
        "inspect",
        run,
        text="show what a seal, receipt, status list, trust file or code says",
        examples=_EXAMPLES,
    )
    parser.add_argument("file", metavar="FILE", help="the file, or a text that carries a seal or code; - for stdin")
    parser.add_argument("--json", action="store_true", help="print it as JSON")


def run(arguments: argparse.Namespace) -> int:
    """Show one thing; returns 2 where it is none of them."""
    shown = inspect(read_text(arguments.file, max_bytes=MAX_TRUST_BYTES))
    if arguments.json:
        say_json(shown)
    else:
        say(f"{shown['kind']}: {STATUS}", *_lines({name: shown[name] for name in shown if name not in _HEAD}))
    return Exit.GENUINE


_HEAD: Final = ("kind", "status")


def inspect(text: str) -> dict[str, Any]:
    """Return what `text` holds: its kind, its status, and what it says. Raises Stop."""
    bare = text.strip()
    try:
        if bare.startswith(HEADER):
            return _receipt(text)
        if bare.startswith("{"):
            return _shape("trust file", format_trust(parse_trust(text.encode("utf-8"))))
        if bare.startswith("eyJ") and len(bare.split()) == 1:
            return _status_list(bare) or _seal(parse_seal(bare))
    except (MalformedNote, MalformedKey, MalformedSeal) as error:
        raise Stop(f"This is malformed: {error}. Get it again, whole.") from error
    found = find_in_text(text)
    if found.seal is not None:
        return _seal(found.seal)
    if found.codes:
        return _shape(
            "code", {"code": format_code(found.codes[0]), "says": "nothing by itself: the service knows its seal"}
        )
    raise Stop("This is no seal, receipt, status list, trust file or code, and carries none.")


def _seal(seal: ParsedSeal) -> dict[str, Any]:
    claims = format_claims(seal.claims)
    disclosed = {item.name.value: item.value for item in seal.disclosures}
    return _shape("seal", {"kid": seal.jws.kid, "claims": claims, "disclosures": disclosed})


def _status_list(text: str) -> dict[str, Any] | None:
    """Return what a status list says, None where it is none."""
    try:
        token = parse_status_list(text)
    except MalformedStatusList:
        return None
    found = token.list
    marked = int.from_bytes(found.packed, "big").bit_count() if found.bits == 1 else None
    return _shape(
        "status list",
        {
            "kid": token.kid,
            "uri": found.uri,
            "issued": found.iat.isoformat(),
            "expires": None if found.exp is None else found.exp.isoformat(),
            "ttl_s": found.ttl_s,
            "bits": found.bits,
            "places": len(found.packed) * 8 // found.bits,
            "withdrawn": marked,
        },
    )


def _receipt(text: str) -> dict[str, Any]:
    proof = parse_proof(text)
    note = parse_note(proof.checkpoint)
    checkpoint = parse_checkpoint(note.text)
    return _shape(
        "receipt",
        {
            "index": proof.index,
            "origin": checkpoint.origin,
            "size": checkpoint.size,
            "root": checkpoint.root.hex(),
            "path": [value.hex() for value in proof.path],
            "signed_by": [signature.name for signature in note.signatures],
        },
    )


def _shape(kind: str, says: Mapping[str, Any]) -> dict[str, Any]:
    return {"kind": kind, "status": STATUS, **says}


def _lines(value: Mapping[str, Any] | Sequence[Any], indent: str = "  ") -> Iterator[str]:
    """Yield nested members one to a line."""
    items = value.items() if isinstance(value, Mapping) else (("-", item) for item in value)
    for name, member in items:
        head = name if name == "-" else f"{harmless(name)}:"
        if isinstance(member, dict | list) and member:
            yield f"{indent}{head}"
            yield from _lines(member, indent + "  ")
        else:
            yield f"{indent}{head} {_plain(member)}"


def _plain(value: object) -> str:
    if isinstance(value, dict | list):
        return "none"
    return harmless(value)
