"""The status list token: what we write, foreign libraries read; what we read has exactly the draft's form."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from joserfc import jws as joserfc_jws
from joserfc.jwk import ECKey

from sigill.encoding.base64url import format_base64url
from sigill.errors import MalformedStatusList
from sigill.keys.p256 import check_signature
from sigill.status.bits import SIZES, deflate, inflate, mark_indices
from sigill.status.token import (
    MAX_TOKEN_BYTES,
    MAX_TTL_S,
    TYP,
    StatusList,
    parse_status_list,
    sign_status_list,
)
from tests.builders_seal import ISSUER, NOW, SIGNER, sign_raw

_LIST = StatusList(
    uri=f"{ISSUER}/status/1",
    iat=NOW,
    exp=NOW + timedelta(days=1),
    ttl_s=60,
    packed=mark_indices([3, 130_000], size=2**17),
)
_HEADER: dict[str, Any] = {"alg": "ES256", "kid": SIGNER.kid, "typ": TYP}
_CLAIMS: dict[str, Any] = {
    "sub": _LIST.uri,
    "iat": 1686920170,
    "exp": 2291720170,
    "ttl": 43200,
    "status_list": {"bits": 1, "lst": "eNrbuRgAAhcBXQ"},
}


def _token(header: object = _HEADER, claims: object = _CLAIMS) -> str:
    return sign_raw(header, claims)


def _without(members: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in members.items() if key != name}


def test_a_signed_list_reads_back() -> None:
    parsed = parse_status_list(sign_status_list(_LIST, signer=SIGNER))
    assert parsed.list == _LIST
    assert parsed.kid == SIGNER.kid
    assert [parsed.list.status(index) for index in (2, 3, 130_000, 2**17 - 1, 2**17, -1)] == [0, 1, 1, 0, None, None]
    check_signature(SIGNER.private_key.public_key(), signature=parsed.signature, message=parsed.signing_input)


def test_a_list_without_the_recommended_claims_reads_back() -> None:
    bare = replace(_LIST, exp=None, ttl_s=None)
    text = sign_status_list(bare, signer=SIGNER)
    assert parse_status_list(text).list == bare


@settings(max_examples=30)
@given(
    st.sampled_from(SIZES),
    st.binary(min_size=1, max_size=80),
    st.datetimes(datetime(1970, 1, 1), datetime(9999, 12, 31), timezones=st.just(UTC)),  # noqa: DTZ001 - strategy bounds
    st.none() | st.integers(1, MAX_TTL_S),
)
def test_every_list_reads_back(bits: int, packed: bytes, at: datetime, ttl_s: int | None) -> None:
    values = StatusList(uri="u", iat=at.replace(microsecond=0), packed=packed, bits=bits, ttl_s=ttl_s)
    assert parse_status_list(sign_status_list(values, signer=SIGNER)).list == values


def test_the_example_of_the_draft_is_read() -> None:
    parsed = parse_status_list(_token(_HEADER | {"kid": "12"}))
    assert parsed.kid == "12"
    assert parsed.list.exp == datetime.fromtimestamp(2291720170, UTC)
    assert parsed.list.ttl_s == 43200
    assert [parsed.list.status(index) for index in range(16)] == [1, 0, 0, 1, 1, 1, 0, 1, 1, 1, 0, 0, 0, 1, 0, 1]


def test_foreign_libraries_read_the_token() -> None:
    text = sign_status_list(_LIST, signer=SIGNER)
    public = SIGNER.private_key.public_key()
    assert jwt.get_unverified_header(text) == _HEADER
    claims = jwt.decode(text, public, algorithms=["ES256"], options={"verify_exp": False, "verify_iat": False})
    assert (claims["sub"], claims["ttl"], claims["exp"] - claims["iat"]) == (_LIST.uri, 60, 86_400)
    token = joserfc_jws.deserialize_compact(text, ECKey.import_key(SIGNER.private_key.public_key()), ["ES256"])
    assert token.headers() == _HEADER
    lst = jwt.utils.base64url_decode(claims["status_list"]["lst"])
    assert inflate(lst) == _LIST.packed


def test_members_nobody_knows_are_passed_over() -> None:
    claims = _CLAIMS | {
        "more": {"a": [1]},
        "iss": "x",
        "status_list": _CLAIMS["status_list"] | {"aggregation_uri": "u"},
    }
    assert parse_status_list(_token(_HEADER | {"x5c": ["y"]}, claims)).list == parse_status_list(_token()).list


@pytest.mark.parametrize(
    ("header", "says"),
    [
        ([], "an object"),
        (_without(_HEADER, "typ"), "typ"),
        (_HEADER | {"typ": "application/statuslist+jwt"}, "typ"),
        (_HEADER | {"typ": "STATUSLIST+JWT"}, "typ"),
        (_HEADER | {"typ": "JWT"}, "typ"),
        (_HEADER | {"alg": "none"}, "ES256"),
        (_HEADER | {"alg": "EdDSA"}, "ES256"),
        (_HEADER | {"crit": ["exp"]}, "crit"),
        (_without(_HEADER, "kid"), "kid"),
        (_HEADER | {"kid": ""}, "kid"),
        (_HEADER | {"kid": "k" * 513}, "kid"),
        (_HEADER | {"kid": 12}, "kid"),
        (_HEADER | {"more": "x" * 4096}, "JSON of"),
    ],
)
def test_another_header_is_refused(header: object, says: str) -> None:
    with pytest.raises(MalformedStatusList, match=says):
        parse_status_list(_token(header))


def _list(**changes: Any) -> dict[str, Any]:
    return _CLAIMS | {"status_list": _CLAIMS["status_list"] | changes}


@pytest.mark.parametrize(
    ("claims", "says"),
    [
        ([], "an object"),
        (_without(_CLAIMS, "sub"), "sub"),
        (_CLAIMS | {"sub": ["x"]}, "sub"),
        (_without(_CLAIMS, "iat"), "iat"),
        (_CLAIMS | {"iat": True}, "iat"),
        (_CLAIMS | {"iat": -1}, "iat"),
        (_CLAIMS | {"exp": None}, "exp"),
        (_CLAIMS | {"exp": 253_402_300_800}, "exp"),
        (_CLAIMS | {"ttl": 0}, "ttl"),
        (_CLAIMS | {"ttl": MAX_TTL_S + 1}, "ttl"),
        (_without(_CLAIMS, "status_list"), "status_list"),
        (_CLAIMS | {"status_list": []}, "status_list"),
        (_list(bits=3), "bits"),
        (_list(bits=True), "bits"),
        (_list(bits="1"), "bits"),
        (_list(lst=None), "lst is a string"),
        (_list(lst="eNrbuRgAAhcBXQ=="), "lst: not unpadded"),
        (_list(lst="AAAA"), "no ZLIB stream"),
    ],
)
def test_other_claims_are_refused(claims: object, says: str) -> None:
    with pytest.raises(MalformedStatusList, match=says):
        parse_status_list(_token(claims=claims))


def test_another_shape_is_refused() -> None:
    whole = _token()
    head, payload, signature = whole.split(".")
    for text in ("", "a.b", whole + ".x", f"{head}..{signature}", f"={head}.{payload}.{signature}", whole + "\n"):
        with pytest.raises(MalformedStatusList):
            parse_status_list(text)
    with pytest.raises(MalformedStatusList, match="64 bytes"):
        parse_status_list(f"{head}.{payload}.AAAA")
    with pytest.raises(MalformedStatusList, match="duplicate member"):
        parse_status_list(_token(claims=b'{"sub":"a","sub":"b"}'))
    with pytest.raises(MalformedStatusList, match="at most"):
        parse_status_list("a" * (MAX_TOKEN_BYTES + 1))


def test_the_longest_list_there_may_be_is_within_the_bound() -> None:
    hardly = b"".join(number.to_bytes(4, "big") for number in range(2**18))
    assert len(hardly) == 2**20
    text = sign_status_list(replace(_LIST, packed=hardly, bits=8), signer=SIGNER)
    assert len(format_base64url(deflate(hardly))) < len(text) < MAX_TOKEN_BYTES
    assert parse_status_list(text).list.packed == hardly


@settings(max_examples=200)
@given(st.text(alphabet="eyJ.AQab_-=~\x00é", max_size=60) | st.text(max_size=30))
def test_any_text_is_a_token_or_malformed(text: str) -> None:
    with pytest.raises(MalformedStatusList):
        parse_status_list(text)


@settings(max_examples=60)
@given(st.recursive(st.none() | st.booleans() | st.integers(0, 9) | st.text(max_size=5), st.lists, max_leaves=4))
def test_any_value_in_the_place_of_a_claim_is_read_or_malformed(value: object) -> None:
    for name in _CLAIMS:
        try:
            parse_status_list(_token(claims=_CLAIMS | {name: value}))
        except MalformedStatusList:
            continue
