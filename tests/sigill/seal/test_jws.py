"""The compact JWS under a seal."""

import pytest

from sigill.encoding.base64url import format_base64url
from sigill.errors import MalformedSeal
from sigill.seal.jws import MAX_JWS_BYTES, parse_jws, sign_jws
from tests.builders_seal import SIGNER, header_of, sign_raw

_TYP = "ai-disclosure+sd-jwt"


def test_what_is_signed_reads_back() -> None:
    text = sign_jws({"b": 1, "a": "é"}, typ=_TYP, signer=SIGNER)
    jws = parse_jws(text, typ=_TYP)
    assert jws.payload == {"a": "é", "b": 1}
    assert jws.kid == SIGNER.kid
    assert jws.signing_input.decode() == text.rpartition(".")[0]
    assert jws.text == text


@pytest.mark.parametrize(
    ("text", "says"),
    [
        pytest.param("a.b", "this has 2", id="two parts"),
        pytest.param("a.b.c.d.e", "this has 5", id="five parts, as a JWE"),
        pytest.param("a" * (MAX_JWS_BYTES + 1), "at most", id="over-long"),
        pytest.param(sign_raw(header_of(), []), "payload of a JWS is an object", id="an array"),
        pytest.param(sign_raw([], {}), "exactly alg, kid and typ", id="a header that is no object"),
        pytest.param(sign_raw({"alg": "ES256"}, {}), "exactly alg, kid and typ", id="a header without kid"),
        pytest.param(sign_raw(header_of(), {}, signature=bytes(63)), "has 63", id="a short signature"),
        pytest.param(sign_raw(header_of(), {}, signature=bytes(65)), "has 65", id="a long signature"),
        pytest.param(sign_raw(header_of(), {}) + "=", "base64url", id="padding"),
        pytest.param(sign_raw(b'{"alg":"ES256","alg":"none"}', {}), "duplicate", id="a header with duplicates"),
        pytest.param(sign_raw(header_of(), b'{"a":NaN}'), "NaN", id="NaN"),
        pytest.param(sign_raw(header_of(), b"[" * 40 + b"]" * 40), "nested", id="deep nesting"),
        pytest.param(sign_raw(header_of(), b'"\\ud800"'), "surrogate", id="a lone surrogate"),
        pytest.param(f"{format_base64url(b'{}')}..", "not JSON", id="empty parts"),
    ],
)
def test_what_is_not_the_one_form_of_a_jws_is_malformed(text: str, says: str) -> None:
    with pytest.raises(MalformedSeal, match=says):
        parse_jws(text, typ=_TYP)
