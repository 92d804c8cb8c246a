import json
from datetime import UTC, datetime
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given, settings
from hypothesis import strategies as st
from joserfc.jwk import ECKey, KeySet
from jwcrypto.jwk import JWK  # type: ignore[import-untyped]

from sigill.errors import MalformedKey
from sigill.keys.jwks import MAX_KEYS, PublishedKey, format_jwks, parse_jwks, thumbprint


def published(number: int = 1, *, compromised_at: datetime | None = None) -> PublishedKey:
    public_key = ec.derive_private_key(number, ec.SECP256R1()).public_key()
    return PublishedKey(
        kid=thumbprint(public_key),
        typ="ai-disclosure+sd-jwt",
        public_key=public_key,
        valid_from=datetime(2026, 11, 22, tzinfo=UTC),
        valid_until=datetime(2028, 11, 22, tzinfo=UTC),
        compromised_at=compromised_at,
    )


def jwk(**changes: object) -> dict[str, Any]:
    entry: dict[str, Any] = format_jwks([published()])["keys"][0]
    entry.update(changes)
    return {name: value for name, value in entry.items() if value is not ...}


# A key whose x begins with a zero byte: its coordinate must still be written in 32 bytes.
SHORT_X = next(
    number
    for number in range(1, 2000)
    if ec.derive_private_key(number, ec.SECP256R1()).public_key().public_numbers().x >> 248 == 0
)


@pytest.mark.parametrize("number", [1, 2, SHORT_X])
def test_the_thumbprint_agrees_with_two_other_libraries(number: int) -> None:
    key = published(number)
    entry = format_jwks([key])["keys"][0]
    bare = {name: entry[name] for name in ("kty", "crv", "x", "y")}
    assert len(entry["x"]) == len(entry["y"]) == 43
    assert key.kid == JWK(**bare).thumbprint() == ECKey.import_key(bare).thumbprint()


def test_the_thumbprint_of_the_generator_is_known() -> None:
    # The P-256 base point; computed by jwcrypto 1.6.1 and joserfc 1.8.0, which agree.
    assert thumbprint(published(1).public_key) == "xx0BcA-wMohw8atYDJOe6peGModklG2wRHBlXHMvl0M"


def test_a_set_survives_writing_and_reading_also_as_json() -> None:
    keys = (published(1), published(2, compromised_at=datetime(2027, 1, 1, tzinfo=UTC)), published(SHORT_X))
    assert parse_jwks(format_jwks(keys)) == keys
    assert parse_jwks(json.loads(json.dumps(format_jwks(keys)))) == keys
    assert parse_jwks({"keys": []}) == ()


def test_another_library_reads_the_set() -> None:
    assert len(KeySet.import_key_set(format_jwks([published(1), published(2)])).keys) == 2  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        ("no object", "is an object"),
        (jwk(kty="OKP"), "EC P-256"),
        (jwk(crv="P-384"), "EC P-256"),
        (jwk(alg="none"), "EC P-256"),
        (jwk(alg=...), "EC P-256"),
        (jwk(use="enc"), "signatures"),
        (jwk(use=...), "signatures"),
        (jwk(d="AQ"), "private"),
        (jwk(x=...), "base64url"),
        (jwk(x=17), "base64url"),
        (jwk(y=None), "base64url"),
        (jwk(x=["AQ"]), "base64url"),
        (jwk(x={"AQ": 1}), "base64url"),
        (jwk(x=jwk()["x"] + "="), "base64url"),
        (jwk(x="AQ"), "32 bytes"),
        (jwk(x="A" * 43), "not on P-256"),
        (jwk(y="_" * 42 + "8"), "not on P-256"),
        (jwk(kid="A" * 43), "RFC 7638"),
        (jwk(kid=...), "RFC 7638"),
        (jwk(typ=...), "token type"),
        (jwk(typ=""), "token type"),
        (jwk(nbf=...), "nbf"),
        (jwk(nbf=True), "nbf"),
        (jwk(nbf=1.5), "nbf"),
        (jwk(exp=-1), "exp"),
        (jwk(exp=253_402_300_800), "exp"),
        (jwk(compromised_at="yesterday"), "compromised_at"),
        (jwk(nbf=5, exp=5), "before it begins"),
    ],
)
def test_a_key_of_another_form_is_malformed(entry: object, reason: str) -> None:
    with pytest.raises(MalformedKey, match=reason):
        parse_jwks({"keys": [entry]})


@pytest.mark.parametrize("value", [None, [], "keys", {}, {"keys": {}}, {"keys": None}])
def test_a_set_of_another_form_is_malformed(value: object) -> None:
    with pytest.raises(MalformedKey, match="array"):
        parse_jwks(value)


def test_a_key_twice_or_too_many_keys_are_malformed() -> None:
    with pytest.raises(MalformedKey, match="twice"):
        parse_jwks({"keys": [jwk(), jwk(typ="sigill-event+jwt")]})
    with pytest.raises(MalformedKey, match="at most 100"):
        parse_jwks({"keys": [jwk()] * (MAX_KEYS + 1)})


def test_members_not_known_are_skipped_as_rfc_7517_says() -> None:
    assert parse_jwks({"keys": [jwk(x5c=[])], "more": 1}) == (published(),)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=50),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@settings(deadline=None, max_examples=200)
@given(st.sampled_from(sorted(jwk())), JSON)
def test_only_malformed_key_escapes_whatever_a_member_holds(name: str, value: object) -> None:
    try:
        keys = parse_jwks({"keys": [jwk(**{name: value})]})
    except MalformedKey:
        return
    assert format_jwks(keys)["keys"][0] == jwk(**{name: value})


@settings(deadline=None)
@given(JSON)
def test_only_malformed_key_escapes_for_any_value(value: object) -> None:
    for candidate in (value, {"keys": value}, {"keys": [value]}):
        try:
            parse_jwks(candidate)
        except MalformedKey:
            continue
