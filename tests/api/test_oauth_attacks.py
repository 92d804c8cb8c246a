"""What is no assertion, no token request or no token of ours: each refused in its own words, and told."""

import base64
import json
from collections.abc import Callable
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import hashes, hmac
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.builders_clients import Key, TestClient, bearer, flipped, new_client, seconds
from tests.builders_deployment import Deployment


@pytest.fixture(scope="module")
def client(shared: Deployment) -> TestClient:
    return new_client(shared)


def b64(value: bytes | dict[str, Any]) -> str:
    data = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def signed_raw(client: TestClient, header: bytes, payload: bytes) -> str:
    """Return a JWS over exactly these bytes, with a signature that is right."""
    encoded = f"{b64(header)}.{b64(payload)}"
    found = jwt.get_algorithm_by_name("ES256").sign(encoded.encode(), client.key.private)
    return f"{encoded}.{b64(found)}"


def with_public_key_as_secret(client: TestClient) -> str:
    pem = client.key.private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    encoded = f"{b64({'alg': 'HS256'})}.{client.assertion().split('.')[1]}"
    tag = hmac.HMAC(pem, hashes.SHA256())
    tag.update(encoded.encode())
    return f"{encoded}.{b64(tag.finalize())}"


ATTACKS: dict[str, tuple[str, Callable[[TestClient], str]]] = {
    "another service's": ("wrong_audience", lambda c: c.assertion(aud="https://other.example")),
    "the token endpoint as audience": ("wrong_audience", lambda c: c.assertion(aud=f"{c.issuer}/oauth/token")),
    "the issuer with a slash": ("wrong_audience", lambda c: c.assertion(aud=f"{c.issuer}/")),
    "audience as a list": ("wrong_audience", lambda c: c.assertion(aud=[c.issuer])),
    "two audiences": ("wrong_audience", lambda c: c.assertion(aud=[c.issuer, "https://other.example"])),
    "no audience": ("wrong_audience", lambda c: c.assertion(aud=None)),
    "another type": ("wrong_type", lambda c: c.assertion(header={"typ": "dpop+jwt"})),
    "an access token": ("wrong_type", lambda c: c.token()),
    "a proof of possession": ("wrong_type", lambda c: c.key.prove(c.issuer)),
    "no algorithm": (
        "wrong_algorithm",
        lambda c: f"{b64({'alg': 'none'})}.{c.assertion().split('.')[1]}.",
    ),
    "HS256 with the public key as secret": ("wrong_algorithm", with_public_key_as_secret),
    "an algorithm that does not fit the key": (
        "wrong_algorithm",
        lambda c: c.assertion(key=Key(ed25519.Ed25519PrivateKey.generate()), header={"kid": c.key.thumbprint}),
    ),
    "RS256": (
        "wrong_algorithm",
        lambda c: c.assertion(key=Key(rsa.generate_private_key(65537, 2048)), header={"alg": "RS256"}),
    ),
    "another's signature": (
        "wrong_signature",
        lambda c: c.assertion(key=Key(), header={"kid": c.key.thumbprint}),
    ),
    "a flipped bit": ("wrong_signature", lambda c: flipped(c.assertion())),
    "a key nobody registered": ("unknown_key", lambda c: c.assertion(key=Key())),
    "an unknown extension": (
        "critical_extension",
        lambda c: c.assertion(header={"crit": ["exp"]}),
    ),
    "its own key in the header": ("malformed", lambda c: c.assertion(header={"jwk": c.key.jwk})),
    "a member twice": (
        "duplicate_member",
        lambda c: signed_raw(
            c,
            json.dumps({"alg": "ES256", "kid": c.key.thumbprint}).encode(),
            f'{{"aud":"https://other.example","aud":"{c.issuer}"}}'.encode(),
        ),
    ),
    "alg twice": ("duplicate_member", lambda c: signed_raw(c, b'{"alg":"none","alg":"ES256"}', b"{}")),
    "issued in the future": ("in_the_future", lambda c: c.assertion(iat=seconds(60))),
    "not before the future": ("in_the_future", lambda c: c.assertion(nbf=seconds(60))),
    "expired": ("expired", lambda c: c.assertion(exp=seconds(-31))),
    "good for too long": ("too_far_ahead", lambda c: c.assertion(exp=seconds(400))),
    "no end": ("no_end", lambda c: c.assertion(exp=None)),
    "no id": ("no_id", lambda c: c.assertion(jti=None)),
    "an id of 256 characters": ("no_id", lambda c: c.assertion(jti="x" * 256)),
    "an unknown client": ("unknown_client", lambda c: c.assertion(iss="cl-" + "0" * 20, sub="cl-" + "0" * 20)),
    "another subject": ("wrong_subject", lambda c: c.assertion(sub="cl-" + "0" * 20)),
    "an issuer that is no client": ("wrong_issuer", lambda c: c.assertion(iss=c.issuer)),
    "no JWT": ("malformed", lambda _: "x"),
    "padding": ("malformed", lambda c: c.assertion() + "="),
    "9,000 characters": ("too_long", lambda c: c.assertion() + "A" * 8500),
}


@pytest.mark.parametrize("name", list(ATTACKS))
def test_each_attack_has_its_own_answer_and_line_in_the_audit_trail(
    name: str, client: TestClient, caplog: pytest.LogCaptureFixture
) -> None:
    reason, make = ATTACKS[name]
    assertion = make(client)
    with caplog.at_level("WARNING", logger="sigill.audit"):
        response = client.ask(assertion)
    body = response.get_json()
    assert response.status_code == (413 if reason == "too_long" else 400)
    assert body["error"] == "invalid_client"
    assert body["error_description"]
    assert response.headers["Cache-Control"] == "no-store"
    (line,) = [json.loads(record.getMessage()) for record in caplog.records if record.name == "sigill.audit"]
    assert (line["event"], line["error"], line["reason"]) == ("token_refused", "invalid_client", reason)
    assert assertion not in caplog.text
    assert assertion.rpartition(".")[2] not in caplog.text or not assertion.rpartition(".")[2]


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"grant_type": "authorization_code"}, "unsupported_grant_type"),
        ({"grant_type": ""}, "invalid_request"),
        ({"client_assertion_type": "x"}, "invalid_request"),
        ({"client_secret": "x"}, "invalid_request"),
        ({"client_id": "cl-" + "0" * 20}, "invalid_client"),
        ({"resource": "https://other.example"}, "invalid_target"),
    ],
)
def test_a_wrong_request_is_told_what_is_wrong(changes: dict[str, str], error: str, client: TestClient) -> None:
    response = client.ask(**changes)
    assert (response.status_code, response.get_json()["error"]) == (400, error)


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"", "application/x-www-form-urlencoded", 400),
        (b"grant_type=client_credentials&grant_type=x", "application/x-www-form-urlencoded", 400),
        (b"grant_type=%ff", "application/x-www-form-urlencoded", 400),
        (b"\xff", "application/x-www-form-urlencoded", 400),
        (b"&".join([b"a=b"] * 50), "application/x-www-form-urlencoded", 400),
        (b'{"grant_type":"client_credentials"}', "application/json", 400),
        (b"client_assertion=" + b"A" * 1_000_000, "application/x-www-form-urlencoded", 413),
    ],
)
def test_what_is_no_token_request_is_refused_in_oauths_own_words(
    body: bytes, kind: str, status: int, shared: Deployment
) -> None:
    response = shared.client.post("/oauth/token", data=body, content_type=kind)
    assert (response.status_code, response.get_json()["error"]) == (status, "invalid_request")


def test_tokens_that_we_did_not_make_are_refused(shared: Deployment, client: TestClient) -> None:
    token = client.token()
    head, payload, _ = token.split(".")
    claims = jwt.decode(token, options={"verify_signature": False})
    kid = jwt.get_unverified_header(token)["kid"]
    thief = Key()
    forged = [
        flipped(token),
        f"{head}.{payload}.",
        f"{b64({'alg': 'none', 'kid': kid, 'typ': 'at+jwt'})}.{payload}.",
        thief.sign(claims, typ="at+jwt", kid=kid),
        thief.sign(claims, typ="at+jwt"),
        client.assertion(header={"typ": "at+jwt"}),
        client.assertion(),
        shared.sign().get_json()["seal"].split("~")[0],
        token + "A" * 1500,
    ]
    for each in forged:
        response = shared.client.get("/v1/conversations", headers=bearer(each))
        assert (response.status_code, response.get_json()["type"].rpartition("/")[2]) == (401, "credential-unknown")
