"""/v1/clients: registering, listing and revoking clients and their keys."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, NamedTuple

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from registry.clients.store import revoke_client
from registry.model import OperatorId, Role
from storage.engine import writing
from tests.builders_clients import BANK, Key, TestClient, bearer, flipped, new_client, seconds
from tests.builders_deployment import Deployment, operator


@pytest.fixture(scope="module")
def client(shared: Deployment) -> TestClient:
    return new_client(shared)


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
