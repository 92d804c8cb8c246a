"""People with passkeys of a deployment, and releases asked for and given there."""

import json
import secrets
from dataclasses import dataclass, field
from typing import Any

from registry.model import OperatorId, Role
from registry.people.model import Passkey, Person
from registry.people.relying_party import RelyingParty, relying_party
from registry.people.store import make_person_id, save_passkey, save_person
from sigill.encoding.base64url import parse_base64url
from storage.engine import writing
from tests.builders_clients import TestClient, bearer
from tests.builders_deployment import NOW, TEXT, Deployment
from tests.builders_presence import Authenticator, assertion_json

MESSAGE: dict[str, Any] = {"authorship": "human", "channel": "chat", "enquiry": "informational", "text": TEXT}
AI_MESSAGE = MESSAGE | {"authorship": "ai", "disclosure": "separate"}


@dataclass
class Employee:
    """Somebody of a deployment's operator, with a soft passkey."""

    made: Deployment
    person: Person
    device: Authenticator

    def ask(self, message: dict[str, Any] | None = None, **changes: Any) -> Any:
        """POST the options; return the response."""
        body = {"person": self.person.id, "message": MESSAGE if message is None else message} | changes
        body = {name: value for name, value in body.items() if value is not None}
        return self.made.client.post("/v1/attestations/options", json=body, headers=self.headers)

    def waiting(self, message: dict[str, Any] | None = None) -> dict[str, Any]:
        response = self.ask(message)
        assert response.status_code == 201, response.get_data(as_text=True)
        found: dict[str, Any] = response.get_json()
        return found

    def give(self, waiting: dict[str, Any], **how: Any) -> Any:
        """POST an assertion; return the response. `how` is what is wrong with it."""
        device: Authenticator = how.pop("device", self.device)
        name = how.pop("id", device.id)
        answer = device.answer(parse_base64url(waiting["challenge"]), **how)
        body = assertion_json(answer, credential_id=name)
        return self.made.client.post(f"/v1/attestations/{waiting['id']}", json=body)

    def released(self, message: dict[str, Any] | None = None) -> str:
        """Return the id of a release that was given."""
        waiting = self.waiting(message)
        response = self.give(waiting)
        assert response.status_code == 200, response.get_data(as_text=True)
        return str(waiting["id"])

    def sign(self, attestation: Any, message: dict[str, Any] | None = None, **headers: str) -> Any:
        body = (MESSAGE if message is None else message) | {"attestation": attestation}
        return self.made.client.post("/v1/messages", json=body, headers=self.headers | headers)

    @property
    def headers(self) -> dict[str, str]:
        return bearer(self.made.keys[str(self.person.operator_id)])


@dataclass
class Robot:
    """An AI system's program: a client with a key of its own."""

    client: TestClient
    token: str = field(init=False)

    def __post_init__(self) -> None:
        self.token = self.client.token()

    def waiting(self, message: dict[str, Any] | None = None) -> dict[str, Any]:
        body = {"message": AI_MESSAGE if message is None else message}
        response = self.client.made.client.post("/v1/attestations/options", json=body, headers=bearer(self.token))
        assert response.status_code == 201, response.get_data(as_text=True)
        found: dict[str, Any] = response.get_json()
        return found

    def sign(self, waiting: dict[str, Any], message: dict[str, Any] | None = None, *, jws: str | None = None) -> Any:
        """Seal with the key's signature over the statement, made by PyJWT."""
        if jws is None:
            jws = self.client.key.sign(json.loads(waiting["statement"]), typ="sigill-release+jwt")
        body = (AI_MESSAGE if message is None else message) | {"attestation": {"id": waiting["id"], "jws": jws}}
        return self.client.made.client.post("/v1/messages", json=body, headers=bearer(self.token))


def hire(
    made: Deployment,
    *,
    operator_id: str | None = "exempelbanken",
    role: Role = Role.SIGNER,
    device: Authenticator | None = None,
) -> Employee:
    """Add a person with a passkey."""
    page = release_page(made)
    device = device or Authenticator(rp_id=page.id, origin=page.origin, credential_id=secrets.token_bytes(16))
    person = Person(
        id=make_person_id(secrets.token_bytes(20)),
        operator_id=None if operator_id is None else OperatorId(operator_id),
        name="Anna Andersson",
        role=role,
        created_at=NOW,
    )
    passkey = Passkey(
        id=device.id,
        person_id=person.id,
        name="laptop",
        public_key=device.cose,
        sign_count=device.count,
        aaguid="00000000-0000-0000-0000-000000000000",
        attestation="none",
        device_bound=True,
        transports=("internal",),
        created_at=NOW,
    )
    with writing(made.services.engine) as connection:
        save_person(connection, person)
        save_passkey(connection, passkey)
    return Employee(made, person, device)


def release_page(made: Deployment) -> RelyingParty:
    """Return where this deployment's releases are given."""
    return relying_party(made.services.settings.public_url)


def slug(response: Any) -> str:
    """Return the problem of an answer, by its name."""
    return str(response.get_json()["type"].rpartition("/")[2])
