import hashlib

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sigill.encoding.strict_json import format_canonical_json
from sigill.errors import MalformedNote
from sigill.tlog.leaf import AnyLeaf, HeadLeaf, Leaf, LeafKind, format_leaf, leaf_of, parse_leaf

HASH = bytes(range(32))
HASH_TEXT = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"
hashes = st.binary(min_size=32, max_size=32)
leaves = st.one_of(
    st.builds(Leaf, st.sampled_from(LeafKind), hashes),
    st.builds(HeadLeaf, st.from_regex(r"[a-zå-ö0-9./-]{1,50}", fullmatch=True), st.integers(0, 2**53 - 1), hashes),
)


def test_a_leaf_is_canonical_json_with_kind_and_hash() -> None:
    assert format_leaf(Leaf(LeafKind.SEAL, HASH)) == b'{"h":"%s","t":"seal","v":1}' % HASH_TEXT.encode()


@pytest.mark.parametrize("kind", LeafKind)
def test_a_leaf_written_by_hand_is_what_rfc_8785_writes(kind: LeafKind) -> None:
    assert format_leaf(Leaf(kind, HASH)) == format_canonical_json({"v": 1, "t": kind.value, "h": HASH_TEXT})


def test_a_head_leaf_names_origin_size_and_root_in_clear() -> None:
    expected = b'{"n":70000,"o":"log.example/op/1","r":"%s","t":"head","v":1}' % HASH_TEXT.encode()
    assert format_leaf(HeadLeaf("log.example/op/1", 70_000, HASH)) == expected


def test_the_leaf_of_a_thing_holds_its_sha_256() -> None:
    assert leaf_of(LeafKind.EVENT, b"a.b.c") == Leaf(LeafKind.EVENT, hashlib.sha256(b"a.b.c").digest())


def test_there_are_eight_kinds_beside_the_head() -> None:
    assert {kind.value for kind in LeafKind} == {
        "seal",
        "event",
        "deny",
        "revoke",
        "registry",
        "key",
        "policy",
        "erase",
    }


@given(leaves)
@settings(max_examples=100)
def test_reading_inverts_writing(leaf: AnyLeaf) -> None:
    assert parse_leaf(format_leaf(leaf)) == leaf


@pytest.mark.parametrize(
    "text",
    [
        "[]",
        "not json",
        '{"h":"%s","t":"token","v":1}',
        '{"h":"%s","t":["seal"],"v":1}',
        '{"h":"%s","t":"seal","v":2}',
        '{"h":"%s","t":"seal","v":true}',
        '{"h":"%s","t":"seal","v":1.0}',
        '{"h":"%s","t":"seal"}',
        '{"h":"%s","t":"seal","v":1,"x":0}',
        '{"t":"seal","h":"%s","v":1}',
        '{"h": "%s","t":"seal","v":1}',
        '{"h":"%s=","t":"seal","v":1}',
        '{"h":"AAAA","t":"seal","v":1}',
        '{"h":7,"t":"seal","v":1}',
        '{"n":1,"o":"a b","r":"%s","t":"head","v":1}',
        '{"n":1,"o":"","r":"%s","t":"head","v":1}',
        '{"n":1,"r":"%s","t":"head","v":1}',
        '{"n":true,"o":"a","r":"%s","t":"head","v":1}',
        '{"n":-1,"o":"a","r":"%s","t":"head","v":1}',
        '{"n":9007199254740992,"o":"a","r":"%s","t":"head","v":1}',
        '{"n":1,"o":"a","r":"%s","t":"head","v":2}',
    ],
)
def test_no_other_object_is_a_leaf(text: str) -> None:
    with pytest.raises(MalformedNote):
        parse_leaf(text.replace("%s", HASH_TEXT).encode())


@given(st.binary(max_size=200))
@example(b'{"h":"","t":"seal","v":1}')
@example(b'{"n":1e400,"o":"a","r":"","t":"head","v":1}')
@settings(max_examples=200)
def test_anything_but_the_canonical_spelling_of_a_leaf_is_malformed(data: bytes) -> None:
    try:
        leaf = parse_leaf(data)
    except MalformedNote:
        return
    assert format_leaf(leaf) == data


@given(leaves, st.integers(0, 10_000))
@settings(max_examples=200)
def test_a_leaf_with_one_bit_flipped_is_another_leaf_or_none(leaf: AnyLeaf, position: int) -> None:
    data = bytearray(format_leaf(leaf))
    data[position // 8 % len(data)] ^= 1 << position % 8
    try:
        assert parse_leaf(bytes(data)) != leaf
    except MalformedNote:
        return
