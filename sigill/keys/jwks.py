"""Published P-256 keys: a JWKS (RFC 7517) with validity, e.g.

    {"keys": [{"kty": "EC", "crv": "P-256", "x": "…", "y": "…", "kid": "<RFC 7638>", "alg": "ES256", "use": "sig",
               "typ": "ai-disclosure+sd-jwt", "nbf": 1795305600, "exp": 1858377600}]}

`typ` binds a key to one kind of token; `nbf` and `exp` say when it may sign; `compromised_at` since when it is not
believed (Unix seconds). Foreign libraries skip members they do not know, so any of them can use the set.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric import ec

from sigill.encoding.base64url import format_base64url, parse_base64url
from sigill.encoding.strict_json import Json, format_canonical_json
from sigill.errors import MalformedEncoding, MalformedKey

MAX_KEYS: Final = 100
_COORDINATE_BYTES: Final = 32
_MAX_UNIX_S: Final = 253_402_300_799  # the end of the year 9999


@dataclass(frozen=True, slots=True)
class PublishedKey:
    """One verification key: who it is, what it may sign, and when (`[valid_from, valid_until)`, UTC)."""

    kid: str
    typ: str
    public_key: ec.EllipticCurvePublicKey
    valid_from: datetime
    valid_until: datetime
    compromised_at: datetime | None = None


def thumbprint(key: ec.EllipticCurvePublicKey) -> str:
    """Return the RFC 7638 SHA-256 thumbprint of a P-256 key, base64url."""
    x, y = _coordinates(key)
    members: Json = {"crv": "P-256", "kty": "EC", "x": x, "y": y}
    return format_base64url(hashlib.sha256(format_canonical_json(members)).digest())


def format_jwks(keys: Iterable[PublishedKey]) -> dict[str, Any]:
    """Return the JWKS of `keys` as a JSON-able value; inverse of `parse_jwks`."""
    return {"keys": [_format_jwk(key) for key in keys]}


def parse_jwks(value: object) -> tuple[PublishedKey, ...]:
    """Read a JWKS of Sigill's own form. Raises MalformedKey: a set read halfway would trust by accident."""
    if not isinstance(value, Mapping) or not isinstance(value.get("keys"), list):
        raise MalformedKey('a JWKS is an object with an array "keys"')
    entries = value["keys"]
    if len(entries) > MAX_KEYS:
        raise MalformedKey(f"a JWKS of {len(entries)} keys; at most {MAX_KEYS} are read")
    keys = tuple(_parse_jwk(entry) for entry in entries)
    if len({key.kid for key in keys}) != len(keys):
        raise MalformedKey("a kid appears twice in the JWKS")
    return keys


def _coordinates(key: ec.EllipticCurvePublicKey) -> tuple[str, str]:
    numbers = key.public_numbers()
    x, y = (format_base64url(number.to_bytes(_COORDINATE_BYTES, "big")) for number in (numbers.x, numbers.y))
    return x, y


def _format_jwk(key: PublishedKey) -> dict[str, Any]:
    x, y = _coordinates(key.public_key)
    jwk: dict[str, Any] = {
        "kty": "EC",
        "crv": "P-256",
        "x": x,
        "y": y,
        "kid": key.kid,
        "alg": "ES256",
        "use": "sig",
        "typ": key.typ,
        "nbf": int(key.valid_from.timestamp()),
        "exp": int(key.valid_until.timestamp()),
    }
    if key.compromised_at is not None:
        jwk["compromised_at"] = int(key.compromised_at.timestamp())
    return jwk


def _parse_jwk(entry: object) -> PublishedKey:
    if not isinstance(entry, Mapping):
        raise MalformedKey("a key of a JWKS is an object")
    if (entry.get("kty"), entry.get("crv"), entry.get("alg")) != ("EC", "P-256", "ES256"):
        raise MalformedKey("a key that is not EC P-256 for ES256")
    if entry.get("use") != "sig":
        raise MalformedKey('a key that is not for signatures ("use": "sig")')
    if "d" in entry:
        raise MalformedKey("a private key where a public one belongs")
    public_key = _public_key(entry)
    kid = entry.get("kid")
    typ = entry.get("typ")
    if kid != thumbprint(public_key):
        raise MalformedKey("a kid that is not its key's RFC 7638 thumbprint")
    if not isinstance(typ, str) or not typ:
        raise MalformedKey("a key without the token type (typ) it may sign")
    compromised = entry.get("compromised_at")
    key = PublishedKey(
        kid=str(kid),
        typ=typ,
        public_key=public_key,
        valid_from=_time(entry.get("nbf"), "nbf"),
        valid_until=_time(entry.get("exp"), "exp"),
        compromised_at=None if compromised is None else _time(compromised, "compromised_at"),
    )
    if key.valid_from >= key.valid_until:
        raise MalformedKey("a key that ends before it begins")
    return key


def _public_key(entry: Mapping[str, Any]) -> ec.EllipticCurvePublicKey:
    try:
        x, y = (parse_base64url(entry[name]) for name in ("x", "y"))
    except (KeyError, TypeError, MalformedEncoding):
        raise MalformedKey("x and y are base64url") from None
    if len(x) != _COORDINATE_BYTES or len(y) != _COORDINATE_BYTES:
        raise MalformedKey("x and y are 32 bytes each")
    numbers = ec.EllipticCurvePublicNumbers(int.from_bytes(x, "big"), int.from_bytes(y, "big"), ec.SECP256R1())
    try:
        return numbers.public_key()
    except ValueError:
        raise MalformedKey("a point that is not on P-256") from None


def _time(value: object, name: str) -> datetime:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= _MAX_UNIX_S:
        raise MalformedKey(f"{name} is a time in whole Unix seconds")
    return datetime.fromtimestamp(value, UTC)
