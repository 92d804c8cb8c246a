"""Tokens for clients with a private key: what gets one, what it is good for, and each attack with its own answer."""

import base64
import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import jwt
import pytest
from cryptography.hazmat.primitives import hashes, hmac
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from registry.clients.store import revoke_client, revoke_key
from registry.model import OperatorId, Role, StateChange
from registry.operators import change_state
from sigill.report.standing import State
from storage.engine import writing
from tests.builders_access import BODY
from tests.builders_clients import BANK, Key, TestClient, bearer, later, new_client
from tests.builders_deployment import Deployment, deploy, operator

AI: dict[str, Any] = BODY | {"authorship": "ai", "disclosure": "separate", "text": "Hej"}


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


def test_a_token_is_a_jwt_of_rfc_9068_that_a_foreign_library_reads_with_the_published_key(
    shared: Deployment, client: TestClient
) -> None:
    response = client.ask()
    body = response.get_json()
    assert (response.status_code, response.headers["Cache-Control"]) == (200, "no-store")
    assert (body["token_type"], body["expires_in"]) == ("Bearer", 600)
    assert body["scope"] == "decisions:ask messages:read messages:sign"
    jwks = jwt.PyJWKSet.from_dict(shared.client.get("/.well-known/jwks.json").get_json())
    header = jwt.get_unverified_header(body["access_token"])
    assert header["typ"] == "at+jwt"
    issuer = client.issuer
    claims = jwt.decode(
        body["access_token"], jwks[header["kid"]], algorithms=["ES256"], issuer=issuer, audience=f"{issuer}/v1"
    )
    assert claims["sub"] == claims["client_id"] == client.client.id
    assert claims["exp"] - claims["iat"] == 600
    assert {"jti", "scope"} <= claims.keys()


def test_the_metadata_says_where_and_how(shared: Deployment) -> None:
    found = shared.client.get("/.well-known/oauth-authorization-server").get_json()
    base = shared.services.settings.public_url
    assert found["issuer"] == shared.services.identity.issuer
    assert (found["token_endpoint"], found["jwks_uri"]) == (f"{base}/oauth/token", f"{base}/.well-known/jwks.json")
    assert found["token_endpoint_auth_methods_supported"] == ["private_key_jwt"]
    assert found["grant_types_supported"] == ["client_credentials"]
    assert {"ES256", "EdDSA", "PS256"} <= set(found["token_endpoint_auth_signing_alg_values_supported"])


@pytest.mark.parametrize(
    "make",
    [Key, lambda: Key(ed25519.Ed25519PrivateKey.generate()), lambda: Key(rsa.generate_private_key(65537, 2048))],
    ids=["ES256", "EdDSA", "PS256"],
)
def test_a_key_of_each_kind_gets_a_token(shared: Deployment, make: Callable[[], Key]) -> None:
    client = new_client(shared, key=make())
    assert client.ask().status_code == 200
    assert client.ask(client.assertion(header={"kid": None, "typ": None})).status_code == 200  # as many libraries do


def test_a_token_signs_a_message(shared: Deployment, client: TestClient) -> None:
    response = shared.client.post("/v1/messages", json=BODY | {"text": "Hej"}, headers=bearer(client.token()))
    assert response.status_code == 201
    seal = response.get_json()["seal"]
    assert jwt.decode(seal.split("~")[0], options={"verify_signature": False})["att"] == {"lvl": "C", "m": "declared"}


def test_scopes_narrow_a_token_and_never_widen_it(shared: Deployment, client: TestClient) -> None:
    response = client.ask(scope="messages:read")
    assert response.get_json()["scope"] == "messages:read"
    headers = bearer(response.get_json()["access_token"])
    refused = shared.client.post("/v1/messages", json=BODY | {"text": "Hej"}, headers=headers)
    assert (refused.status_code, refused.get_json()["type"].rpartition("/")[2]) == (403, "scope-missing")
    assert 'error="insufficient_scope"' in refused.headers["WWW-Authenticate"]
    for scope in ("messages:erase", "messages:read messages:erase", "messages:read  messages:sign", "x" * 600):
        wide = client.ask(scope=scope)
        assert (wide.status_code, wide.get_json()["error"]) == (400, "invalid_scope")


def seconds(ahead: int) -> int:
    return int(datetime.now(UTC).timestamp()) + ahead


def flipped(text: str) -> str:
    head, payload, signature = text.split(".")
    return f"{head}.{payload}.{'A' if signature[0] != 'A' else 'B'}{signature[1:]}"


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


def test_an_assertion_counts_once(client: TestClient, caplog: pytest.LogCaptureFixture) -> None:
    assertion = client.assertion()
    assert client.ask(assertion).status_code == 200
    again = client.ask(assertion)
    assert (again.status_code, again.get_json()["error"]) == (400, "invalid_client")
    assert "used before" in again.get_json()["error_description"]
    assert '"reason":"replayed"' in caplog.text
    same_id = client.assertion(jti=jwt.decode(assertion, options={"verify_signature": False})["jti"])
    assert client.ask(same_id).status_code == 400
    other = new_client(client.made)
    assert other.ask(other.assertion(jti="one of another client")).status_code == 200
    assert client.ask(client.assertion(jti="one of another client")).status_code == 200


def test_a_refused_request_leaves_no_row(client: TestClient) -> None:
    assertion = client.assertion()
    assert client.ask(assertion, scope="messages:erase").status_code == 400
    assert client.ask(flipped(assertion)).status_code == 400
    assert client.ask(assertion).status_code == 200


def test_a_revoked_client_or_key_gets_no_token_and_another_key_goes_on(shared: Deployment) -> None:
    admin = bearer(shared.new_key(role=Role.ADMIN, operator_id=BANK))
    client, second = new_client(shared), Key()
    path = f"/v1/clients/{client.client.id}"
    key = {"jwk": second.jwk, "proof": second.prove(client.issuer)}
    assert shared.client.post(f"{path}/keys", json=key, headers=admin).status_code == 201
    assert client.ask().status_code == client.ask(client.assertion(key=second)).status_code == 200
    unnamed = client.ask(client.assertion(header={"kid": None}))
    assert "several keys" in unnamed.get_json()["error_description"]
    assert shared.client.delete(f"{path}/keys/{client.key.thumbprint}", headers=admin).status_code == 200
    assert "key was revoked" in client.ask().get_json()["error_description"]
    assert client.ask(client.assertion(key=second)).status_code == 200
    assert shared.client.delete(path, headers=admin).get_json()["revoked_at"]
    assert "client was revoked" in client.ask(client.assertion(key=second)).get_json()["error_description"]


def test_a_key_gets_tokens_within_its_time_only(shared: Deployment) -> None:
    client = new_client(shared, valid_from=later(1), valid_until=later(2))
    refused = client.ask()
    assert refused.status_code == 400
    assert "is good from" in refused.get_json()["error_description"]


def test_a_suspended_operators_signer_gets_no_token_and_its_auditor_does(deployment: Deployment) -> None:
    signer, auditor = new_client(deployment), new_client(deployment, role=Role.AUDITOR)
    token = signer.token()
    change = StateChange(state=State.SUSPENDED, since=datetime.now(UTC), reason="r")
    with writing(deployment.services.engine) as connection:
        change_state(connection, BANK, change)
    refused = signer.ask()
    assert (refused.status_code, refused.get_json()["error"]) == (400, "unauthorized_client")
    assert auditor.ask().status_code == 200
    sealed = deployment.client.post("/v1/messages", json=BODY | {"text": "Hej"}, headers=bearer(token))
    assert (sealed.status_code, sealed.get_json()["type"].rpartition("/")[2]) == (403, "operator-suspended")


def test_a_client_bound_to_an_ai_system_signs_as_that_system_and_its_seal_says_so(shared: Deployment) -> None:
    bot = new_client(shared, ai_system="saga")
    headers = bearer(bot.token())
    for named in ({}, {"ai": {"system": "saga"}}):
        response = shared.client.post("/v1/messages", json=AI | named, headers=headers)
        assert response.status_code == 201, response.get_json()
        seal = response.get_json()["seal"]
        claims = jwt.decode(seal.split("~")[0], options={"verify_signature": False})
        assert claims["att"] == {"lvl": "B", "m": "credential"}
        assert claims["ai"]["system"] == "Saga"
        told = shared.verify(seal=seal, content="Hej")
        assert told["answer"] == "genuine"
        assert "own access" in told["authorship"]["words"]
    for other in ({"authorship": "human"}, {"authorship": "ai_assisted"}, {"ai": {"system": "hedda"}}):
        body = AI | {"disclosure": None} | other
        body = {name: value for name, value in body.items() if value is not None}
        refused = shared.client.post("/v1/messages", json=body, headers=headers)
        assert (refused.status_code, refused.get_json()["type"].rpartition("/")[2]) == (403, "credential-bound")
        results = shared.client.post("/v1/messages/batch", json={"messages": [body, AI]}, headers=headers).get_json()
        assert [each["status"] for each in results["results"]] == [403, 201]
        question = {name: value for name, value in body.items() if name != "text"}
        assert shared.client.post("/v1/decisions", json=question, headers=headers).status_code == 403
    withdrawn = shared.client.delete(
        f"/v1/messages/{shared.sign().get_json()['id']}", json={"reason": "wrong_content"}, headers=headers
    )
    assert withdrawn.status_code == 403


def test_without_a_bound_credential_the_same_message_is_the_operators_word(
    shared: Deployment, client: TestClient
) -> None:
    response = shared.client.post("/v1/messages", json=AI, headers=bearer(client.token()))
    claims = jwt.decode(response.get_json()["seal"].split("~")[0], options={"verify_signature": False})
    assert claims["att"]["lvl"] == "C"


@pytest.mark.parametrize("what", ["client", "key"])
def test_a_revoked_client_or_key_takes_its_tokens_with_it(what: str, deployment: Deployment) -> None:
    deployment.app.extensions["sigill"].callers._fresh_s = 0.0
    client = new_client(deployment)
    headers = bearer(client.token())
    assert deployment.client.get("/v1/conversations", headers=headers).status_code == 200
    with writing(deployment.services.engine) as connection:
        if what == "client":
            revoke_client(connection, client.client, at=datetime.now(UTC))
        else:
            revoke_key(connection, client.client, client.key.thumbprint, at=datetime.now(UTC))
    refused = deployment.client.get("/v1/conversations", headers=headers)
    assert (refused.status_code, refused.get_json()["type"].rpartition("/")[2]) == (401, "credential-expired")
    assert refused.headers["WWW-Authenticate"] == 'Bearer realm="sigill", error="invalid_token"'


def test_another_operators_client_looks_like_none(shared: Deployment, client: TestClient) -> None:
    other = OperatorId("exempelandra")
    shared.add(operator(other))
    admin = bearer(shared.new_key(role=Role.ADMIN, operator_id=other))
    path = f"/v1/clients/{client.client.id}"
    key = Key()
    asked = {"jwk": key.jwk, "proof": key.prove(client.issuer, other)}
    for response in (
        shared.client.get(path, headers=admin),
        shared.client.delete(path, headers=admin),
        shared.client.post(f"{path}/keys", json=asked, headers=admin),
        shared.client.delete(f"{path}/keys/{client.key.thumbprint}", headers=admin),
    ):
        assert (response.status_code, response.get_json()["type"].rpartition("/")[2]) == (404, "client-not-found")
    assert shared.client.get("/v1/clients", headers=admin).get_json() == {"clients": []}
    assert client.ask().status_code == 200


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


class Asking(NamedTuple):
    """A key to register, the issuer, and a proof that is right."""

    key: Key
    issuer: str
    proof: str


def registered(shared: Deployment, body: dict[str, Any]) -> Any:
    admin = bearer(shared.new_key(role=Role.ADMIN, operator_id=BANK))
    return shared.client.post("/v1/clients", json=body, headers=admin)


def test_an_admin_registers_lists_and_describes_a_client(shared: Deployment) -> None:
    key = Key()
    asked = {"jwk": key.jwk, "proof": key.prove(shared.services.identity.issuer)}
    response = registered(shared, {"name": "bot", "role": "signer", "ai": {"system": "saga"}, "key": asked})
    made = response.get_json()
    assert response.status_code == 201
    assert made["ai"] == {"system": "saga"}
    assert [each["thumbprint"] for each in made["keys"]] == [key.thumbprint]
    admin = bearer(shared.new_key(role=Role.ADMIN, operator_id=BANK))
    assert shared.client.get(response.headers["Location"], headers=admin).get_json() == made
    assert made in shared.client.get("/v1/clients", headers=admin).get_json()["clients"]
    twice = registered(shared, {"name": "bot", "role": "signer", "key": asked})
    assert twice.get_json()["type"].endswith("/client-key-refused")


@pytest.mark.parametrize(
    "spoil",
    [
        lambda it: {"proof": Key().prove(it.issuer)},
        lambda it: {"proof": it.key.prove("https://other.example")},
        lambda it: {"proof": it.key.prove(it.issuer, "exempelel")},
        lambda it: {"proof": it.key.prove(it.issuer, exp=seconds(-60))},
        lambda it: {"proof": it.key.prove(it.issuer, exp=seconds(4000))},
        lambda it: {"proof": it.key.sign({"aud": it.issuer, "sub": BANK}, typ="JWT")},
        lambda it: {"proof": flipped(it.proof)},
        lambda _: {"proof": "x"},
        lambda _: {"jwk": Key().jwk},
        lambda it: {"jwk": it.key.jwk | {"d": "AA"}},
        lambda _: {"jwk": {"kty": "oct", "k": "AA"}},
        lambda it: {"jwk": it.key.jwk | {"crv": "P-384"}},
        lambda it: {"jwk": it.key.jwk | {"alg": "RS256"}},
        lambda it: {"jwk": it.key.jwk | {"x": "A" * 43}},
        lambda _: {"jwk": []},
        lambda _: {"valid_until": "2020-01-01T00:00:00Z"},
        lambda _: {"valid_until": "2999-01-01T00:00:00Z"},
        lambda _: {"valid_until": "2999-01-01"},
        lambda _: {"jwk": Key(rsa.generate_private_key(65537, 1024)).jwk},  # noqa: S505 - that is the point
    ],
)
def test_no_key_is_taken_without_a_proof_that_holds(
    shared: Deployment, spoil: Callable[[Asking], dict[str, Any]]
) -> None:
    key, issuer = Key(), shared.services.identity.issuer
    it = Asking(key, issuer, key.prove(issuer))
    asked = {"jwk": key.jwk, "proof": it.proof} | spoil(it)
    response = registered(shared, {"name": "bot", "role": "signer", "key": asked})
    assert response.status_code == 422
    assert response.get_json()["type"].rpartition("/")[2] in {"client-key-refused", "request-invalid"}


@pytest.mark.parametrize(
    ("changes", "slug"),
    [
        ({"role": "registrar"}, "application-invalid"),
        ({"role": "admin", "ai": {"system": "saga"}}, "application-invalid"),
        ({"ai": {"system": "hedda"}}, "ai-system-unknown"),
        ({"name": " "}, "application-invalid"),
        ({"role": "king"}, "request-invalid"),
    ],
)
def test_a_client_is_of_a_role_and_system_that_there_are(
    shared: Deployment, changes: dict[str, Any], slug: str
) -> None:
    key = Key()
    asked = {"jwk": key.jwk, "proof": key.prove(shared.services.identity.issuer)}
    response = registered(shared, {"name": "bot", "role": "signer", "key": asked} | changes)
    assert (response.status_code, response.get_json()["type"].rpartition("/")[2]) == (422, slug)


def test_a_client_has_ten_keys_at_most(shared: Deployment) -> None:
    admin, client = bearer(shared.new_key(role=Role.ADMIN, operator_id=BANK)), new_client(shared)
    path, statuses = f"/v1/clients/{client.client.id}/keys", []
    for _ in range(10):
        key = Key()
        body = {"jwk": key.jwk, "proof": key.prove(client.issuer)}
        statuses.append(shared.client.post(path, json=body, headers=admin).status_code)
    assert statuses == [201] * 9 + [422]
    with writing(shared.services.engine) as connection:
        revoke_client(connection, client.client, at=datetime.now(UTC))
    key = Key()
    body = {"jwk": key.jwk, "proof": key.prove(client.issuer)}
    assert shared.client.post(path, json=body, headers=admin).status_code == 422


def test_on_each_database_a_token_seals_and_is_given_once(database_url: str, tmp_path: Path) -> None:
    made = deploy(tmp_path, database_url=database_url)
    client = new_client(made)
    assertion = client.assertion()
    token = client.ask(assertion).get_json()["access_token"]
    assert client.ask(assertion).get_json()["error"] == "invalid_client"
    sealed = made.client.post("/v1/messages", json=BODY | {"text": "Hej"}, headers=bearer(token))
    made.services.engine.dispose()
    assert sealed.status_code == 201
