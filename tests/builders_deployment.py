"""A small real deployment for tests: SQLite in a folder, real keys, real policies, operators made for the test."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import make_url

from registry.api_keys import make_api_key, save_api_key
from registry.model import (
    AiSystem,
    Environment,
    Evidence,
    EvidenceKind,
    Operator,
    OperatorId,
    Role,
    StateChange,
)
from registry.operators import save_operator
from registry.people.model import Person
from registry.people.store import make_person_id, save_person
from settings import read_settings
from sigill.report.standing import State
from sigill.vocabulary import Industry
from storage.engine import writing
from storage.migrate import migrate
from tests.builders_databases import copy_migrated
from wiring import Services, build_app, build_services

NOW = datetime.now(UTC).replace(microsecond=0)
TEXT = "Hej! Kontoret har öppet 9–17 alla vardagar."


def operator(operator_id: str = "exempelbanken", **changes: Any) -> Operator:
    """Return a verified live operator with one AI system."""
    values: dict[str, Any] = {
        "id": OperatorId(operator_id),
        "name": operator_id.capitalize(),
        "identifier": f"NTRSE-TEST-{operator_id}",
        "industry": Industry.BANK,
        "environment": Environment.LIVE,
        "markets": ("SE",),
        "flags": (),
        "phone": "+46840200000",
        "wait_minutes": 3,
        "website": None,
        "history": (
            StateChange(state=State.APPLIED, since=NOW - timedelta(days=20), reason="applied"),
            StateChange(state=State.VERIFIED, since=NOW - timedelta(days=10), reason="checked"),
        ),
        "evidence": (
            Evidence(
                id=f"EV-{operator_id}"[:26],
                kind=EvidenceKind.DEMONSTRATION,
                method="made up for a test",
                checked_by="the test",
                valid_from=NOW - timedelta(days=10),
                valid_until=NOW + timedelta(days=300),
            ),
        ),
        "ai_systems": (AiSystem(ref="saga", name="Saga", provider="Exempel AI", model="saga-1", active=True),),
    }
    return Operator(**(values | changes))


@dataclass
class Deployment:
    """Services, the app, which is built when it is first asked for, and an API key per operator."""

    services: Services
    built: Flask | None = None
    keys: dict[str, str] = field(default_factory=dict)

    @property
    def app(self) -> Flask:
        """The whole web application: a tenth of a second of CPU, once."""
        if self.built is None:
            self.built = build_app(self.services)
        return self.built

    @property
    def client(self) -> FlaskClient:
        """A test client."""
        return self.app.test_client()

    def add(self, new: Operator) -> None:
        """Add an operator with its log and a signer's key."""
        with writing(self.services.engine) as connection:
            save_operator(connection, new, created_at=NOW)
        self.services.log.create_log(new.id, f"{self.services.identity.log_prefix}/{new.id}")
        self.keys[new.id] = self.new_key(role=Role.SIGNER, operator_id=new.id)

    def new_key(
        self,
        *,
        role: Role,
        operator_id: OperatorId | None,
        expires_at: datetime = NOW + timedelta(days=30),
        person: str | None = None,
    ) -> str:
        """Make an API key, a person's own where one is named."""
        key = make_api_key(secrets.token_bytes(40))
        with writing(self.services.engine) as connection:
            save_api_key(
                connection,
                key,
                name="test",
                role=role,
                operator_id=operator_id,
                created_at=NOW - timedelta(days=1),
                expires_at=expires_at,
                person=person,
            )
        return key.text

    def new_person(self, *, role: Role, operator_id: OperatorId | None = None) -> str:
        """Add a person; return its id."""
        person = Person(
            id=make_person_id(secrets.token_bytes(20)), operator_id=operator_id, name="Test", role=role, created_at=NOW
        )
        with writing(self.services.engine) as connection:
            save_person(connection, person)
        return person.id

    def sign(self, *, by: str = "exempelbanken", **changes: Any) -> Any:
        """POST a message; return the response."""
        body = {"authorship": "human", "channel": "chat", "enquiry": "informational", "text": TEXT} | changes
        body = {name: value for name, value in body.items() if value is not None}
        return self.client.post("/v1/messages", json=body, headers={"Authorization": f"Bearer {self.keys[by]}"})

    def verify(self, **body: Any) -> dict[str, Any]:
        """POST a verification that must succeed; return the answer."""
        response = self.client.post("/v1/verifications", json=body)
        assert response.status_code == 200, response.get_data(as_text=True)
        value: dict[str, Any] = response.get_json()
        return value


def deploy(
    folder: Path, *operators: Operator, database_url: str = "", more: Mapping[str, str] | None = None
) -> Deployment:
    """Return a deployment in `folder` with the given operators (by default one bank) and database (a file in it).

    `more` are settings beside these; nothing is limited unless they say so.
    """
    usual = {"VAR": str(folder / "var"), "DATABASE_URL": database_url, "SIGILL_LIMITS": "off"}
    settings = read_settings({**usual, **(more or {})})
    file = Path(make_url(settings.database_url).database or "")
    if not database_url and not file.exists():
        copy_migrated(file)
    services = build_services(settings, first_start=True)
    if database_url:
        migrate(services.engine)
    deployment = Deployment(services)
    for each in operators or (operator(),):
        deployment.add(each)
    return deployment
