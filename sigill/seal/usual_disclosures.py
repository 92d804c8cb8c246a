"""Reading all disclosures of a seal at once: seven forms, in the order in which they are written.

`parse_disclosure` says what a disclosure means. What stands here finds the same in disclosures that need no closer
look: canonical JSON (RFC 8785) of one of the forms below, no character escaped. Whatever does not fit is left to
`parse_disclosure`; tests hold the two to each other.
"""

import hashlib
import re
from binascii import b2a_base64
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Final

from sigill.encoding.base64url import TO_URL_SAFE, parse_base64url
from sigill.encoding.strict_json import format_canonical_json, parse_json
from sigill.errors import MalformedEncoding, MalformedSeal
from sigill.seal.disclosures import MAX_DISCLOSURE_BYTES, MAX_HASHES, Disclosure, Name, check_value

_SALT: Final = "([A-Za-z0-9_-]{21}[AQgw])"
_HASH: Final = "[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]"
_HASHES: Final = rf'\[((?:"{_HASH}"(?:,"{_HASH}"){{0,{MAX_HASHES - 1}}})?)\]'
_FORMS: Final = (
    rf'"msg",\{{"canon":"nu1","h":"({_HASH})"\}}',
    rf'"msgx",\{{"hx":"({_HASH})","n":(0|[1-9][0-9]{{0,14}})\}}',
    rf'"links",{_HASHES}',
    rf'"files",{_HASHES}',
    rf'"rcp_open",\{{"h":"({_HASH})","t":"(tel|email|ref)"\}}',
    r'"dec",(\{[^\n]*\})',
    r'"agent",\{"ref":"([ !#-\[\]-~]{1,512})"\}',
)
_ALL: Final = re.compile("".join([rf'(?:\["{_SALT}",{form}\]\n)?' for form in _FORMS]) + r"\Z")


def read_usual_disclosures(  # noqa: C901 - one branch for each of the seven forms
    texts: Sequence[str],
) -> tuple[Disclosure, ...] | None:
    """Return what `parse_disclosure` makes of each text; None where one is unusual, repeated, or not well-formed."""
    if not texts:
        return ()
    try:
        lines = b"\n".join([*map(parse_base64url, texts), b""]).decode("utf-8")
    except (MalformedEncoding, UnicodeDecodeError):
        return None
    found = _ALL.match(lines)
    if found is None or lines.count("\n") != len(texts) or max(map(len, texts)) > MAX_DISCLOSURE_BYTES:
        return None
    (
        msg, h, msgx, hx, n, links, targets, files, attachments, rcp, address, kind, dec, decision, agent, ref,
    ) = found.groups()  # fmt: skip
    digest = iter(_digests_of(texts))
    text = iter(texts)
    read: list[Disclosure] = []
    if msg is not None:
        read.append(Disclosure(Name.MSG, {"canon": "nu1", "h": h}, msg, next(text), next(digest)))
    if msgx is not None:
        read.append(Disclosure(Name.MSGX, {"hx": hx, "n": int(n)}, msgx, next(text), next(digest)))
    if links is not None:
        read.append(Disclosure(Name.LINKS, _split(targets), links, next(text), next(digest)))
    if files is not None:
        read.append(Disclosure(Name.FILES, _split(attachments), files, next(text), next(digest)))
    if rcp is not None:
        read.append(Disclosure(Name.RCP_OPEN, {"h": address, "t": kind}, rcp, next(text), next(digest)))
    if dec is not None:
        value = _read_decision(decision)
        if value is None:
            return None
        read.append(Disclosure(Name.DEC, value, dec, next(text), next(digest)))
    if agent is not None:
        read.append(Disclosure(Name.AGENT, {"ref": ref}, agent, next(text), next(digest)))
    return tuple(read)


def _split(hashes: str) -> list[str]:
    return hashes[1:-1].split('","') if hashes else []


@lru_cache(maxsize=256)  # an operator's decisions are few
def _read_decision(text: str) -> Any | None:  # noqa: ANN401 - a JSON object, which nobody changes
    data = text.encode("utf-8")
    try:
        value = parse_json(data, max_bytes=MAX_DISCLOSURE_BYTES)
        check_value(Name.DEC, value)
        return value if format_canonical_json(value) == data else None
    except (MalformedEncoding, MalformedSeal):
        return None


def _digests_of(texts: Sequence[str]) -> list[str]:
    """Return what `digest_of` returns for each text."""
    raw = [b2a_base64(hashlib.sha256(text.encode("ascii")).digest(), newline=False) for text in texts]
    return b"~".join(raw).translate(TO_URL_SAFE, b"=").decode("ascii").split("~")
