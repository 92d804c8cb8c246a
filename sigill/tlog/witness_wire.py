"""What a log sends to a witness (https://c2sp.org/tlog-witness, version 1): the body of `add-checkpoint`, e.g.

    old 20852014
    PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=
    jrJZDmY8Y7SyJE0MWLpLozkIVMSMZcD5kvuKxPC3swk=

    log.example/root
    20852163
    CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

    — log.example/root Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=

The size of the head that the witness is thought to know, a consistency proof from there (nothing from 0), the
checkpoint's whole note.
"""

import hashlib
from dataclasses import dataclass
from typing import Final

from sigill.errors import MalformedNote
from sigill.tlog.checkpoint import Checkpoint, parse_claimed_checkpoint, parse_decimal
from sigill.tlog.note import SignedNote, parse_note
from sigill.tlog.standard_base64 import format_base64, parse_hash

MAX_PROOF_HASHES: Final = 63
MAX_REQUEST_CHARACTERS: Final = 256 * 1024  # 63 hashes, and 50 of the longest signatures there are
SIZE_TYPE: Final = "text/x.tlog.size"
_OLD: Final = "old "


@dataclass(frozen=True, slots=True)
class AddCheckpoint:
    """A well-formed request, nothing in it trusted: `checkpoint` is the whole note."""

    old_size: int
    proof: tuple[bytes, ...]
    checkpoint: str

    @property
    def note(self) -> SignedNote:
        """The checkpoint's text and signatures. Raises MalformedNote."""
        return parse_note(self.checkpoint)

    @property
    def head(self) -> Checkpoint:
        """What the note claims; of an empty log perhaps an impossible root. Raises MalformedNote."""
        return parse_claimed_checkpoint(self.note.text)


def format_add_checkpoint(request: AddCheckpoint) -> str:
    """Return the body of the request; inverse of `parse_add_checkpoint`."""
    lines = [f"{_OLD}{request.old_size}", *map(format_base64, request.proof)]
    return "\n".join(lines) + "\n\n" + request.checkpoint


def parse_add_checkpoint(text: str) -> AddCheckpoint:
    """Read the body of a request; inverse of `format_add_checkpoint`. Raises MalformedNote."""
    if len(text) > MAX_REQUEST_CHARACTERS:
        raise MalformedNote(f"a request of {len(text)} characters")
    head, separator, note = text.partition("\n\n")
    old, *hashes = head.split("\n")
    if not separator or not old.startswith(_OLD):
        raise MalformedNote("a request is `old <size>`, a proof, an empty line and a checkpoint")
    if len(hashes) > MAX_PROOF_HASHES:
        raise MalformedNote(f"a proof of {len(hashes)} hashes; at most {MAX_PROOF_HASHES} are read")
    request = AddCheckpoint(parse_decimal(old.removeprefix(_OLD)), tuple(map(parse_hash, hashes)), note)
    _ = request.head
    return request


def origin_hash(origin: str) -> str:
    """Return the hex SHA-256 of an origin: where below its monitoring prefix a witness shows that log's checkpoint."""
    return hashlib.sha256(origin.encode()).hexdigest()
