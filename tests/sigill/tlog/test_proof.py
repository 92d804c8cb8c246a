from collections.abc import Callable

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sigill.errors import MalformedNote, ProofInvalid, SignatureInvalid
from sigill.tlog.checkpoint import Checkpoint, sign_checkpoint
from sigill.tlog.note import NoteSigner
from sigill.tlog.proof import LogProof, ProvenInclusion, format_proof, parse_proof, verify_proof
from sigill.tlog.tree import Frontier, grow, hash_leaf, inclusion_proof

Named = Callable[..., NoteSigner]
ORIGIN = "log.example/op/1"
LEAVES = [hash_leaf(bytes([index])) for index in range(7)]
NOTE = "log.example\n1\n" + "A" * 43 + "=\n\n— k AAAAAAA=\n"
proofs = st.builds(
    LogProof,
    st.integers(0, 2**63 - 1),
    st.lists(st.binary(min_size=32, max_size=32), max_size=5).map(tuple),
    st.just(NOTE),
    st.none() | st.binary(max_size=8),
)


@pytest.fixture(scope="module")
def receipt(signer_named: Named) -> LogProof:
    frontier, nodes = grow(Frontier(), LEAVES)
    known = {(level, index): value for level, index, value in nodes}
    path = inclusion_proof(5, 7, lambda level, index: known[level, index])
    checkpoint = Checkpoint(ORIGIN, 7, frontier.root())
    return LogProof(5, path, sign_checkpoint(checkpoint, signer=signer_named(ORIGIN)))


def verify(text: str, signer_named: Named, leaf_hash: bytes = LEAVES[5], origin: str = ORIGIN) -> ProvenInclusion:
    return verify_proof(text, leaf_hash=leaf_hash, origin=origin, keys=[signer_named(ORIGIN).verifier])


def test_a_receipt_proves_the_leaf_s_index_under_a_signed_checkpoint(receipt: LogProof, signer_named: Named) -> None:
    proven = verify(format_proof(receipt), signer_named)
    assert (proven.index, proven.checkpoint.size, proven.checkpoint.origin) == (5, 7, ORIGIN)


def test_the_text_is_header_index_path_and_checkpoint(receipt: LogProof) -> None:
    lines = format_proof(receipt).split("\n")
    assert lines[:2] == ["c2sp.org/tlog-proof@v1", "index 5"]
    assert lines[2 + len(receipt.path)] == ""
    assert lines[3 + len(receipt.path)] == ORIGIN


def test_another_leaf_is_not_proven(receipt: LogProof, signer_named: Named) -> None:
    with pytest.raises(ProofInvalid):
        verify(format_proof(receipt), signer_named, leaf_hash=LEAVES[4])


def test_a_receipt_of_another_log_is_refused(receipt: LogProof, signer_named: Named) -> None:
    with pytest.raises(SignatureInvalid):
        verify(format_proof(receipt), signer_named, origin="log.example/op/2")


def test_any_flipped_bit_of_a_receipt_fails(receipt: LogProof, signer_named: Named) -> None:
    data = format_proof(receipt).encode()
    for position in range(8 * len(data)):
        changed = bytearray(data)
        changed[position // 8] ^= 1 << position % 8
        with pytest.raises((ProofInvalid, SignatureInvalid, MalformedNote, UnicodeDecodeError)):
            verify(changed.decode(), signer_named)


@given(proofs)
@settings(max_examples=100)
def test_reading_a_proof_inverts_writing_it(proof: LogProof) -> None:
    assert parse_proof(format_proof(proof)) == proof


HASH = "A" * 43 + "="


@given(st.text(st.sampled_from("a1\n =A"), max_size=20).map(lambda text: f"c2sp.org/tlog-proof@v1\n{text}\n\n{NOTE}"))
@example("")
@example("c2sp.org/tlog-proof@v2\nindex 0\n\n" + NOTE)
@example("c2sp.org/tlog-proof@v1\nindex 0\n" + NOTE)
@example("c2sp.org/tlog-proof@v1\nindex 00\n\n" + NOTE)
@example("c2sp.org/tlog-proof@v1\nindex 0\nAAAA\n\n" + NOTE)
@example(f"c2sp.org/tlog-proof@v1\nindex 0\n{HASH} \n\n{NOTE}")
@example(f"c2sp.org/tlog-proof@v1\nindex 0\n{(HASH + chr(10)) * 64}\n{NOTE}")
@example(f"c2sp.org/tlog-proof@v1\n\n{NOTE}")
@example(f"c2sp.org/tlog-proof@v1\nextra AA==\n\n{NOTE}")
@example(f"c2sp.org/tlog-proof@v1\nextra AB==\nindex 0\n\n{NOTE}")
@example(f"c2sp.org/tlog-proof@v1\nindex 0\nextra AA==\n\n{NOTE}")
@example("c2sp.org/tlog-proof@v1\nindex 0\n\nnot a checkpoint\n\n— k AAAAAAA=\n")
@settings(max_examples=200)
def test_anything_but_the_canonical_spelling_of_a_proof_is_malformed(text: str) -> None:
    try:
        proof = parse_proof(text)
    except MalformedNote:
        return
    assert format_proof(proof) == text


def test_63_hashes_are_read_and_no_more() -> None:
    assert len(parse_proof(format_proof(LogProof(0, (bytes(32),) * 63, NOTE))).path) == 63
    with pytest.raises(MalformedNote, match="64 hashes"):
        parse_proof(format_proof(LogProof(0, (bytes(32),) * 64, NOTE)))


def test_a_proof_of_more_than_two_million_characters_is_not_read() -> None:
    with pytest.raises(MalformedNote, match="characters"):
        parse_proof("x" * 2_000_001)
