"""Signed notes with Ed25519 signatures (https://c2sp.org/signed-note, version 1), e.g.

    This is an example message.

    — example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=

A verifier key is `<name>+<key ID in hex>+<base64 of type and public key>`. Signatures by keys nobody here knows say
nothing and are skipped; one by a known key that does not verify spoils the whole note.
"""

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Protocol

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from sigill.errors import MalformedKey, MalformedNote, SignatureInvalid
from sigill.tlog.standard_base64 import format_base64, parse_base64

MAX_SIGNATURES: Final = 64
MAX_NOTE_CHARACTERS: Final = 1_000_000
MAX_NAME_CHARACTERS: Final = 255
_ED25519: Final = b"\x01"
_PUBLIC_KEY_BYTES: Final = 32
_KEY_ID_BYTES: Final = 4
_MARK: Final = "—"
_FORBIDDEN: Final = re.compile("[\x00-\x09\x0b-\x1f\ud800-\udfff]")
_VKEY_PARTS: Final = 3
_LINE_PARTS: Final = 3


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """An Ed25519 public key (32 bytes) under the name it signs as."""

    name: str
    public_key: bytes

    @property
    def key_id(self) -> bytes:
        """The first four bytes of SHA-256(name ‖ LF ‖ 01 ‖ public key)."""
        return key_id_of(self.name, _ED25519 + self.public_key)


class NoteSigner(Protocol):
    """A private Ed25519 key that signs notes under one name but is never shown."""

    @property
    def verifier(self) -> VerifierKey:
        """The public half."""

    def sign(self, message: bytes) -> bytes:
        """Return the plain Ed25519 signature (64 bytes) over `message`."""


@dataclass(frozen=True, slots=True)
class NoteSignature:
    """One signature line: whose it claims to be, and the bytes after the key ID."""

    name: str
    key_id: bytes
    signature: bytes


@dataclass(frozen=True, slots=True)
class SignedNote:
    """A well-formed note, not trusted: `text` ends in a newline and is what the signatures cover."""

    text: str
    signatures: tuple[NoteSignature, ...]


def is_key_name(name: str) -> bool:
    """Tell whether `name` may name a key: 1 to 255 characters, no spaces, no `+`, no control characters."""
    return (
        0 < len(name) <= MAX_NAME_CHARACTERS
        and "+" not in name
        and not any(character.isspace() for character in name)
        and not _FORBIDDEN.search(name)
    )


def key_id_of(name: str, material: bytes) -> bytes:
    """Return the ID of a key (4 bytes): of its name, and its type and public key one after the other."""
    return hashlib.sha256(name.encode() + b"\n" + material).digest()[:_KEY_ID_BYTES]


def format_vkey(key: VerifierKey) -> str:
    """Return the one-line form of a verifier key."""
    return join_vkey(key.name, _ED25519 + key.public_key)


@lru_cache(maxsize=256)  # a verifier has one for each log it trusts
def parse_vkey(text: str) -> VerifierKey:
    """Read a verifier key; inverse of `format_vkey`. Raises MalformedKey, for types other than Ed25519 too."""
    return VerifierKey(*split_vkey(text, _ED25519, otherwise="a verifier key that is not of type 01, Ed25519"))


def join_vkey(name: str, material: bytes) -> str:
    """Return the one-line form of a key of any type, given as type and public key one after the other."""
    return f"{name}+{key_id_of(name, material).hex()}+{format_base64(material)}"


def split_vkey(text: str, kind: bytes, *, otherwise: str) -> tuple[str, bytes]:
    """Return name and public key (32 bytes, Ed25519) of a verifier key whose type is the byte `kind`.

    Raises MalformedKey; for keys of other types it says `otherwise`.
    """
    parts = text.split("+", _VKEY_PARTS - 1)
    if len(parts) != _VKEY_PARTS or not is_key_name(parts[0]):
        raise MalformedKey("a verifier key is <name>+<key ID>+<base64>")
    try:
        material = parse_base64(parts[2])
    except MalformedNote:
        raise MalformedKey("a verifier key ends in standard base64") from None
    if len(material) != 1 + _PUBLIC_KEY_BYTES or material[:1] != kind:
        raise MalformedKey(otherwise)
    if key_id_of(parts[0], material).hex() != parts[1]:
        raise MalformedKey("a verifier key whose key ID is not its own")
    return parts[0], material[1:]


def format_note(note: SignedNote) -> str:
    """Return the text of a note; inverse of `parse_note`."""
    return f"{note.text}\n{format_signatures(note.signatures)}"


def format_signatures(signatures: Iterable[NoteSignature]) -> str:
    """Return signature lines as they end a note; inverse of `parse_signatures`."""
    return "".join(f"{_MARK} {item.name} {format_base64(item.key_id + item.signature)}\n" for item in signatures)


def parse_note(text: str) -> SignedNote:
    """Read a note with 1 to 64 signature lines; inverse of `format_note`. Raises MalformedNote."""
    if len(text) > MAX_NOTE_CHARACTERS or _FORBIDDEN.search(text):
        raise MalformedNote("a note too long, or with control characters or lone surrogates")
    body, separator, tail = text.rpartition("\n\n")
    if not separator:
        raise MalformedNote("a note is a text, an empty line and signature lines")
    return SignedNote(body + "\n", parse_signatures(tail))


def parse_signatures(text: str) -> tuple[NoteSignature, ...]:
    """Read 1 to 64 signature lines, each ending in a newline. Raises MalformedNote."""
    if len(text) > MAX_NOTE_CHARACTERS or not text.endswith("\n"):
        raise MalformedNote("signature lines end in a newline")
    lines = text[:-1].split("\n")
    if len(lines) > MAX_SIGNATURES:
        raise MalformedNote(f"a note with {len(lines)} signatures; at most {MAX_SIGNATURES} are read")
    return tuple(_parse_signature(line) for line in lines)


def sign_note(text: str, signers: Iterable[NoteSigner]) -> str:
    """Return the note of `text` (ending in a newline) with one signature line per signer. Raises MalformedNote."""
    if not text.endswith("\n") or _FORBIDDEN.search(text):
        raise MalformedNote("a note's text ends in a newline and holds no control characters")
    message = text.encode()
    signatures = tuple(
        NoteSignature(signer.verifier.name, signer.verifier.key_id, signer.sign(message)) for signer in signers
    )
    return format_note(SignedNote(text, signatures))


def verify_note(note: SignedNote, *, keys: Iterable[VerifierKey]) -> tuple[VerifierKey, ...]:
    """Return which of `keys` signed the note: at least one.

    Raises SignatureInvalid if none did, or if a signature under a known name and key ID does not verify.
    """
    known = {(key.name, key.key_id): key for key in keys}
    message = note.text.encode()
    signed: dict[VerifierKey, None] = {}
    for item in note.signatures:
        key = known.get((item.name, item.key_id))
        if key is not None:
            _check_signature(key, signature=item.signature, message=message)
            signed[key] = None
    if not signed:
        raise SignatureInvalid("no signature by a known key")
    return tuple(signed)


def _parse_signature(line: str) -> NoteSignature:
    parts = line.split(" ")
    if len(parts) != _LINE_PARTS or parts[0] != _MARK or not is_key_name(parts[1]):
        raise MalformedNote("a signature line is — <key name> <base64>")
    data = parse_base64(parts[2])
    if len(data) <= _KEY_ID_BYTES:
        raise MalformedNote("a signature line without a signature")
    return NoteSignature(parts[1], data[:_KEY_ID_BYTES], data[_KEY_ID_BYTES:])


def _check_signature(key: VerifierKey, *, signature: bytes, message: bytes) -> None:
    try:
        Ed25519PublicKey.from_public_bytes(key.public_key).verify(signature, message)
    except (InvalidSignature, ValueError):
        raise SignatureInvalid("a note's signature does not verify") from None
