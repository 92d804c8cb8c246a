import json
from pathlib import Path
from typing import cast

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from hypothesis import example, given, settings
from hypothesis import strategies as st
from joserfc import jws
from joserfc.jwk import ECKey

from sigill.encoding.base64url import format_base64url, parse_base64url
from sigill.errors import SignatureInvalid
from sigill.keys.p256 import HALF_ORDER, ORDER, check_signature, is_low_s, normalise_signature

PRIVATE = ec.derive_private_key(0xC0FFEE, ec.SECP256R1())
PUBLIC = PRIVATE.public_key()
MESSAGE = b"Hej Anna"
WYCHEPROOF = Path(__file__).parents[4] / "shared" / "vectors" / "wycheproof" / "ecdsa_secp256r1_sha256_p1363_test.json"


def sign(message: bytes) -> bytes:
    return normalise_signature(PRIVATE.sign(message, ec.ECDSA(hashes.SHA256())))


def high_s(signature: bytes) -> bytes:
    return signature[:32] + (ORDER - int.from_bytes(signature[32:], "big")).to_bytes(32, "big")


@settings(deadline=None)
@given(st.binary())
def test_what_is_signed_is_low_s_and_verifies(message: bytes) -> None:
    signature = sign(message)
    assert is_low_s(signature)
    check_signature(PUBLIC, signature=signature, message=message)


@settings(deadline=None)
@given(st.integers(1, ORDER - 1), st.integers(1, ORDER - 1))
def test_both_spellings_of_a_signature_normalise_to_the_low_one(r: int, s: int) -> None:
    one = normalise_signature(encode_dss_signature(r, s))
    assert one == normalise_signature(encode_dss_signature(r, ORDER - s))
    assert is_low_s(one)
    assert len(one) == 64
    assert int.from_bytes(one[:32], "big") == r


def test_half_the_order_is_the_last_low_s() -> None:
    assert is_low_s(bytes(32) + HALF_ORDER.to_bytes(32, "big"))
    assert not is_low_s(bytes(32) + (HALF_ORDER + 1).to_bytes(32, "big"))


def test_any_flipped_bit_is_invalid() -> None:
    signature = sign(MESSAGE)
    for bit in range(512):
        flipped = bytearray(signature)
        flipped[bit // 8] ^= 1 << bit % 8
        with pytest.raises(SignatureInvalid):
            check_signature(PUBLIC, signature=bytes(flipped), message=MESSAGE)
    with pytest.raises(SignatureInvalid):
        check_signature(PUBLIC, signature=signature, message=MESSAGE + b".")
    other = ec.derive_private_key(0xBEEF, ec.SECP256R1()).public_key()
    with pytest.raises(SignatureInvalid):
        check_signature(other, signature=signature, message=MESSAGE)


def test_the_high_spelling_is_invalid() -> None:
    with pytest.raises(SignatureInvalid, match="low-S"):
        check_signature(PUBLIC, signature=high_s(sign(MESSAGE)), message=MESSAGE)


class RecordingKey:
    """Stands for a public key and keeps the DER it was asked about."""

    def __init__(self) -> None:
        self.asked: list[bytes] = []

    def verify(self, signature: bytes, _message: bytes, _algorithm: object) -> None:
        self.asked.append(signature)


@settings(deadline=None)
@given(st.integers(0, 2**256 - 1), st.integers(0, HALF_ORDER))
@example(0, 0)
@example(0x7F, 0x80)
@example(0xFF << 240, 1 << 247)
def test_numbers_are_handed_to_the_library_in_the_der_that_it_writes_itself(r: int, s: int) -> None:
    key = RecordingKey()
    check_signature(
        cast("ec.EllipticCurvePublicKey", key), signature=r.to_bytes(32, "big") + s.to_bytes(32, "big"), message=b""
    )
    assert key.asked == [encode_dss_signature(r, s)]


@pytest.mark.parametrize("length", [0, 1, 32, 63, 65, 128])
def test_another_length_is_invalid(length: int) -> None:
    with pytest.raises(SignatureInvalid, match="64-byte"):
        check_signature(PUBLIC, signature=(sign(MESSAGE) * 2)[:length], message=MESSAGE)


@pytest.mark.parametrize("r", [0, ORDER, 2**256 - 1])
@pytest.mark.parametrize("s", [0, 1])
def test_numbers_outside_the_group_are_invalid(r: int, s: int) -> None:
    with pytest.raises(SignatureInvalid):
        check_signature(PUBLIC, signature=r.to_bytes(32, "big") + s.to_bytes(32, "big"), message=MESSAGE)


def test_joserfc_reads_what_is_signed_and_the_other_way_round() -> None:
    numbers = PRIVATE.private_numbers()
    values = (numbers.public_numbers.x, numbers.public_numbers.y, numbers.private_value)
    x, y, d = (format_base64url(value.to_bytes(32, "big")) for value in values)
    key = ECKey.import_key({"kty": "EC", "crv": "P-256", "x": x, "y": y, "d": d})
    protected = format_base64url(b'{"alg":"ES256"}') + "." + format_base64url(MESSAGE)
    token = f"{protected}.{format_base64url(sign(protected.encode()))}"
    assert jws.deserialize_compact(token, key).payload == MESSAGE
    signed, _, signature = jws.serialize_compact({"alg": "ES256"}, MESSAGE, key).rpartition(".")
    raw = parse_base64url(signature)
    check_signature(PUBLIC, signature=raw if is_low_s(raw) else high_s(raw), message=signed.encode())


@pytest.mark.skipif(not WYCHEPROOF.is_file(), reason="the foreign vectors are not beside this checkout")
def test_wycheproof_agrees_on_every_low_s_signature() -> None:
    ran = 0
    for group in json.loads(WYCHEPROOF.read_text(encoding="utf-8"))["testGroups"]:
        point = bytes.fromhex(group["publicKey"]["uncompressed"])
        key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
        for case in group["tests"]:
            signature = bytes.fromhex(case["sig"])
            expected = case["result"] == "valid" and is_low_s(signature)
            assert _verifies(key, signature, bytes.fromhex(case["msg"])) == expected, case["comment"]
            ran += 1
    assert ran > 200


def _verifies(key: ec.EllipticCurvePublicKey, signature: bytes, message: bytes) -> bool:
    try:
        check_signature(key, signature=signature, message=message)
    except SignatureInvalid:
        return False
    return True
