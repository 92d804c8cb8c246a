"""ES256 after github.com/C2SP/wycheproof (Apache-2.0, commit dac1dd4729fd1f8dd9e1e9f3dce51d783da6c166).

The files are read from beside the repository where that folder is present. High-S signatures count as valid there and
are refused here on purpose, so each is held to two things: it is refused, and its low-S twin verifies.
"""

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from sigill.encoding.base64url import parse_base64url
from sigill.errors import MalformedEncoding, MalformedSeal, SignatureInvalid
from sigill.keys.p256 import ORDER, check_signature, is_low_s
from sigill.seal.jws import parse_jws

Recorder = Callable[[str, object], None]
VECTORS = Path(__file__).parents[4] / "shared" / "vectors" / "wycheproof"

pytestmark = pytest.mark.skipif(
    not VECTORS.is_dir(), reason="the foreign vectors ../shared/vectors/wycheproof are not beside this checkout"
)


def _groups(name: str) -> list[dict[str, Any]]:
    groups: list[dict[str, Any]] = json.loads((VECTORS / name).read_text("utf-8"))["testGroups"]
    return groups


def _verifies(key: ec.EllipticCurvePublicKey, signature: bytes, message: bytes) -> bool:
    try:
        check_signature(key, signature=signature, message=message)
    except SignatureInvalid:
        return False
    return True


def _other_spelling(signature: bytes) -> bytes:
    return signature[:32] + (ORDER - int.from_bytes(signature[32:], "big")).to_bytes(32, "big")


def test_every_raw_signature_is_judged_as_its_authors_say_but_for_high_s(record_property: Recorder) -> None:
    ran: Counter[str] = Counter()
    for group in _groups("ecdsa_secp256r1_sha256_p1363_test.json"):
        point = bytes.fromhex(group["publicKey"]["uncompressed"])
        key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
        for case in group["tests"]:
            signature, message = bytes.fromhex(case["sig"]), bytes.fromhex(case["msg"])
            if case["result"] != "valid":
                ran["invalid"] += 1
                assert not _verifies(key, signature, message), case["tcId"]
            elif is_low_s(signature):
                ran["valid, low S"] += 1
                assert _verifies(key, signature, message), case["tcId"]
            else:
                ran["valid, high S"] += 1
                assert not _verifies(key, signature, message), case["tcId"]
                assert _verifies(key, _other_spelling(signature), message), case["tcId"]
    record_property("vectors_run", dict(ran))
    assert ran == {"invalid": 89, "valid, low S": 103, "valid, high S": 70}, "not the vectors of that commit"


def _es256_cases() -> list[tuple[dict[str, Any], dict[str, Any]]]:
    groups = _groups("json_web_signature_test.json")
    keys = [(group.get("public") or group["private"], group["tests"]) for group in groups]
    return [(key, case) for key, cases in keys if key.get("crv") == "P-256" and "alg" in key for case in cases]


def _accepts(token: str, key: ec.EllipticCurvePublicKey) -> bool:
    """Verify a JWS whose header has no `typ`: the parser's own steps, without its rule on the header."""
    parts = token.split(".")
    try:
        header, _, signature = (parse_base64url(part) for part in parts)
    except (ValueError, MalformedEncoding):
        return False
    members = json.loads(header) if header else {}
    signing_input = f"{parts[0]}.{parts[1]}".encode()
    return members.get("alg") == "ES256" and _verifies(key, signature, signing_input)


def _public_key(jwk: dict[str, Any]) -> ec.EllipticCurvePublicKey:
    x, y = (int.from_bytes(parse_base64url(jwk[name]), "big") for name in ("x", "y"))
    return ec.EllipticCurvePublicNumbers(x, y, ec.SECP256R1()).public_key()


def test_every_es256_token_is_judged_as_its_authors_say_but_for_high_s(record_property: Recorder) -> None:
    ran: Counter[str] = Counter()
    for jwk, case in _es256_cases():
        key, token = _public_key(jwk), case["jws"]
        accepted = _accepts(token, key)
        if case["result"] != "valid":
            ran["invalid"] += 1
            assert not accepted, case["tcId"]
        else:
            low = is_low_s(parse_base64url(token.rpartition(".")[2]))
            ran["valid, low S" if low else "valid, high S"] += 1
            assert accepted == low, case["tcId"]
    record_property("vectors_run", dict(ran))
    assert ran == {"invalid": 37, "valid, low S": 1, "valid, high S": 1}, "not the vectors of that commit"


def test_no_foreign_token_is_one_of_ours(record_property: Recorder) -> None:
    tokens = [case["jws"] for group in _groups("json_web_signature_test.json") for case in group["tests"]]
    tokens = [token for token in tokens if isinstance(token, str)]
    record_property("vectors_run", len(tokens))
    for token in tokens:
        with pytest.raises(MalformedSeal):
            parse_jws(token, typ="ai-disclosure+sd-jwt")
    assert len(tokens) > 300
