"""COSE keys: three kinds, one spelling, nothing escapes."""

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from hypothesis import given
from hypothesis import strategies as st

from sigill.errors import SignatureInvalid
from sigill.presence.cose import EDDSA, ES256, RS256, parse_cose_key
from sigill.presence.errors import MalformedRelease
from tests.builders_presence import Authenticator, cbor, cose_members

EC = Authenticator(ec.generate_private_key(ec.SECP256R1()))
OKP = Authenticator(ed25519.Ed25519PrivateKey.generate())
RSA = Authenticator(rsa.generate_private_key(65537, 2048))


@pytest.mark.parametrize(("device", "alg"), [(EC, ES256), (OKP, EDDSA), (RSA, RS256)])
def test_each_kind_of_key_verifies_its_own_signature_and_no_other(device: Authenticator, alg: int) -> None:
    key = parse_cose_key(device.cose)
    assert key.alg == alg
    signature = device.sign(b"hello")
    key.verify(signature=signature, message=b"hello")
    with pytest.raises(SignatureInvalid):
        key.verify(signature=signature, message=b"hello!")
    with pytest.raises(SignatureInvalid):
        key.verify(signature=signature[:-1] + bytes([signature[-1] ^ 1]), message=b"hello")


@pytest.mark.parametrize("device", [EC, OKP, RSA])
def test_a_key_that_is_cut_off_or_goes_on_is_malformed(device: Authenticator) -> None:
    data = device.cose
    for length in range(len(data)):
        with pytest.raises(MalformedRelease):
            parse_cose_key(data[:length])
    with pytest.raises(MalformedRelease):
        parse_cose_key(data + b"\0")


def test_a_megabyte_of_cbor_is_refused_by_its_length() -> None:
    with pytest.raises(MalformedRelease, match="at most 1024"):
        parse_cose_key(cbor({1: 2, 3: -7, -1: 1, -2: b"\1" * 2**20, -3: b""}))
    with pytest.raises(MalformedRelease):
        parse_cose_key(b"\x81" * 1000)  # a thousand arrays in one another
    with pytest.raises(MalformedRelease):
        parse_cose_key(b"\xa1\x01\x5a\xff\xff\xff\xff")  # a byte string of four gigabytes that is not there


@pytest.mark.parametrize(
    "change",
    [
        {3: -257},
        {3: -35},
        {-1: 2},
        {-2: b"\0" * 31},
        {-2: b"\0" * 32},
        {1: 1},
        {4: 1},
        {-4: b""},
        {1: "2"},
        {3: b""},
    ],
)
def test_a_key_with_another_member_is_malformed(change: dict[int, object]) -> None:
    with pytest.raises(MalformedRelease):
        parse_cose_key(cbor(cose_members(EC.private) | change))


def test_numbers_in_a_longer_form_and_repeated_names_are_malformed() -> None:
    data = EC.cose
    with pytest.raises(MalformedRelease):
        parse_cose_key(data[:1] + b"\x18\x01" + data[2:])  # the name 1 in two bytes
    with pytest.raises(MalformedRelease):
        parse_cose_key(b"\xa6" + data[1:] + b"\x01\x02")
    with pytest.raises(MalformedRelease):
        parse_cose_key(b"\xbf" + data[1:] + b"\xff")  # of indefinite length


@pytest.mark.parametrize("members", [{-2: b"\x03"}, {-1: b"\xff" * 255}, {-1: b"\xff" * 255 + b"\xfe"}, {-1: 3}])
def test_a_weak_rsa_key_is_malformed(members: dict[int, object]) -> None:
    with pytest.raises(MalformedRelease):
        parse_cose_key(cbor(cose_members(RSA.private) | members))


@given(st.binary(max_size=1100))
def test_whatever_bytes_come_only_malformed_escapes(data: bytes) -> None:
    with pytest.raises(MalformedRelease):
        parse_cose_key(data)


@given(st.dictionaries(st.integers(-5, 5), st.one_of(st.integers(-300, 300), st.binary(max_size=40)), max_size=8))
def test_whatever_map_comes_only_malformed_escapes(members: dict[int, object]) -> None:
    try:
        parse_cose_key(cbor(members))
    except MalformedRelease:
        return
    assert members[3] in {ES256, EDDSA, RS256}
