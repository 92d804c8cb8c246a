"""The request to a witness: the example of the specification, its one spelling, its bounds."""

import hashlib

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sigill.errors import MalformedNote
from sigill.tlog.note import parse_vkey, verify_note
from sigill.tlog.standard_base64 import format_base64
from sigill.tlog.witness_wire import (
    MAX_REQUEST_CHARACTERS,
    AddCheckpoint,
    format_add_checkpoint,
    origin_hash,
    parse_add_checkpoint,
)
from tests.builders_growing_log import GrowingLog

# The example of https://c2sp.org/tlog-witness
SPEC_REQUEST = """\
old 20852014
PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=
jrJZDmY8Y7SyJE0MWLpLozkIVMSMZcD5kvuKxPC3swk=
5+pKlUdi2LeF/BcMHBn+Ku6yhPGNCswZZD1X/6QgPd8=
/6WVhPs2CwSsb5rYBH5cjHV/wSmA79abXAwhXw3Kj/0=

example.com/behind-the-sofa
20852163
CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=
— example.com/behind-the-sofa opLqBQsREYCgu6xQkYQwJr9fo45a62DN9EdmHXnZdXNqlcVGlCum2Wks+49/V6267UEjw6QUXTS5Rovnzv++qbSzm9Q=
"""  # noqa: E501 - a signature line is one line
# What a public service sends to try witnesses, with the published key of its log of one entry.
PUBLIC_REQUEST = """\
old 0

geomys.org/witness/test-log
1
BCml5C32yqMcl0gjTrcSOeNVx59oPnSdytBzDGBO5k0=

— geomys.org/witness/test-log wHh/9BPsoBNr2x0Ol3qPBYasIN0HI2ZiBg5ac0v3LQq/7F+YO7U4oWbDeJn1VaWVrlbSEM30Gr7WWYQjj2SBxRoJ/Ao=
"""  # noqa: E501
PUBLIC_VKEY = "geomys.org/witness/test-log+c0787ff4+AeMb5VOzy60PTGdGmLPxOKGAa0jNyDGsgv2rnprGju1t"
LOG = GrowingLog().grow_to(40)
REQUEST = format_add_checkpoint(LOG.request(3, 40))
NOTE = LOG.note(40)
HASH = format_base64(bytes(32))


def test_the_request_of_the_specification_is_read_and_written_alike() -> None:
    request = parse_add_checkpoint(SPEC_REQUEST)
    assert (request.old_size, len(request.proof), request.head.size) == (20852014, 4, 20852163)
    assert request.head.origin == "example.com/behind-the-sofa"
    assert format_add_checkpoint(request) == SPEC_REQUEST


def test_a_public_service_s_request_is_read_and_its_signature_verified() -> None:
    request = parse_add_checkpoint(PUBLIC_REQUEST)
    assert (request.old_size, request.proof, request.head.size) == (0, (), 1)
    assert verify_note(request.note, keys=[parse_vkey(PUBLIC_VKEY)])


@given(st.integers(0, 40), st.lists(st.binary(min_size=32, max_size=32), max_size=63))
@settings(max_examples=50)
def test_reading_a_request_inverts_writing_it(old_size: int, proof: list[bytes]) -> None:
    request = AddCheckpoint(old_size, tuple(proof), NOTE)
    assert parse_add_checkpoint(format_add_checkpoint(request)) == request


@given(
    st.text(st.sampled_from("old 01\n— A=+/"), max_size=60)
    | st.tuples(st.integers(0, len(REQUEST)), st.integers(0, len(REQUEST)), st.text(max_size=3)).map(
        lambda cut: REQUEST[: cut[0]] + cut[2] + REQUEST[cut[1] :]
    )
)
@example(REQUEST)
@example(REQUEST + "\n")
@settings(max_examples=300)
def test_any_text_is_a_request_in_its_one_spelling_or_malformed(text: str) -> None:
    try:
        request = parse_add_checkpoint(text)
    except MalformedNote:
        return
    assert format_add_checkpoint(request) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "old 0",
        "old 0\n\n",
        f"old 00\n\n{NOTE}",
        f"old 01\n\n{NOTE}",
        f"old +1\n\n{NOTE}",
        f"old -1\n\n{NOTE}",
        f"old ١\n\n{NOTE}",
        f"old  1\n\n{NOTE}",
        f"old 1 \n\n{NOTE}",
        f"old\t1\n\n{NOTE}",
        f"Old 1\n\n{NOTE}",
        f"old 9223372036854775808\n\n{NOTE}",
        f"old\n\n{NOTE}",
        f"\n\n{NOTE}",
        f"old 1\n{NOTE}",
        f"old 1\r\n\r\n{NOTE}",
        f"old 1\nAAAA\n\n{NOTE}",
        f"old 1\n{HASH}=\n\n{NOTE}",
        f"old 1\n {HASH}\n\n{NOTE}",
        f"old 1\n\n\n{NOTE}",
        f"old 1\n\n{NOTE[:-1]}",
        f"old 1\n\n{NOTE}\n",
        "old 1\n\nno note\n",
        NOTE,
    ],
)
def test_a_request_that_is_spelled_otherwise_is_malformed(text: str) -> None:
    with pytest.raises(MalformedNote):
        parse_add_checkpoint(text)


def test_63_hashes_are_read_and_no_more() -> None:
    lines = f"{HASH}\n" * 63
    assert len(parse_add_checkpoint(f"old 1\n{lines}\n{NOTE}").proof) == 63
    with pytest.raises(MalformedNote, match="64 hashes"):
        parse_add_checkpoint(f"old 1\n{lines}{HASH}\n\n{NOTE}")


def test_a_request_too_long_is_not_read() -> None:
    with pytest.raises(MalformedNote, match="characters"):
        parse_add_checkpoint("x" * (MAX_REQUEST_CHARACTERS + 1))


def test_a_request_may_claim_another_root_of_the_empty_log_for_the_witness_to_refuse() -> None:
    claimed = parse_add_checkpoint(f"old 0\n\nlog.example\n0\n{HASH}\n\n— log.example AAAAAAA=\n")
    assert (claimed.head.size, claimed.head.root) == (0, bytes(32))


def test_a_log_is_named_by_the_hex_hash_of_its_origin() -> None:
    assert origin_hash("log.example/å") == hashlib.sha256("log.example/å".encode()).hexdigest()
