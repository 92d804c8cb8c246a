"""Qualified statements as bytes, without any certificate around them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.checks.der import MalformedDer
from registry.checks.qc_statements import FOR_PERSONS, FOR_SEALS, parse_qc_statements

ETSI = bytes.fromhex("04008e4601")  # 0.4.0.1862.1


def tlv(tag: int, content: bytes) -> bytes:
    assert len(content) < 128
    return bytes([tag, len(content)]) + content


def seq(*items: bytes) -> bytes:
    return tlv(0x30, b"".join(items))


def oid(*last: int) -> bytes:
    return tlv(0x06, ETSI + bytes(last))


COMPLIANT = seq(oid(1))
SEAL = seq(oid(6), seq(oid(6, 2)))


def test_a_qualified_seal_is_recognised() -> None:
    stated = parse_qc_statements(seq(COMPLIANT, seq(oid(4)), SEAL))
    assert stated.qualified_seal
    assert stated.device
    assert stated.types == {FOR_SEALS}


@pytest.mark.parametrize(
    "statements",
    [
        (COMPLIANT,),
        (SEAL,),
        (COMPLIANT, seq(oid(6), seq(oid(6, 1)))),
        (COMPLIANT, SEAL, seq(oid(7), seq(tlv(0x13, b"CH")))),
    ],
)
def test_what_lacks_a_part_is_no_qualified_seal(statements: tuple[bytes, ...]) -> None:
    assert not parse_qc_statements(seq(*statements)).qualified_seal


def test_statements_that_are_not_known_are_passed_over() -> None:
    stated = parse_qc_statements(seq(seq(oid(5), seq(seq(tlv(0x16, b"https://x"), tlv(0x13, b"en")))), COMPLIANT, SEAL))
    assert stated.qualified_seal


def test_a_certificate_for_persons_and_seals_is_for_both() -> None:
    assert parse_qc_statements(seq(seq(oid(6), seq(oid(6, 1), oid(6, 2))))).types == {FOR_PERSONS, FOR_SEALS}


@pytest.mark.parametrize(
    "der",
    [
        b"",
        b"\x30",
        b"\x30\x80\x00\x00",
        b"\x30\x81\x02\x30\x00",
        b"\x30\x84\xff\xff\xff\xff",
        seq(COMPLIANT) + b"\0",
        seq(seq()),
        seq(tlv(0x04, b"x")),
        seq(COMPLIANT, COMPLIANT),
        seq(seq(oid(6))),
        seq(seq(oid(6), seq())),
        seq(seq(oid(6), seq(tlv(0x02, b"\1")))),
        seq(seq(oid(7), seq(tlv(0x13, b"SWE")))),
        seq(seq(oid(7), seq(tlv(0x0C, b"\xff")))),
        seq(seq(oid(1), oid(1), oid(1))),
        seq(seq(tlv(0x06, b"\x80"))),
        tlv(0x30, b"\x05\x00" * 60 + b""),
    ],
)
def test_what_is_not_in_form_is_malformed(der: bytes) -> None:
    with pytest.raises(MalformedDer):
        parse_qc_statements(der)


@given(st.binary(max_size=200) | st.binary(max_size=120).map(lambda data: tlv(0x30, data)))
def test_nothing_but_malformed_ever_comes_out(der: bytes) -> None:
    try:
        parse_qc_statements(der)
    except MalformedDer:
        return
