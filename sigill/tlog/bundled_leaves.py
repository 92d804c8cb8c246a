"""Entry bundles as an auditor reads them: cut into entries, the form of every leaf checked, what is needed later kept.

A bundle of nothing but well-formed leaves, which is what an honest log shows, is recognised and cut by one regular
expression; any other is read entry by entry, to say which one is wrong.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol, TypeAlias

from sigill.errors import MalformedNote
from sigill.tlog.faults import Fault, Finding
from sigill.tlog.folding import cut_evenly
from sigill.tlog.hash_table import HashTable
from sigill.tlog.heads import Heads
from sigill.tlog.leaf import HeadLeaf, Leaf, LeafKind, format_leaf, parse_leaf
from sigill.tlog.standard_base64 import HASH_BYTES
from sigill.tlog.tiles import parse_bundle

Report: TypeAlias = Callable[[Finding], None]

_LENGTH_BYTES: Final = 2
_KIND_PLACE: Final = 56  # of the first byte of a leaf's kind in its entry
_ERASE: Final = b'","t":"erase","v":1}'


@dataclass(frozen=True, slots=True)
class CutBundle:
    """The entries of a bundle, not believed.

    `usual`: every one is a well-formed leaf of an operator's log. `erases`: there may be an `erase` leaf among them.
    """

    entries: Sequence[bytes]
    usual: bool
    erases: bool


class Leaves(Protocol):
    """What one log's entries have to be."""

    def take(self, begin: int, bundle: CutBundle) -> None:
        """Take the entries from index `begin` on as those of the tree, from the first to the last, and judge them."""


def _by_length() -> Mapping[int, bytes]:
    """Return the kinds of leaves by the lengths of their entries, each as the alternatives of a regular expression."""
    kinds: dict[int, list[bytes]] = {}
    for kind in LeafKind:
        kinds.setdefault(len(format_leaf(Leaf(kind, bytes(HASH_BYTES)))), []).append(kind.value.encode())
    return {length: b"|".join(words) for length, words in kinds.items()}


_KINDS: Final = _by_length()
_LEAF: Final = rb'\{"h":".{42}[AEIMQUYcgkosw048]","t":"(?:%b)","v":1\}'
_ALPHABET: Final = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
_BETWEEN: Final = b'\x00{"":"","":"","":}'  # what is left of a leaf and its length without the alphabet of its hash
_ALIKE: Final = {
    length: re.compile(rb"(?:%b%b)+\Z" % (re.escape(length.to_bytes(_LENGTH_BYTES, "big")), _LEAF % kinds), re.DOTALL)
    for length, kinds in _KINDS.items()
}
"""Bundles whose entries all have one length, as most have: half the work."""
_MIXED: Final = re.compile(
    rb"(?:%b)(%b)"
    % (
        b"|".join(
            re.escape(length.to_bytes(_LENGTH_BYTES, "big")) + rb'(?=.{%d}(?:%b)")' % (_KIND_PLACE, kinds)
            for length, kinds in _KINDS.items()
        ),
        _LEAF % b"|".join(_KINDS.values()),
    ),
    re.DOTALL,
)


def cut_bundle(bundle: bytes, width: int) -> CutBundle:
    """Cut a bundle of `width` entries. Raises MalformedNote if it is cut off, or has not as many."""
    usual = _cut_usual(bundle, width)
    if usual is not None:
        return CutBundle(usual, usual=True, erases=_ERASE in bundle)
    entries = parse_bundle(bundle)
    if len(entries) != width:
        raise MalformedNote(f"{len(entries)} entries where {width} belong")
    return CutBundle(entries, usual=False, erases=True)


def _cut_usual(bundle: bytes, width: int) -> Sequence[bytes] | None:
    """Return the entries of a bundle that holds leaves of an operator's log and nothing else; None for any other."""
    if bundle.translate(None, _ALPHABET) != _BETWEEN * width:
        return None
    length = len(bundle) // width - _LENGTH_BYTES
    alike = _ALIKE.get(length)
    if alike is not None and alike.match(bundle):
        return cut_evenly(bundle, length, skip=_LENGTH_BYTES)
    entries: list[bytes] = _MIXED.findall(bundle)
    whole = len(entries) == width and sum(map(len, entries)) + _LENGTH_BYTES * width == len(bundle)
    return entries if whole else None  # what was found is all there is


class OperatorLeaves:
    """The leaves of an operator's log: any kind but `head`. Hashes of `erase` leaves are kept, by index."""

    def __init__(self, origin: str, report: Report) -> None:
        self._origin = origin
        self._report = report
        self.erased = HashTable()

    def take(self, begin: int, bundle: CutBundle) -> None:
        """Judge a bundle's entries; those that are no such leaves are reported by their index."""
        if bundle.usual and not bundle.erases:
            return
        for index, entry in enumerate(bundle.entries, begin):
            if not bundle.usual or entry.endswith(_ERASE):
                self._take(index, entry)

    def _take(self, index: int, entry: bytes) -> None:
        try:
            leaf = parse_leaf(entry)
        except MalformedNote as error:
            self._report(_malformed(self._origin, index, str(error)))
            return
        if isinstance(leaf, HeadLeaf):
            self._report(_malformed(self._origin, index, "a head leaf, which belongs into the root log only"))
        elif leaf.kind is LeafKind.ERASE:
            self.erased.add(index, leaf.h)


class RootLeaves:
    """The leaves of the root log: heads only."""

    def __init__(self, origin: str, report: Report) -> None:
        self._origin = origin
        self._report = report
        self.heads = Heads()

    def take(self, begin: int, bundle: CutBundle) -> None:
        """Judge a bundle's entries, and keep the heads."""
        for index, entry in enumerate(bundle.entries, begin):
            try:
                leaf = parse_leaf(entry)
            except MalformedNote as error:
                self._report(_malformed(self._origin, index, str(error)))
                continue
            if isinstance(leaf, HeadLeaf):
                for finding in self.heads.add(index, leaf):
                    self._report(finding)
            else:
                self._report(
                    _malformed(self._origin, index, f"a leaf of kind {leaf.kind}; the root log has heads only")
                )


def _malformed(origin: str, index: int, why: str) -> Finding:
    return Finding(Fault.LEAF_MALFORMED, origin, f"entry {index}", why)
