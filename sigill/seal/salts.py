"""The salts of a seal, derived so that the service stores no disclosure and can still open every one.

    seed  = HMAC-SHA-256(the month's salt key, "salts1" ‖ LF ‖ jti)
    block = SHAKE256(seed): 16 bytes of salt for each disclosure, in the order of `NAMES`, then 32 for each decoy

Nobody without the key can tell the block from random bytes, and the output of SHAKE256 can be asked for at any length
(FIPS 202 section 6.2), so a seal costs one HMAC and one sponge however many salts it takes. A decoy is 32 bytes of the
block: as random as the digest of anything.
"""

import hashlib
from typing import Final

NAMES: Final = ("msg", "msgx", "links", "files", "rcp_open", "dec", "agent")
SALT_BYTES: Final = 16
DECOY_BYTES: Final = 32
DECOYS_BEGIN: Final = SALT_BYTES * len(NAMES)
_PLACES: Final = {name: SALT_BYTES * place for place, name in enumerate(NAMES)}
_BLOCK_BYTES: Final = 64
_INNER: Final = bytes(byte ^ 0x36 for byte in range(256))
_OUTER: Final = bytes(byte ^ 0x5C for byte in range(256))


class SaltKey:
    """A month's salt key of at most 64 bytes, ready to be used thousands of times. It has no representation of its own.

    `mac` is HMAC-SHA-256 (RFC 2104) with both pads hashed in advance; a test holds it to `hmac.digest`.
    """

    __slots__ = ("_inner", "_outer")

    def __init__(self, key: bytes) -> None:
        if len(key) > _BLOCK_BYTES:
            raise ValueError("a salt key has at most 64 bytes")
        block = key.ljust(_BLOCK_BYTES, b"\0")
        self._inner = hashlib.sha256(block.translate(_INNER))
        self._outer = hashlib.sha256(block.translate(_OUTER))

    def mac(self, message: bytes) -> bytes:
        """Return HMAC-SHA-256 of `message`, 32 bytes."""
        inner = self._inner.copy()
        inner.update(message)
        outer = self._outer.copy()
        outer.update(inner.digest())
        return outer.digest()

    def block(self, jti: bytes, *, decoys: int) -> bytes:
        """Return the salts of all names and so many decoys, one after the other."""
        seed = self.mac(b"salts1\n" + jti)
        return hashlib.shake_256(seed).digest(DECOYS_BEGIN + DECOY_BYTES * decoys)


def derive_salt(salt_key: bytes, *, jti: str, name: str) -> bytes:
    """Return the salt of one disclosure: 16 bytes nobody can guess without the month's key. Raises KeyError."""
    begin = _PLACES[name]
    return SaltKey(salt_key).block(jti.encode("ascii"), decoys=0)[begin : begin + SALT_BYTES]


def derive_decoy(salt_key: bytes, *, jti: str, number: int) -> bytes:
    """Return the digest of nothing of that number, 32 bytes (RFC 9901 section 4.2.7)."""
    return SaltKey(salt_key).block(jti.encode("ascii"), decoys=number + 1)[-DECOY_BYTES:]
