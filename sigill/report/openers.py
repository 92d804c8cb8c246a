"""Opening what a seal hides: by the disclosures that came along, or by the guarantor's own salts.

Both answer three ways: it is this value (True), it is another one (False), or it cannot be told (None).
"""

from collections.abc import Iterable
from functools import cached_property
from typing import Final, Protocol

from sigill.encoding.base64url import format_base64url, parse_base64url
from sigill.encoding.strict_json import Json
from sigill.seal.claims import SealClaims
from sigill.seal.disclosures import AddressType, Disclosure, Name, derive_salt, digest_of, make_decoys, make_disclosure
from sigill.seal.recipient import commit_recipient, open_recipient
from sigill.seal.token import ParsedSeal

_AFTER_HASH: Final = b'"}]'


class Opener(Protocol):
    """Compares a value brought to the check with what the seal covers."""

    def matches(self, name: Name, value: Json) -> bool | None:
        """Tell whether the seal covers `value` under `name`."""

    def recipient_matches(self, kind: AddressType, address: str) -> bool | None:
        """Tell whether the seal is bound to this normalised address."""

    def shown(self, name: Name, value: Json) -> Disclosure | None:
        """Return the disclosure of a value that matched, to hand to whoever brought it."""

    def covers_text(self, h: str) -> bool:
        """Tell whether the seal's text has the base64url hash `h`: `matches` on `msg`, quick enough for thousands."""


class BroughtOpener:
    """Works offline, with the disclosures that came with the seal."""

    def __init__(self, seal: ParsedSeal) -> None:
        self._seal = seal

    def matches(self, name: Name, value: Json) -> bool | None:
        """Compare with the disclosure called `name`; None where the holder left it out."""
        disclosure = self._seal.disclosed(name)
        return None if disclosure is None else bool(disclosure.value == value)

    def recipient_matches(self, kind: AddressType, address: str) -> bool | None:
        """Compare with `rcp_open`; None where the holder left it out."""
        disclosure = self._seal.disclosed(Name.RCP_OPEN)
        if disclosure is None:
            return None
        return bool(disclosure.value == open_recipient(disclosure.salt, kind=kind, address=address))

    def shown(self, name: Name, value: Json) -> Disclosure | None:
        """Return the disclosure that came along, if it holds `value`."""
        disclosure = self._seal.disclosed(name)
        return disclosure if disclosure is not None and disclosure.value == value else None

    def covers_text(self, h: str) -> bool:
        """Compare with the disclosure of the text; False where the holder left it out."""
        return self.matches(Name.MSG, {"canon": "nu1", "h": h}) is True


class DerivingOpener:
    """The guarantor's: computes what the disclosure would be from the month's salt key. Stores nothing.

    Of the month's keys (it has several after a rotation) one is the seal's. None is where the key was remade after a
    loss: then only the disclosures that came along are opened. `_sd` has eight digests and there are seven
    disclosures, so the first decoy always stands in it and proves the key.
    """

    def __init__(self, seal: ParsedSeal, *, salt_keys: Iterable[bytes]) -> None:
        self._brought = BroughtOpener(seal)
        self._claims = seal.claims
        self._salt_key = next((key for key in salt_keys if _is_of_seal(key, seal.claims)), b"")
        self._is_of_seal = bool(self._salt_key)
        self._salts: dict[Name, bytes] = {}

    def matches(self, name: Name, value: Json) -> bool | None:
        """Tell whether the digest of `value` under its derived salt stands in `_sd`."""
        if not self._is_of_seal:
            return self._brought.matches(name, value)
        return self._disclosure(name, value).digest in self._claims.sd

    def recipient_matches(self, kind: AddressType, address: str) -> bool | None:
        """Compute `rcp` for the address and compare."""
        if not self._is_of_seal:
            return self._brought.recipient_matches(kind, address)
        rcp = commit_recipient(self._salt_key, jti=self._claims.jti, kind=kind, address=address)
        return rcp == self._claims.rcp

    def shown(self, name: Name, value: Json) -> Disclosure | None:
        """Return the derived disclosure if it belongs to the seal."""
        if not self._is_of_seal:
            return self._brought.shown(name, value)
        disclosure = self._disclosure(name, value)
        return disclosure if disclosure.digest in self._claims.sd else None

    def covers_text(self, h: str) -> bool:
        """Derive the digest from the text's disclosure for an empty hash, which `h` is put into."""
        if not self._is_of_seal:
            return self._brought.covers_text(h)
        begin, end = self._text_template
        return digest_of(format_base64url(begin + h.encode("ascii") + end)) in self._claims.sd

    @cached_property
    def _text_template(self) -> tuple[bytes, bytes]:
        encoded = parse_base64url(self._disclosure(Name.MSG, {"canon": "nu1", "h": ""}).text)
        return encoded[: -len(_AFTER_HASH)], _AFTER_HASH

    def _disclosure(self, name: Name, value: Json) -> Disclosure:
        if name not in self._salts:
            self._salts[name] = derive_salt(self._salt_key, jti=self._claims.jti, name=name.value)
        return make_disclosure(name, value, salt=self._salts[name])


def _is_of_seal(salt_key: bytes, claims: SealClaims) -> bool:
    return make_decoys(salt_key, jti=claims.jti, count=1)[0] in claims.sd
