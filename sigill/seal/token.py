"""A whole seal: `<JWS>~<disclosure>~…~`, an SD-JWT without key binding (RFC 9901 section 4).

A holder may leave disclosures out; the text always ends in `~`. `parse_seal` says well-formed, never trusted:
trust is `sigill.report`'s.
"""

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from sigill.encoding.base64url import format_base64url
from sigill.errors import MalformedSeal
from sigill.keys.p256 import Signer
from sigill.seal.claims import DIGESTS, SealClaims, format_claims, parse_claims
from sigill.seal.disclosures import Disclosure, Name, make_decoys, parse_disclosure
from sigill.seal.jws import CompactJws, parse_jws, read_usual_jws, sign_jws
from sigill.seal.usual_claims import read_usual_claims
from sigill.seal.usual_disclosures import read_usual_disclosures

TYP: Final = "ai-disclosure+sd-jwt"
MAX_SEAL_BYTES: Final = 65_536


@dataclass(frozen=True, slots=True)
class ParsedSeal:
    """Well-formed, not trusted: the JWS, its claims, and the disclosures that came along."""

    jws: CompactJws
    claims: SealClaims
    disclosures: tuple[Disclosure, ...]

    def disclosed(self, name: Name) -> Disclosure | None:
        """Return the disclosure called `name`, or None where the holder left it out."""
        for item in self.disclosures:
            if item.name is name:
                return item
        return None


def parse_seal(text: str) -> ParsedSeal:
    """Read a seal strictly. Raises MalformedSeal saying what is wrong (RFC 9901 section 7.1 and more)."""
    if len(text) > MAX_SEAL_BYTES:
        raise MalformedSeal(f"a seal of {len(text)} characters; at most {MAX_SEAL_BYTES} are read")
    if not text.isascii():
        raise MalformedSeal("a seal is ASCII")
    if "~" not in text:
        raise MalformedSeal("a seal ends in ~; perhaps only a part of it was copied")
    jws_text, *disclosure_texts, after = text.split("~")
    if after:
        raise MalformedSeal("a seal ends in ~ and carries no key-binding token")
    if len(disclosure_texts) > len(Name):
        raise MalformedSeal(f"a seal has at most {len(Name)} disclosures")
    jws, claims = _read_usual(jws_text) or _read_exactly(jws_text)
    disclosures = read_usual_disclosures(disclosure_texts) or tuple(map(parse_disclosure, disclosure_texts))
    _check_references(claims, disclosures)
    return ParsedSeal(jws, claims, disclosures)


def format_seal(jws_text: str, disclosures: Iterable[Disclosure]) -> str:
    """Return the wire form of a JWS and the disclosures to show; inverse of `parse_seal`."""
    return "~".join([jws_text, *(item.text for item in disclosures), ""])


def jws_hash(jws_text: str) -> bytes:
    """Return the SHA-256 of a JWS's ASCII: what the log's leaf and the next message's `prev` hold."""
    return hashlib.sha256(jws_text.encode("ascii")).digest()


def digests_of(disclosures: Iterable[Disclosure], *, salt_key: bytes, jti: str) -> tuple[str, ...]:
    """Return the sorted `_sd`: the disclosures' digests filled up to eight with decoys."""
    real = [item.digest for item in disclosures]
    return tuple(sorted(real + make_decoys(salt_key, jti=jti, count=DIGESTS - len(real))))


def sign_seal(claims: SealClaims, *, signer: Signer) -> str:
    """Return the signed JWS of `claims`, without disclosures."""
    return sign_jws(format_claims(claims), typ=TYP, signer=signer)


def keep(seal: ParsedSeal, wanted: Callable[[Disclosure], bool]) -> str:
    """Return the seal with only the `wanted` disclosures, as a holder may (RFC 9901 section 7.2)."""
    return format_seal(seal.jws.text, (item for item in seal.disclosures if wanted(item)))


def previous_hash(jws_text: str) -> str:
    """Return `prev` for the message after this one."""
    return format_base64url(jws_hash(jws_text))


def _read_usual(jws_text: str) -> tuple[CompactJws, SealClaims] | None:
    jws = read_usual_jws(jws_text, typ=TYP)
    claims = None if jws is None else read_usual_claims(jws.encoded_payload)
    return None if jws is None or claims is None else (jws, claims)


def _read_exactly(jws_text: str) -> tuple[CompactJws, SealClaims]:
    jws = parse_jws(jws_text, typ=TYP)
    return jws, parse_claims(jws.payload)


def _check_references(claims: SealClaims, disclosures: tuple[Disclosure, ...]) -> None:
    if len({item.name for item in disclosures}) != len(disclosures):
        raise MalformedSeal("a disclosure is repeated")
    foreign = {item.digest for item in disclosures}.difference(claims.sd)
    for item in disclosures if foreign else ():
        if item.digest in foreign:
            raise MalformedSeal(f"the disclosure {item.name} does not belong to this seal")
