"""Roots: the eight leaves and their root are the known answers of Certificate Transparency (RFC 6962), repeated by
C2SP's implementations; the proofs below them are checked against a literal transcription of RFC 6962 section 2.1."""

import hashlib
from collections.abc import Callable, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sigill.errors import ProofInvalid
from sigill.tlog.tree import (
    EMPTY_ROOT,
    MAX_SIZE,
    Frontier,
    check_consistency,
    check_inclusion,
    consistency_proof,
    grow,
    hash_leaf,
    hash_node,
    inclusion_proof,
    read_frontier,
    root_hash,
)

CT_LEAVES = [
    bytes.fromhex(text)
    for text in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
CT_ROOT = "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"
sizes = st.integers(1, 70)


def leaf_hashes(size: int) -> list[bytes]:
    return [hash_leaf(index.to_bytes(4, "big")) for index in range(size)]


def reference_root(leaves: Sequence[bytes]) -> bytes:
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    split = reference_split(len(leaves))
    return hash_node(reference_root(leaves[:split]), reference_root(leaves[split:]))


def reference_split(size: int) -> int:
    split = 1
    while split * 2 < size:
        split *= 2
    return split


def reference_path(index: int, leaves: Sequence[bytes]) -> list[bytes]:
    if len(leaves) == 1:
        return []
    split = reference_split(len(leaves))
    if index < split:
        return [*reference_path(index, leaves[:split]), reference_root(leaves[split:])]
    return [*reference_path(index - split, leaves[split:]), reference_root(leaves[:split])]


def reference_consistency(old: int, leaves: Sequence[bytes], *, known: bool = True) -> list[bytes]:
    if old == len(leaves):
        return [] if known else [reference_root(leaves)]
    split = reference_split(len(leaves))
    if old <= split:
        return [*reference_consistency(old, leaves[:split], known=known), reference_root(leaves[split:])]
    return [*reference_consistency(old - split, leaves[split:], known=False), reference_root(leaves[:split])]


def reader(size: int) -> Callable[[int, int], bytes]:
    _, nodes = grow(Frontier(), leaf_hashes(size))
    known = {(level, index): value for level, index, value in nodes}
    return lambda level, index: known[level, index]


def test_the_eight_leaves_of_certificate_transparency_have_their_known_root() -> None:
    frontier, _ = grow(Frontier(), map(hash_leaf, CT_LEAVES))
    assert frontier.root().hex() == CT_ROOT


def test_the_empty_tree_has_the_hash_of_nothing() -> None:
    assert Frontier().root() == EMPTY_ROOT == hashlib.sha256(b"").digest()


@pytest.mark.parametrize("size", range(40))
def test_the_root_is_that_of_the_rfc_for_every_small_size(size: int) -> None:
    frontier, _ = grow(Frontier(), leaf_hashes(size))
    assert frontier.root() == reference_root(leaf_hashes(size)) == root_hash(size, reader(size))


@given(st.lists(st.integers(0, 9), max_size=8))
@settings(max_examples=50)
def test_growing_in_parts_is_growing_at_once(parts: list[int]) -> None:
    leaves = leaf_hashes(sum(parts))
    frontier = Frontier()
    nodes = []
    for part in parts:
        frontier, completed = grow(frontier, leaves[frontier.size : frontier.size + part])
        nodes += completed
    assert (frontier, nodes) == grow(Frontier(), leaves)


@given(sizes)
@settings(max_examples=30)
def test_a_frontier_can_be_read_back_from_the_nodes(size: int) -> None:
    assert read_frontier(size, reader(size)) == grow(Frontier(), leaf_hashes(size))[0]


@given(sizes, st.data())
@settings(max_examples=100)
def test_inclusion_proofs_are_those_of_the_rfc_and_check(size: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, size - 1))
    leaves = leaf_hashes(size)
    proof = inclusion_proof(index, size, reader(size))
    assert list(proof) == reference_path(index, leaves)
    check_inclusion(leaf_hash=leaves[index], index=index, size=size, proof=proof, root=reference_root(leaves))


@given(sizes, st.data())
@settings(max_examples=100)
def test_consistency_proofs_are_those_of_the_rfc_and_check(new: int, data: st.DataObject) -> None:
    old = data.draw(st.integers(1, new))
    leaves = leaf_hashes(new)
    proof = consistency_proof(old, new, reader(new))
    assert list(proof) == reference_consistency(old, leaves)
    check_consistency(
        old_size=old,
        old_root=reference_root(leaves[:old]),
        new_size=new,
        new_root=reference_root(leaves),
        proof=proof,
    )


def flipped(values: Sequence[bytes], position: int) -> list[bytes]:
    changed = [bytearray(value) for value in values]
    value = changed[position // 256 % len(changed)]
    value[position % 256 // 8] ^= 1 << position % 8
    return [bytes(value) for value in changed]


@given(sizes, st.data())
@settings(max_examples=150)
def test_any_flipped_bit_of_an_inclusion_proof_fails(size: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, size - 1))
    leaves = leaf_hashes(size)
    proof = inclusion_proof(index, size, reader(size))
    values = flipped([leaves[index], reference_root(leaves), *proof], data.draw(st.integers(0, 256 * 10)))
    with pytest.raises(ProofInvalid):
        check_inclusion(leaf_hash=values[0], index=index, size=size, proof=values[2:], root=values[1])


@given(st.integers(2, 70), st.data())
@settings(max_examples=150)
def test_any_flipped_bit_of_a_consistency_proof_fails(new: int, data: st.DataObject) -> None:
    old = data.draw(st.integers(1, new))
    leaves = leaf_hashes(new)
    proof = consistency_proof(old, new, reader(new))
    roots = [reference_root(leaves[:old]), reference_root(leaves)]
    old_root, new_root, *changed = flipped([*roots, *proof], data.draw(st.integers(0, 256 * 10)))
    with pytest.raises(ProofInvalid):
        check_consistency(old_size=old, old_root=old_root, new_size=new, new_root=new_root, proof=changed)


@given(sizes, st.data())
@settings(max_examples=100)
def test_an_inclusion_proof_holds_for_one_index_and_length_only(size: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, size - 1))
    other = data.draw(st.integers(-1, size + 1).filter(lambda value: value != index))
    leaves = leaf_hashes(size)
    proof = inclusion_proof(index, size, reader(size))
    root = reference_root(leaves)
    for wrong_index, wrong_proof in [(other, proof), (index, (*proof, root)), (index, (root, *proof))]:
        with pytest.raises(ProofInvalid):
            check_inclusion(leaf_hash=leaves[index], index=wrong_index, size=size, proof=wrong_proof, root=root)
    if proof:
        with pytest.raises(ProofInvalid):
            check_inclusion(leaf_hash=leaves[index], index=index, size=size, proof=proof[:-1], root=root)


def test_two_trees_of_one_size_are_consistent_only_if_they_are_one() -> None:
    root, other = leaf_hashes(2)
    check_consistency(old_size=5, old_root=root, new_size=5, new_root=root, proof=[])
    for new_root, proof in [(other, []), (root, [root])]:
        with pytest.raises(ProofInvalid):
            check_consistency(old_size=5, old_root=root, new_size=5, new_root=new_root, proof=proof)


@pytest.mark.parametrize(("old", "new"), [(0, 0), (0, 5), (6, 5), (-1, 5), (1, MAX_SIZE + 1)])
def test_no_consistency_proof_starts_from_nothing_or_goes_back(old: int, new: int) -> None:
    with pytest.raises(ProofInvalid):
        check_consistency(old_size=old, old_root=EMPTY_ROOT, new_size=new, new_root=EMPTY_ROOT, proof=[])
    with pytest.raises(ValueError, match="no consistency proof"):
        consistency_proof(old, new if new <= 5 else 0, reader(5))


def test_a_consistency_proof_of_a_wrong_length_fails() -> None:
    leaves = leaf_hashes(7)
    proof = consistency_proof(3, 7, reader(7))
    for wrong in [proof[:-1], proof[1:], (*proof, proof[0]), ()]:
        with pytest.raises(ProofInvalid):
            check_consistency(
                old_size=3,
                old_root=reference_root(leaves[:3]),
                new_size=7,
                new_root=reference_root(leaves),
                proof=wrong,
            )


@pytest.mark.parametrize(("index", "size"), [(0, 0), (5, 5), (-1, 5)])
def test_there_is_no_proof_for_a_leaf_outside_the_tree(index: int, size: int) -> None:
    with pytest.raises(ValueError, match="no leaf"):
        inclusion_proof(index, size, reader(5))
    with pytest.raises(ProofInvalid):
        check_inclusion(leaf_hash=EMPTY_ROOT, index=index, size=size, proof=[], root=EMPTY_ROOT)


def test_a_hash_that_has_not_32_bytes_proves_nothing() -> None:
    with pytest.raises(ProofInvalid):
        check_inclusion(leaf_hash=b"", index=0, size=1, proof=[], root=b"")
    with pytest.raises(ProofInvalid):
        check_consistency(old_size=1, old_root=b"", new_size=2, new_root=b"", proof=[b""])
