"""Cosignatures of witnesses (https://c2sp.org/tlog-cosignature, version 1, Ed25519): a note signature of type 04.

    — witness.example/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIU…==

The signature field is the time in POSIX seconds (8 bytes, big-endian) and 64 bytes of Ed25519 over

    cosignature/v1
    time 1679315147
    <the checkpoint's body>

It says: as of that time, this is the largest consistent head of that log that the witness has seen.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Protocol

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from sigill.errors import SignatureInvalid
from sigill.tlog.note import NoteSignature, SignedNote, join_vkey, key_id_of, split_vkey

MAX_TIME_S: Final = 2**63 - 1
_TYPE: Final = b"\x04"
_TIME_BYTES: Final = 8
_SIGNATURE_BYTES: Final = 64


@dataclass(frozen=True, slots=True)
class WitnessKey:
    """A witness's Ed25519 public key (32 bytes) under the name it cosigns as."""

    name: str
    public_key: bytes

    @property
    def key_id(self) -> bytes:
        """The first four bytes of SHA-256(name ‖ LF ‖ 04 ‖ public key)."""
        return key_id_of(self.name, _TYPE + self.public_key)


@dataclass(frozen=True, slots=True)
class Cosignature:
    """A cosignature that was verified: whose it is, and the time it names (POSIX seconds)."""

    key: WitnessKey
    time_s: int


class Cosigner(Protocol):
    """A witness's private key, never shown."""

    @property
    def witness(self) -> WitnessKey:
        """The public half."""

    def sign(self, message: bytes) -> bytes:
        """Return the plain Ed25519 signature (64 bytes) over `message`."""


def format_witness_vkey(key: WitnessKey) -> str:
    """Return the one-line form of a witness's key, of type 04."""
    return join_vkey(key.name, _TYPE + key.public_key)


def parse_witness_vkey(text: str) -> WitnessKey:
    """Read a witness's verifier key; inverse of `format_witness_vkey`. Raises MalformedKey, for other types too."""
    return WitnessKey(*split_vkey(text, _TYPE, otherwise="a witness's verifier key is of type 04, cosignature/v1"))


def cosigned_message(body: str, *, time_s: int) -> bytes:
    """Return what is signed: the header, the time in POSIX seconds, and the checkpoint's body."""
    return f"cosignature/v1\ntime {time_s}\n{body}".encode()


def cosign(body: str, *, signer: Cosigner, time_s: int) -> NoteSignature:
    """Return the cosignature of `signer` at `time_s` over a checkpoint's body (its last newline included)."""
    if not 0 < time_s <= MAX_TIME_S:
        raise ValueError("the time of a cosignature is 1 to 2**63 - 1")
    signature = signer.sign(cosigned_message(body, time_s=time_s))
    return NoteSignature(signer.witness.name, signer.witness.key_id, time_s.to_bytes(_TIME_BYTES, "big") + signature)


def verify_cosignatures(note: SignedNote, *, keys: Iterable[WitnessKey]) -> tuple[Cosignature, ...]:
    """Return which of `keys` cosigned the note, in the order of its lines; a key's earliest time where it did so twice.

    Lines of keys nobody here knows say nothing. Raises SignatureInvalid if one under a known name and key ID does not
    verify, or names no time a clock can show (a time of 0 is a subtree's, not a checkpoint's).
    """
    known = {(key.name, key.key_id): key for key in keys}
    found: dict[WitnessKey, int] = {}
    for line in note.signatures:
        key = known.get((line.name, line.key_id))
        if key is not None:
            time_s = _checked_time(key, line.signature, note.text)
            found[key] = min(time_s, found.get(key, time_s))
    return tuple(Cosignature(key, time_s) for key, time_s in found.items())


def _checked_time(key: WitnessKey, field: bytes, body: str) -> int:
    if len(field) != _TIME_BYTES + _SIGNATURE_BYTES:
        raise SignatureInvalid("a cosignature that is not a time and 64 bytes")
    time_s = int.from_bytes(field[:_TIME_BYTES], "big")
    if not 0 < time_s <= MAX_TIME_S:
        raise SignatureInvalid("a cosignature of no time")
    try:
        public_key = Ed25519PublicKey.from_public_bytes(key.public_key)
        public_key.verify(field[_TIME_BYTES:], cosigned_message(body, time_s=time_s))
    except (InvalidSignature, ValueError):
        raise SignatureInvalid("a cosignature that does not verify") from None
    return time_s
