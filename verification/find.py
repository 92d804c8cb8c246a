"""Finding the seal in what was brought: a seal, a code, a link, or a text that may carry either. Pure."""

import re
from dataclasses import dataclass
from typing import Final

from sigill.errors import MalformedCode
from sigill.report.find import Found, find_in_text
from sigill.seal.token import parse_seal
from sigill.text.codes import Code, parse_code
from verification.errors import NothingToVerify

_LINK: Final = re.compile(r"(?:https?://[^/\s]+)?/s/([0-9A-Za-z -]{12,20})/?\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class Brought:
    """What a customer brought; exactly one of the four is given."""

    seal: str | None = None
    code: str | None = None
    link: str | None = None
    text: str | None = None


def find_seal(brought: Brought) -> Found:
    """Find the seal or code. Raises NothingToVerify, and MalformedSeal for a seal that was said to be one and is not.

    A code or link that cannot be one finds nothing: unknown and malformed codes look alike.
    """
    given = [item for item in (brought.seal, brought.code, brought.link, brought.text) if item is not None]
    if len(given) != 1:
        raise NothingToVerify(f"exactly one of seal, code, link and text is needed; this has {len(given)}")
    if brought.seal is not None:
        return Found(seal=parse_seal(brought.seal.strip()))
    if brought.code is not None:
        return Found(codes=_codes(brought.code))
    if brought.link is not None:
        match = _LINK.match(brought.link.strip())
        return Found(codes=_codes(match.group(1)) if match else ())
    return find_in_text(brought.text or "")


def _codes(text: str) -> tuple[Code, ...]:
    try:
        return (parse_code(text),)
    except MalformedCode:
        return ()
