"""Public keys as authenticators give them: a COSE_Key (RFC 9052 section 7) in CBOR (RFC 8949), of three kinds.

| kty | alg | signature (WebAuthn level 3, section 6.5.5) |
|---|---|---|
| 2 EC2, curve 1 (P-256) | -7 ES256 | ECDSA over SHA-256, in DER |
| 1 OKP, curve 6 (Ed25519) | -8 EdDSA | 64 bytes |
| 3 RSA, 2048 to 4096 bits | -257 RS256 | PKCS #1 v1.5 over SHA-256 |

The reader knows one flat map of small integers to integers and byte strings, in shortest form, and nothing else of
CBOR: there is nothing to nest, and no length that is believed before it is there.
"""

from dataclasses import dataclass
from typing import Final, TypeAlias

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa

from sigill.errors import SignatureInvalid
from sigill.presence.errors import MalformedRelease

MAX_KEY_BYTES: Final = 1024
RSA_BITS: Final = (2048, 4096)
ES256: Final = -7
EDDSA: Final = -8
RS256: Final = -257
_MAX_MEMBERS: Final = 8
_MAP, _BYTES, _UNSIGNED, _NEGATIVE = 5, 2, 0, 1
_WIDTHS: Final = {24: 1, 25: 2, 26: 4}
_LEAST: Final = {24: 24, 25: 1 << 8, 26: 1 << 16}
_KTY, _ALG, _CRV, _X, _Y = 1, 3, -1, -2, -3
_N, _E = -1, -2
_EXPONENT: Final = 65537
_SCALAR_BYTES: Final = 32
_EC2, _OKP, _RSA = 2, 1, 3

AnyKey: TypeAlias = "ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey | rsa.RSAPublicKey"
_Value: TypeAlias = "int | bytes"


@dataclass(frozen=True, slots=True)
class CoseKey:
    """A key with the one algorithm it signs by (an IANA COSE number)."""

    alg: int
    key: AnyKey

    def verify(self, *, signature: bytes, message: bytes) -> None:
        """Verify an authenticator's signature. Raises SignatureInvalid."""
        try:
            match self.key:
                case ec.EllipticCurvePublicKey():
                    self.key.verify(signature, message, ec.ECDSA(hashes.SHA256()))
                case ed25519.Ed25519PublicKey():
                    self.key.verify(signature, message)
                case _:
                    self.key.verify(signature, message, padding.PKCS1v15(), hashes.SHA256())
        except InvalidSignature:
            raise SignatureInvalid("the signature does not verify") from None


def parse_cose_key(data: bytes) -> CoseKey:
    """Read a COSE_Key of at most 1024 bytes. Raises MalformedRelease."""
    members = _read_map(data)
    match members.get(_KTY), members.get(_ALG):
        case (2, -7) if members.keys() == {_KTY, _ALG, _CRV, _X, _Y} and members[_CRV] == 1:
            return CoseKey(ES256, _p256(_scalar(members[_X]), _scalar(members[_Y])))
        case (1, -8) if members.keys() == {_KTY, _ALG, _CRV, _X} and members[_CRV] == 6:  # noqa: PLR2004 - Ed25519
            return CoseKey(EDDSA, ed25519.Ed25519PublicKey.from_public_bytes(_scalar(members[_X])))
        case (3, -257) if members.keys() == {_KTY, _ALG, _N, _E}:
            return CoseKey(RS256, _rsa(members[_N], members[_E]))
        case _:
            raise MalformedRelease("a passkey's key is ES256 (P-256), EdDSA (Ed25519) or RS256, with no other members")


def _read_map(data: bytes) -> dict[int, _Value]:
    if len(data) > MAX_KEY_BYTES:
        raise MalformedRelease(f"a COSE key of {len(data)} bytes; at most {MAX_KEY_BYTES} are read")
    major, count, place = _head(data, 0)
    if major != _MAP or count > _MAX_MEMBERS:
        raise MalformedRelease("a COSE key is a map of a few members")
    members: dict[int, _Value] = {}
    for _ in range(count):
        name, place = _item(data, place)
        value, place = _item(data, place)
        if not isinstance(name, int) or name in members:
            raise MalformedRelease("a COSE key's members have different numbers as names")
        members[name] = value
    if place != len(data):
        raise MalformedRelease("bytes after a COSE key")
    return members


def _item(data: bytes, place: int) -> tuple[_Value, int]:
    major, argument, place = _head(data, place)
    match major:
        case 0:
            return argument, place
        case 1:
            return -1 - argument, place
        case 2 if argument <= len(data) - place:
            return data[place : place + argument], place + argument
        case _:
            raise MalformedRelease("a COSE key's members are integers and byte strings")


def _head(data: bytes, place: int) -> tuple[int, int, int]:
    """Return the major type, the argument in its shortest form, and where it ends (RFC 8949 section 3)."""
    if place >= len(data):
        raise MalformedRelease("a COSE key that is cut off")
    major, short = divmod(data[place], 32)
    width = _WIDTHS.get(short, 0)
    if short > max(_WIDTHS) or len(data) - place - 1 < width:
        raise MalformedRelease("a COSE key that is cut off, or a number that is too long")
    if not width:
        return major, short, place + 1
    argument = int.from_bytes(data[place + 1 : place + 1 + width], "big")
    if argument < _LEAST[short]:
        raise MalformedRelease("a number of CBOR has its shortest form")
    return major, argument, place + 1 + width


def _scalar(value: _Value) -> bytes:
    if not isinstance(value, bytes) or len(value) != _SCALAR_BYTES:
        raise MalformedRelease("a coordinate of a key has 32 bytes")
    return value


def _p256(x: bytes, y: bytes) -> ec.EllipticCurvePublicKey:
    numbers = ec.EllipticCurvePublicNumbers(int.from_bytes(x, "big"), int.from_bytes(y, "big"), ec.SECP256R1())
    try:
        return numbers.public_key()
    except ValueError:
        raise MalformedRelease("x and y are no point on P-256") from None


def _rsa(n: _Value, e: _Value) -> rsa.RSAPublicKey:
    if not isinstance(n, bytes) or not isinstance(e, bytes):
        raise MalformedRelease("an RSA key is two byte strings")
    modulus, (low, high) = int.from_bytes(n, "big"), RSA_BITS
    if not low <= modulus.bit_length() <= high or not modulus % 2 or int.from_bytes(e, "big") != _EXPONENT:
        raise MalformedRelease(f"an RSA key has an odd modulus of {low} to {high} bits and the exponent 65537")
    return rsa.RSAPublicNumbers(_EXPONENT, modulus).public_key()
