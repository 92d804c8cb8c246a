"""/v1/api-keys: an operator hands out its own keys; each is shown once."""

from typing import Any

import pytest

from registry.model import OperatorId, Role
from tests.builders_clients import BANK, bearer, later
from tests.builders_deployment import Deployment, operator

OTHER = OperatorId("exempelel")


@pytest.fixture(scope="module")
def admin(shared: Deployment) -> dict[str, str]:
    shared.add(operator(OTHER))
    return bearer(shared.new_key(role=Role.ADMIN, operator_id=BANK))


def _make(shared: Deployment, admin: dict[str, str], **changes: Any) -> Any:
    body = {"name": "mail server", "role": "signer"} | changes
    return shared.client.post("/v1/api-keys", json=body, headers=admin)


def test_a_key_is_shown_once_signs_and_is_revoked(shared: Deployment, admin: dict[str, str]) -> None:
    response = _make(shared, admin, valid_until=later(2).isoformat())
    assert (response.status_code, response.headers["Cache-Control"]) == (201, "private, no-store")
    made = response.get_json()
    body = {"authorship": "human", "channel": "chat", "enquiry": "informational", "text": "Hej"}
    sealed = shared.client.post("/v1/messages", json=body, headers=bearer(made["key"]))
    assert sealed.status_code == 201
    listed = shared.client.get("/v1/api-keys", headers=admin).get_json()["api_keys"]
    (same,) = [each for each in listed if each["prefix"] == made["prefix"]]
    assert same == {name: value for name, value in made.items() if name != "key"}
    assert made["key"].split("_")[2] not in str(listed)
    place = f"/v1/api-keys/{made['prefix']}"
    revoked = shared.client.delete(place, headers=admin).get_json()
    assert revoked["revoked_at"] is not None
    assert shared.client.delete(place, headers=admin).get_json() == revoked


def test_only_its_own_operators_keys_are_listed_and_found(shared: Deployment, admin: dict[str, str]) -> None:
    foreign = shared.keys[OTHER].split("_")[1]
    listed = shared.client.get("/v1/api-keys", headers=admin).get_json()["api_keys"]
    assert foreign not in {each["prefix"] for each in listed}
    for prefix in (foreign, "nothing0", "%00", "å" * 100):
        response = shared.client.delete(f"/v1/api-keys/{prefix}", headers=admin)
        assert response.status_code == 404
    assert shared.sign(by=OTHER).status_code == 201


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"role": "registrar"}, "/role"),
        ({"role": "king"}, "/role"),
        ({"name": ""}, "/name"),
        ({"name": "x" * 121}, "/name"),
        ({"valid_until": "soon"}, "/valid_until"),
        ({"valid_until": "2030-01-01T00:00:00"}, "/valid_until"),
        ({"secret": "mine"}, "/secret"),
    ],
)
def test_a_wrong_field_is_named(
    shared: Deployment, admin: dict[str, str], changes: dict[str, Any], pointer: str
) -> None:
    response = _make(shared, admin, **changes)
    assert response.status_code == 422
    assert [each["pointer"] for each in response.get_json()["errors"]] == [pointer]


@pytest.mark.parametrize("days", [-1, 4000])
def test_a_key_ends_in_the_future_and_within_ten_years(shared: Deployment, admin: dict[str, str], days: int) -> None:
    response = _make(shared, admin, valid_until=later(days).isoformat())
    assert response.status_code == 422
    assert "a key ends in the future" in response.get_json()["detail"]
