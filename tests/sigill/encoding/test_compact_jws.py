"""The parts of a compact JWS: three, each in its one spelling."""

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sigill.encoding.base64url import format_base64url
from sigill.encoding.compact_jws import split_compact
from sigill.errors import MalformedEncoding

_TWICE = format_base64url(b'{"a":1,"a":1}')
_HEADER = format_base64url(b'{"alg":"ES256"}')


def test_what_a_foreign_library_writes_is_taken_apart() -> None:
    text = jwt.encode({"a": 1}, "k" * 32, algorithm="HS256", headers={"kid": "x"})
    parts = split_compact(text, max_characters=1000)
    assert parts.header == {"alg": "HS256", "kid": "x", "typ": "JWT"}
    assert parts.payload == b'{"a":1}'
    assert len(parts.signature) == 32
    assert parts.signing_input.decode() == text.rpartition(".")[0]


@given(payload=st.binary(max_size=60), signature=st.binary(max_size=80))
def test_any_payload_and_signature_come_back(payload: bytes, signature: bytes) -> None:
    text = f"{_HEADER}.{format_base64url(payload)}.{format_base64url(signature)}"
    parts = split_compact(text, max_characters=len(text))
    assert (parts.header, parts.payload, parts.signature) == ({"alg": "ES256"}, payload, signature)
    with pytest.raises(MalformedEncoding, match="at most"):
        split_compact(text, max_characters=len(text) - 1)


@pytest.mark.parametrize(
    "text",
    [
        "",
        ".",
        f"{_HEADER}.",
        f"{_HEADER}.YQ.YQ.YQ",
        f"{_HEADER}.YQ==.YQ",
        f"{_HEADER}.YR.YQ",
        f"{_HEADER}.YQ.Y Q",
        f"{_HEADER}.YQ.å",
        f" {_HEADER}.YQ.YQ",
        f"{format_base64url(b'{')}.YQ.YQ",
        f"{_TWICE}.YQ.YQ",
        ".YQ.YQ",
    ],
)
def test_every_other_spelling_is_refused(text: str) -> None:
    with pytest.raises(MalformedEncoding):
        split_compact(text, max_characters=1000)


@given(st.text(max_size=80))
def test_nothing_else_escapes(text: str) -> None:
    with pytest.raises(MalformedEncoding):
        split_compact(text + "\n", max_characters=1000)
