from sigill.tlog.bundled_leaves import CutBundle, OperatorLeaves, RootLeaves, cut_bundle
from sigill.tlog.faults import Fault, Finding
from sigill.tlog.hash_table import HashTable
from sigill.tlog.heads import Heads, SeenHead
from sigill.tlog.leaf import HeadLeaf, Leaf, LeafKind, format_leaf
from sigill.tlog.tiles import format_bundle

A, B = b"a" * 32, b"b" * 32
ORIGIN = "guarantor.example/log/x"


def faults_of(*heads: HeadLeaf) -> list[tuple[Fault, str]]:
    history = Heads()
    return [(each.fault, each.where) for index, head in enumerate(heads) for each in history.add(index, head)]


def test_heads_that_grow_are_kept_each_with_its_entry() -> None:
    history = Heads()
    assert not [*history.add(0, HeadLeaf("x", 1, A)), *history.add(1, HeadLeaf("y", 1, B))]
    assert not [*history.add(2, HeadLeaf("x", 5, B)), *history.add(3, HeadLeaf("x", 5, B))]
    assert list(history.of("x")) == [SeenHead(1, A, 0), SeenHead(5, B, 2)]
    assert history.counts == {"x": 2, "y": 1}
    assert list(history.of("z")) == []


def test_a_head_that_shrinks_is_a_fault_and_later_ones_are_judged_by_the_largest() -> None:
    found = faults_of(HeadLeaf("x", 9, A), HeadLeaf("x", 8, A), HeadLeaf("x", 8, A), HeadLeaf("x", 10, A))
    assert found == [(Fault.HEAD_SHRUNK, "entry 1"), (Fault.HEAD_SHRUNK, "entry 2")]


def test_two_roots_of_one_size_are_a_fault_however_far_apart() -> None:
    found = faults_of(HeadLeaf("x", 9, A), HeadLeaf("x", 9, B), HeadLeaf("x", 12, A), HeadLeaf("x", 9, B))
    assert found == [(Fault.HEAD_FORKED, "entry 1"), (Fault.HEAD_FORKED, "entry 3"), (Fault.HEAD_SHRUNK, "entry 3")]


def test_a_table_takes_numbers_that_grow_and_whole_hashes_only() -> None:
    table = HashTable()
    table.add(3, A)
    for number, value in ((3, B), (2, B), (4, b"short")):
        try:
            table.add(number, value)
        except ValueError:
            continue
        raise AssertionError((number, value))
    assert (table.get(3), table.get(2), table.get(4), table.last, len(table)) == (A, None, None, 3, 1)


def cut(*entries: bytes) -> CutBundle:
    return cut_bundle(format_bundle(entries), len(entries))


def test_an_operators_log_holds_no_heads_and_nothing_else_that_is_no_leaf() -> None:
    found: list[Finding] = []
    leaves = OperatorLeaves(ORIGIN, found.append)
    seal, head = format_leaf(Leaf(LeafKind.SEAL, A)), format_leaf(HeadLeaf("x", 1, A))
    leaves.take(512, cut(seal, head, b"{}", seal + b" "))
    assert [(each.fault, each.where) for each in found] == [
        (Fault.LEAF_MALFORMED, f"entry {index}") for index in (513, 514, 515)
    ]


def test_the_root_log_holds_heads_only() -> None:
    found: list[Finding] = []
    leaves = RootLeaves(ORIGIN, found.append)
    leaves.take(256, cut(format_leaf(HeadLeaf("x", 1, A)), format_leaf(Leaf(LeafKind.SEAL, A)), b"nothing"))
    assert [each.where for each in found] == ["entry 257", "entry 258"]
    assert list(leaves.heads.of("x")) == [SeenHead(1, A, 256)]


def test_erase_leaves_are_kept_among_leaves_of_any_lengths() -> None:
    found: list[Finding] = []
    leaves = OperatorLeaves(ORIGIN, found.append)
    seal, event = format_leaf(Leaf(LeafKind.SEAL, A)), format_leaf(Leaf(LeafKind.EVENT, A))
    erase = format_leaf(Leaf(LeafKind.ERASE, B))
    leaves.take(0, cut(seal, erase, event))
    leaves.take(256, cut(erase, event))
    leaves.take(512, cut(seal, seal))
    leaves.take(768, cut(b"?", erase))
    assert [number for number, _, _ in leaves.erased.rows()] == [1, 256, 769]
    assert leaves.erased.get(256) == B
