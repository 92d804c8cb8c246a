"""What the log's leaves say, one canonical JSON object (RFC 8785) each:

    {"h":"<base64url SHA-256>","t":"seal","v":1}
    {"n":70000,"o":"log.example/op/1","r":"<base64url root>","t":"head","v":1}

`h` is the SHA-256 of the thing logged: of the compact JWS for `seal` and `event`, of a record that carries its own
salt for the others. A `head` leaf stands in the root log and names another log's origin, size and root in clear.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, TypeAlias

from sigill.encoding.base64url import format_base64url, parse_base64url
from sigill.encoding.strict_json import MAX_INTEGER, Json, format_canonical_json, parse_json
from sigill.errors import MalformedEncoding, MalformedNote
from sigill.tlog.note import is_key_name

HEAD: Final = "head"
MAX_LEAF_BYTES: Final = 2048
_VERSION: Final = 1
_HASH_BYTES: Final = 32


class LeafKind(StrEnum):
    """What a leaf's hash is of."""

    SEAL = "seal"
    EVENT = "event"
    DENY = "deny"
    REVOKE = "revoke"
    REGISTRY = "registry"
    KEY = "key"
    POLICY = "policy"
    ERASE = "erase"


@dataclass(frozen=True, slots=True)
class Leaf:
    """The hash (32 bytes, SHA-256) of one logged thing."""

    kind: LeafKind
    h: bytes


@dataclass(frozen=True, slots=True)
class HeadLeaf:
    """Another log's head: its origin, its size in leaves and its root (32 bytes)."""

    origin: str
    size: int
    root: bytes


AnyLeaf: TypeAlias = Leaf | HeadLeaf


def leaf_of(kind: LeafKind, content: bytes) -> Leaf:
    """Return the leaf for `content`, the bytes of a compact JWS or of a record."""
    return Leaf(kind, hashlib.sha256(content).digest())


def format_leaf(leaf: AnyLeaf) -> bytes:
    """Return the canonical JSON of a leaf: the entry that the tree hashes."""
    if isinstance(leaf, Leaf):  # by hand: every seal passes here, and neither value can need an escape
        return f'{{"h":"{format_base64url(leaf.h)}","t":"{leaf.kind.value}","v":{_VERSION}}}'.encode("ascii")
    head: Json = {"v": _VERSION, "t": HEAD, "o": leaf.origin, "n": leaf.size, "r": format_base64url(leaf.root)}
    return format_canonical_json(head)


def parse_leaf(data: bytes) -> AnyLeaf:
    """Read a leaf; inverse of `format_leaf`. Raises MalformedNote for anything but the canonical spelling."""
    try:
        value = parse_json(data, max_bytes=MAX_LEAF_BYTES)
        leaf = _parse_members(value)
    except MalformedEncoding as error:
        raise MalformedNote(f"a leaf that is not canonical: {error}") from None
    if format_leaf(leaf) != data:
        raise MalformedNote("a leaf that is not in its canonical spelling")
    return leaf


def _parse_members(value: object) -> AnyLeaf:
    if not isinstance(value, Mapping):
        raise MalformedNote("a leaf is a JSON object")
    if value.get("t") == HEAD:
        return _parse_head(value)
    try:
        kind = LeafKind(str(value.get("t")))
    except ValueError:
        raise MalformedNote("a leaf of unknown kind") from None
    return Leaf(kind, _parse_hash(value.get("h")))


def _parse_head(value: Mapping[str, Any]) -> HeadLeaf:
    origin, size = value.get("o"), value.get("n")
    if not isinstance(origin, str) or not is_key_name(origin):
        raise MalformedNote("a head leaf without an origin")
    if not isinstance(size, int) or isinstance(size, bool) or not 0 <= size <= MAX_INTEGER:
        raise MalformedNote("a head leaf without a size")
    return HeadLeaf(origin, size, _parse_hash(value.get("r")))


def _parse_hash(value: object) -> bytes:
    if not isinstance(value, str):
        raise MalformedNote("a leaf without its hash")
    data = parse_base64url(value)
    if len(data) != _HASH_BYTES:
        raise MalformedNote("a hash has 32 bytes")
    return data
