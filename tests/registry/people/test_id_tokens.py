"""ID tokens: one is read, and every other is refused by its name; and what a provider says of itself."""

import json
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from hypothesis import given
from hypothesis import strategies as st
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

from registry.errors import ProviderRefused
from registry.people.oidc.id_token import RECENT, SKEW, read_id_token
from registry.people.oidc.provider import LEFT_ALONE_S, Client, Provider, challenge_of, read_metadata

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)
ISSUER = "https://login.example/tenant"
KEY = ec.generate_private_key(ec.SECP256R1())
JWK = json.loads(ECAlgorithm.to_jwk(KEY.public_key())) | {"kid": "1", "use": "sig", "alg": "ES256"}
CLAIMS: dict[str, Any] = {
    "iss": ISSUER,
    "sub": "anna",
    "aud": "desk",
    "exp": int(NOW.timestamp()) + 300,
    "iat": int(NOW.timestamp()),
    "auth_time": int(NOW.timestamp()) - 60,
    "nonce": "n",
}


def token(*, key: Any = KEY, alg: str = "ES256", kid: str | None = "1", **changes: Any) -> str:
    claims = {name: value for name, value in (CLAIMS | changes).items() if value is not None}
    return jwt.encode(claims, key, algorithm=alg, headers={} if kid is None else {"kid": kid})


def read(text: str, *, keys: Any = None, at: datetime = NOW) -> str:
    shown = {"keys": [JWK]} if keys is None else keys
    return read_id_token(text, keys=shown, issuer=ISSUER, client_id="desk", nonce="n", at=at)


def test_a_token_names_its_subject() -> None:
    assert read(token()) == "anna"
    assert read(token(aud=["desk"], azp="desk")) == "anna"
    assert read(token(kid=None)) == "anna"


@pytest.mark.parametrize("alg", ["RS256", "PS256", "EdDSA"])
def test_a_token_of_another_algorithm_is_read(alg: str) -> None:
    if alg == "EdDSA":
        odd = ed25519.Ed25519PrivateKey.generate()
        jwk = json.loads(OKPAlgorithm.to_jwk(odd.public_key()))
        assert read(token(key=odd, alg=alg), keys={"keys": [jwk | {"kid": "1"}]}) == "anna"
        return
    key = rsa.generate_private_key(65537, 2048)
    jwk = json.loads(RSAAlgorithm.to_jwk(key.public_key()))
    assert read(token(key=key, alg=alg), keys={"keys": [jwk | {"kid": "1", "alg": alg}]}) == "anna"


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "another issuer": ({"iss": "https://login.example/tenant/"}, "wrong_issuer"),
    "no issuer": ({"iss": None}, "bad_token"),
    "another audience": ({"aud": "other"}, "wrong_audience"),
    "two audiences": ({"aud": ["desk", "other"]}, "wrong_audience"),
    "another party": ({"azp": "other"}, "wrong_audience"),
    "another nonce": ({"nonce": "m"}, "wrong_nonce"),
    "no nonce": ({"nonce": None}, "wrong_nonce"),
    "run out": ({"exp": int((NOW - SKEW).timestamp())}, "expired"),
    "from the future": ({"iat": int((NOW + SKEW).timestamp()) + 1}, "from_the_future"),
    "an old sign-in": ({"auth_time": int((NOW - RECENT - SKEW).timestamp())}, "stale"),
    "no time of sign-in": ({"auth_time": None}, "bad_time"),
    "an odd time": ({"exp": True}, "bad_time"),
    "a huge time": ({"exp": 10**18}, "bad_time"),
    "no subject": ({"sub": None}, "bad_token"),
    "an empty subject": ({"sub": ""}, "bad_subject"),
    "a long subject": ({"sub": "x" * 256}, "bad_subject"),
    "a subject with a line end": ({"sub": "a\nb"}, "bad_subject"),
    "an unknown key": ({"kid": "2"}, "unknown_key"),
    "another's key": ({"key": ec.generate_private_key(ec.SECP256R1())}, "bad_token"),
    "no signature": ({"key": None, "alg": "none"}, "bad_token"),
    "a shared secret": ({"key": "k" * 32, "alg": "HS256"}, "bad_token"),
}


@pytest.mark.parametrize("name", WRONG)
def test_each_wrong_token_is_refused_by_name(name: str) -> None:
    changes, reason = WRONG[name]
    with pytest.raises(ProviderRefused) as refused:
        read(token(**changes))
    assert refused.value.reason == reason


def test_the_last_instants_that_count_count() -> None:
    tick = timedelta(seconds=1)
    assert read(token(exp=int((NOW - SKEW + tick).timestamp()))) == "anna"
    assert read(token(iat=int((NOW + SKEW).timestamp()))) == "anna"
    assert read(token(auth_time=int((NOW - RECENT - SKEW + tick).timestamp()))) == "anna"


@pytest.mark.parametrize("keys", [{}, {"keys": []}, {"keys": "x"}, {"keys": [{}]}, {"keys": [JWK, JWK]}, {"keys": [1]}])
def test_keys_that_cannot_be_read_or_told_apart_are_none(keys: Any) -> None:
    with pytest.raises(ProviderRefused):
        read(token(), keys=keys)


@given(st.text(max_size=300))
def test_nothing_escapes_from_reading_a_token(text: str) -> None:
    with pytest.raises(ProviderRefused):
        read(text)


def test_a_verifiers_challenge_is_that_of_rfc_7636() -> None:
    assert challenge_of("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk") == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


def test_a_provider_that_does_not_answer_is_left_alone_for_some_seconds() -> None:
    clock = [0.0]
    client = Client(issuer="http://127.0.0.1:1", client_id="desk", redirect_uri="x", secret="s")
    provider = Provider(client, monotonic=lambda: clock[0])
    reasons, begin = [], time.monotonic()
    for _ in range(50):
        with pytest.raises(ProviderRefused) as refused:
            provider.metadata()
        reasons.append(refused.value.reason)
    assert set(reasons) == {"no_answer_refused"}
    assert time.monotonic() - begin < 8
    clock[0] = LEFT_ALONE_S
    with pytest.raises(ProviderRefused):
        provider.metadata()


METADATA: dict[str, Any] = {
    "issuer": ISSUER,
    "authorization_endpoint": "https://login.example/authorize",
    "token_endpoint": "https://login.example/token",
    "jwks_uri": "https://keys.example/jwks",
}


def test_a_providers_metadata_is_taken_under_its_exact_name_only() -> None:
    assert read_metadata(METADATA, issuer=ISSUER).token_endpoint == "https://login.example/token"
    assert not read_metadata(METADATA, issuer=ISSUER).names_itself
    for changes in (
        {"issuer": f"{ISSUER}/"},
        {"issuer": None},
        {"token_endpoint": "http://login.example/token"},
        {"token_endpoint": None},
        {"jwks_uri": 7},
        {"authorization_endpoint": "javascript:alert(1)"},
    ):
        with pytest.raises(ProviderRefused):
            read_metadata(METADATA | changes, issuer=ISSUER)
