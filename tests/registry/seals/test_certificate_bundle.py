"""Hostile bytes where a certificate is expected."""

import pytest
from cryptography.hazmat.primitives import serialization
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from registry.checks.certificates import MAX_CERTIFICATES, read_anchors, read_bundle, read_certificate
from registry.checks.seal_identity import comparable_identifier, names_agree, shown_name
from registry.checks.seal_refusal import SENTENCES, SealReason, SealRefused
from tests.builders_seal_trust import TrustWorld


def reason(data: bytes) -> SealReason:
    with pytest.raises(SealRefused) as refused:
        read_bundle(data)
    return refused.value.reason


@given(st.binary(max_size=400) | st.binary(max_size=200).map(lambda data: b"-----BEGIN CERTIFICATE-----\n" + data))
def test_random_bytes_are_refused_and_nothing_else_happens(data: bytes) -> None:
    assert reason(data) in {SealReason.UNREADABLE, SealReason.TOO_LARGE}


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", SealReason.UNREADABLE),
        (b"\0" * 1024 * 1024, SealReason.TOO_LARGE),
        (b"-----BEGIN CERTIFICATE-----\n" + b"A" * 1024 * 1024, SealReason.TOO_LARGE),
        (b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", SealReason.UNREADABLE),
        (b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", SealReason.UNREADABLE),
        (b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n" * 100, SealReason.TOO_LARGE),
        (b"\x30" * 10_000, SealReason.UNREADABLE),
        (b"\x30\x80" * 5_000, SealReason.UNREADABLE),
    ],
)
def test_what_is_no_certificate_is_refused(data: bytes, expected: SealReason) -> None:
    assert reason(data) is expected


def test_each_reason_has_its_sentence() -> None:
    assert set(SENTENCES) == set(SealReason)
    assert len(set(SENTENCES.values())) == len(SENTENCES)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("NTRSE-556016-0680", "NTRSE-5560160680", True),
        ("ntrse-5560160680", "NTRSE-5560160680", True),
        ("NTRDE+BY-HRB 12345", "NTRDE+BY-HRB12345", True),
        ("LEIXG-529900T8BM49AURSDO55", "LEIXG-529900T8BM49AURSDO55", True),
        ("VATSE-556016068001", "NTRSE-556016068001", False),
        ("NTRNO-5560160680", "NTRSE-5560160680", False),
        ("PSDSE-FINA-44059", "PSDSE-FINA-44059", True),
        ("PSDSE-FINA-44059", "PSDSE-FINA44059", False),
        ("NTRDE+BY-HRB12345", "NTRDE-HRB12345", False),
        ("anything", "anything else", False),
    ],
)
def test_identifiers_are_compared_without_the_separators_that_do_not_count(one: str, other: str, same: bool) -> None:
    assert (comparable_identifier(one) == comparable_identifier(other)) is same


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [("Exempelbanken AB", "EXEMPELBANKEN  A.B.", True), ("Exempelbanken AB", "Exempelbanken", False)],
)
def test_names_are_compared_without_case_and_punctuation(one: str, other: str, same: bool) -> None:
    assert names_agree(one, other) is same


def test_anchors_that_cannot_be_read_are_named_to_the_guarantor() -> None:
    with pytest.raises(ValueError, match="cannot be read"):
        read_anchors(b"nothing")


@pytest.mark.servers
def test_certificates_are_taken_in_any_order_and_in_der(trust: TrustWorld) -> None:
    issued = trust.issuing.issue("ordered")
    leaf = trust.certificate(issued)
    der = leaf.public_bytes(serialization.Encoding.DER)
    for data in (issued.pem + trust.issuing.pem, trust.issuing.pem + issued.pem, der):
        assert read_bundle(data).leaf == leaf
    assert shown_name(leaf.subject).startswith("CN=Exempelbanken seal")


@pytest.mark.servers
def test_two_certificates_none_or_too_many_are_refused(trust: TrustWorld) -> None:
    issued = trust.issuing.issue("counted")
    assert reason(issued.pem + trust.issuing.issue("counted-too").pem) is SealReason.SEVERAL_SEAL_CERTIFICATES
    assert reason(trust.root.pem + trust.issuing.pem) is SealReason.NO_SEAL_CERTIFICATE
    assert reason(issued.pem + trust.root.pem * MAX_CERTIFICATES) is SealReason.TOO_LARGE
    assert reason(issued.pem + issued.key.read_bytes()) is SealReason.UNREADABLE


@pytest.mark.servers
def test_the_guarantors_anchors_are_authorities(trust: TrustWorld) -> None:
    assert len(read_anchors(trust.root.pem + trust.issuing.pem)) == len(("root", "issuing"))
    with pytest.raises(ValueError, match="not an authority"):
        read_anchors(trust.issuing.issue("no-anchor").pem)


@pytest.mark.servers
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(cut=st.integers(0, 600), position=st.integers(0, 599), value=st.integers(0, 255))
def test_a_certificate_cut_or_changed_is_read_or_refused(
    trust: TrustWorld, cut: int, position: int, value: int
) -> None:
    good = trust.certificate(trust.issuing).public_bytes(serialization.Encoding.DER)
    changed = bytearray(good)
    changed[position % len(good)] = value
    for data in (good[:cut], bytes(changed)):
        try:
            read_certificate(data)
        except SealRefused:
            continue
