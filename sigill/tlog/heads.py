"""The heads that a root log holds, one history per origin: they only grow, and one size has one root."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from sigill.tlog.faults import Fault, Finding
from sigill.tlog.hash_table import HashTable
from sigill.tlog.leaf import HeadLeaf

MAX_ORIGINS: Final = 100_000


@dataclass(frozen=True, slots=True)
class SeenHead:
    """A head that stands in the root log as entry `index`."""

    size: int
    root: bytes
    index: int


class Heads:
    """The heads of one root log, some 50 bytes each."""

    def __init__(self) -> None:
        self._tables: dict[str, HashTable] = {}

    @property
    def counts(self) -> Mapping[str, int]:
        """How many heads of each origin there are."""
        return MappingProxyType({origin: len(table) for origin, table in self._tables.items()})

    def of(self, origin: str) -> Iterator[SeenHead]:
        """Yield the heads of one log, the smallest first."""
        table = self._tables.get(origin)
        if table is not None:
            yield from (SeenHead(size, root, index) for size, root, index in table.rows())

    def add(self, index: int, head: HeadLeaf) -> tuple[Finding, ...]:
        """Add the head at `index`; return what is wrong with it: then it is not added. A head told twice is not."""
        table = self._tables.setdefault(head.origin, HashTable())
        findings = judge_next_head(head, index=index, last=table.last, same_size=table.get(head.size))
        if not findings and table.last != head.size:
            table.add(head.size, head.root, place=index)
        return findings


def judge_next_head(head: HeadLeaf, *, index: int, last: int | None, same_size: bytes | None) -> tuple[Finding, ...]:
    """Judge the head at `index` of a root log by the largest size before it, and the root of its size, if known."""
    where = f"entry {index}"
    findings = []
    if same_size is not None and same_size != head.root:
        words = f"a second root for the size {head.size}, where an earlier entry has another"
        findings.append(Finding(Fault.HEAD_FORKED, head.origin, where, words))
    if last is not None and head.size < last:
        words = f"the head has {head.size} entries, an earlier one had {last}"
        findings.append(Finding(Fault.HEAD_SHRUNK, head.origin, where, words))
    return tuple(findings)
