"""Checkpoints (https://c2sp.org/tlog-checkpoint): a log's signed head, the body of a note, e.g.

    log.example/op/1
    70000
    XcnaeacGWamtVZy3Ad7ZoqudgjqtL0lgz+Nw7/RgQyg=

Origin, size in leaves, root in base64. Further lines are read and kept, never written by Sigill.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from sigill.errors import MalformedNote, SignatureInvalid
from sigill.tlog.note import NoteSigner, VerifierKey, is_key_name, parse_note, sign_note, verify_note
from sigill.tlog.standard_base64 import format_base64, parse_hash
from sigill.tlog.tree import EMPTY_ROOT, MAX_SIZE

_DECIMAL: Final = re.compile(r"(?:0|[1-9][0-9]{0,18})\Z", re.ASCII)
_CONTROLS: Final = re.compile("[\x00-\x1f\ud800-\udfff]")
_BODY_LINES: Final = 3
_MAX_KEPT_CHARACTERS: Final = 4096  # of notes whose verification is remembered: theirs are shorter, a foe's may not be


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A log's head: origin, size in leaves, root (32 bytes), and extension lines, which nothing relies on."""

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()


def format_checkpoint(checkpoint: Checkpoint) -> str:
    """Return the body of a checkpoint, its last newline included."""
    lines = (checkpoint.origin, str(checkpoint.size), format_base64(checkpoint.root), *checkpoint.extensions)
    return "".join(f"{line}\n" for line in lines)


def parse_checkpoint(text: str) -> Checkpoint:
    """Read a checkpoint's body; inverse of `format_checkpoint`.

    Strict: accepted only if it is the one spelling of its value, so two byte strings never stand for one tree head.
    Raises MalformedNote.
    """
    checkpoint = parse_claimed_checkpoint(text)
    if not checkpoint.size and checkpoint.root != EMPTY_ROOT:
        raise MalformedNote("an empty log has the root of the empty tree")
    return checkpoint


def parse_claimed_checkpoint(text: str) -> Checkpoint:
    """Read a checkpoint's body as strictly, but let it claim any root for the empty log. Raises MalformedNote.

    For witnesses, who answer that claim otherwise than a malformed text.
    """
    lines = text.split("\n")
    if len(lines) <= _BODY_LINES or lines.pop() or not all(lines):
        raise MalformedNote("a checkpoint is an origin, a size and a root, one to a line, none empty")
    origin, size, root, *extensions = lines
    if not is_key_name(origin):
        raise MalformedNote("a checkpoint without an origin that can name a key")
    if any(_CONTROLS.search(line) for line in extensions):
        raise MalformedNote("control characters in a checkpoint")
    return Checkpoint(origin, parse_decimal(size), parse_hash(root), tuple(extensions))


def parse_decimal(text: str) -> int:
    """Read a size or index: ASCII digits, no leading zero, below 2**63. Raises MalformedNote."""
    if not _DECIMAL.match(text) or int(text) > MAX_SIZE:
        raise MalformedNote("not a plain decimal number below 2**63")
    return int(text)


def sign_checkpoint(checkpoint: Checkpoint, *, signer: NoteSigner, beside: Iterable[NoteSigner] = ()) -> str:
    """Return the signed note of a checkpoint: by `signer`, and by the keys that sign `beside` it while it takes over.

    Raises ValueError if a signer goes by another name than the origin.
    """
    signers = (signer, *beside)
    if any(each.verifier.name != checkpoint.origin for each in signers):
        raise ValueError("a log signs under its own origin")
    return sign_note(format_checkpoint(checkpoint), signers)


def verify_checkpoint(note: str, *, origin: str, keys: Iterable[VerifierKey]) -> Checkpoint:
    """Return the checkpoint in a note that the log named `origin` signed with one of `keys`.

    Of the keys only those named as the origin count. Raises MalformedNote, SignatureInvalid.
    """
    own_keys = frozenset(key for key in keys if key.name == origin)
    verify = _verify_once if len(note) <= _MAX_KEPT_CHARACTERS else _verify
    return verify(note, origin, own_keys)


def _verify(note: str, origin: str, keys: frozenset[VerifierKey]) -> Checkpoint:
    parsed = parse_note(note)
    checkpoint = parse_checkpoint(parsed.text)
    if checkpoint.origin != origin:
        raise SignatureInvalid("a checkpoint of another log")
    verify_note(parsed, keys=keys)
    return checkpoint


_verify_once: Final = lru_cache(maxsize=256)(_verify)  # many receipts hang on one checkpoint; what fails is not kept
