"""Finding the seal, or the codes of some, in a pasted text. Pure.

Looked for in this order: a whole seal, nothing but a code or a link, an invisible carrier, a line `Sigill <code>` or
a link anywhere (a quoted mail has it in its middle).
"""

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Final

from sigill.errors import MalformedCode, MalformedSeal
from sigill.seal.token import ParsedSeal, parse_seal
from sigill.text.carrier import find_carriers
from sigill.text.codes import Code, parse_code

MAX_CODES: Final = 3
_GROUP: Final = "[0-9A-Za-z]{4}"
# A seal begins where a run of its symbols begins: otherwise "eyJeyJeyJ…" would be read once for every "eyJ" in it.
_BEGIN: Final = r"(?<![A-Za-z0-9_-])eyJ[A-Za-z0-9_-]{20,}+\."
_SEAL: Final = re.compile(_BEGIN + r"[A-Za-z0-9_-]++\.[A-Za-z0-9_-]{86}~(?:[A-Za-z0-9_-]++~)*+")
_CODE: Final = re.compile(
    rf"(?:\bSigill:?[ \t]+|/s/)({_GROUP}[- ]?{_GROUP}[- ]?{_GROUP})(?![0-9A-Za-z])", re.IGNORECASE
)
_LOOKS_LIKE_A_SEAL: Final = re.compile(_BEGIN + r"[A-Za-z0-9_-]{20}")
_ONLY_CODE: Final = re.compile(rf"\s*(?:Sigill:?\s+)?{_GROUP}[-\s]?{_GROUP}[-\s]?{_GROUP}\s*\Z", re.IGNORECASE)
_SEAL_LINK: Final = re.compile(
    rf"https?://([^/\s]{{1,300}})/s/{_GROUP}-?{_GROUP}-?{_GROUP}(?![0-9A-Za-z])", re.IGNORECASE
)
_NEARLY_CODE: Final = re.compile(r"\s*(?=[^\s]*[0-9])(?=[^\s]*-)[0-9A-Za-z?*-]{6,18}\s*\Z")
_ONLY_LINK: Final = re.compile(r"\s*https?://[^/\s]+/s/([0-9A-Za-z-]{12,14})/?\s*\Z")


@dataclass(frozen=True, slots=True)
class Found:
    """A seal, or codes to look one up by, or neither; `text` is what there is to compare with it, None if nothing.

    A thread of mails carries several codes: all of them, in the order they stand, at most `MAX_CODES`. `broken` says
    that something looks like a seal and cannot be read.
    """

    seal: ParsedSeal | None = None
    codes: tuple[Code, ...] = ()
    text: str | None = None
    broken: bool = False


def find_in_text(text: str) -> Found:
    """Find a seal or codes in `text`. What cannot be one is passed over: an ill-formed seal is none. Total."""
    found = _find_seal(text)
    if found is not None:
        return found
    link = _ONLY_LINK.match(text)
    if link is not None:
        return Found(codes=_codes([link[1]]))
    # Three words of four letters are no code; one in a hundred codes has no digit, and is told by its hyphens.
    if _ONLY_CODE.match(text) and any(symbol.isdigit() or symbol == "-" for symbol in text):
        return Found(codes=_codes([re.sub(r"\A\s*sigill:?\s+", "", text, flags=re.IGNORECASE)]))
    if _NEARLY_CODE.match(text):
        return Found()  # a mistyped code, not a message
    hidden = [code for code, _, _ in find_carriers(text)]
    codes = tuple(dict.fromkeys([*hidden, *_codes(item[1] for item in _CODE.finditer(text))]))[:MAX_CODES]
    return Found(codes=codes, text=text, broken=not codes and _LOOKS_LIKE_A_SEAL.search(text) is not None)


def has_foreign_link(text: str, own_hosts: Collection[str]) -> bool:
    """Tell whether a link to a seal (`https://…/s/<code>`) in `text` leads to a host that is not the guarantor's.

    `nu1` leaves such a line out whatever its host, so a fraudster could put his own page beside a real message.
    """
    return any(host.lower() not in own_hosts for host in _SEAL_LINK.findall(text))


def _find_seal(text: str) -> Found | None:
    for match in _SEAL.finditer(text):
        try:
            seal = parse_seal(match[0])
        except MalformedSeal:
            continue
        rest = text[: match.start()] + text[match.end() :]
        return Found(seal=seal, text=rest if rest.strip() else None)
    return None


def _codes(typed: Iterable[str]) -> tuple[Code, ...]:
    return tuple(code for item in typed if (code := _read(item)) is not None)


def _read(typed: str) -> Code | None:
    try:
        return parse_code(typed)
    except MalformedCode:
        return None
