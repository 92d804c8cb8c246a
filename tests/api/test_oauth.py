"""Tokens for clients with a private key: what gets one, what it is good for, and each attack with its own answer."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa

from registry.clients.store import revoke_client, revoke_key
from registry.model import Role, StateChange
from registry.operators import change_state
from sigill.report.standing import State
from storage.engine import writing
from tests.builders_access import BODY
from tests.builders_clients import BANK, Key, TestClient, bearer, flipped, later, new_client
from tests.builders_deployment import Deployment, deploy

AI: dict[str, Any] = BODY | {"authorship": "ai", "disclosure": "separate", "text": "Hej"}


@pytest.fixture(scope="module")
def client(shared: Deployment) -> TestClient:
    return new_client(shared)


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


def test_on_each_database_a_token_seals_and_is_given_once(database_url: str, tmp_path: Path) -> None:
    made = deploy(tmp_path, database_url=database_url)
    client = new_client(made)
    assertion = client.assertion()
    token = client.ask(assertion).get_json()["access_token"]
    assert client.ask(assertion).get_json()["error"] == "invalid_client"
    sealed = made.client.post("/v1/messages", json=BODY | {"text": "Hej"}, headers=bearer(token))
    made.services.engine.dispose()
    assert sealed.status_code == 201
