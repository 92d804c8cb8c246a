"""The desk in tests: people of a deployment, and a browser in which one of them is signed in."""

import re
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from registry.model import OperatorId, Role
from registry.people.model import Passkey, Person, PersonId
from registry.people.sessions import csrf_of, start_session
from registry.people.store import make_person_id, save_passkey, save_person
from storage.engine import writing
from tests.builders_deployment import Deployment
from tests.builders_web import Page, check_page

BANK: Final = OperatorId("exempelbanken")
_PLACEHOLDER: Final = re.compile(r"<(?:\w+:)?(\w+)>")


@dataclass
class SignedIn:
    """A browser in which `person` is signed in. `get` and `post` take what follows /desk."""

    made: Deployment
    person: Person
    client: FlaskClient
    token: str

    @property
    def csrf(self) -> str:
        """What every form of the session carries."""
        return csrf_of(self.token)

    @property
    def origin(self) -> str:
        """Where the desk's pages are."""
        return self.made.services.settings.public_url

    def get(self, path: str = "") -> TestResponse:
        """Open a page."""
        return self.client.get(f"/desk{path}")

    def page(self, path: str = "", *, language: str = "en", scripts: bool = False) -> Page:
        """Open a page that must be there, and whole."""
        response = self.client.get(f"/desk{path}", headers={"Accept-Language": language})
        assert response.status_code == 200, response.get_data(as_text=True)
        return check_page(response.get_data(as_text=True), language=language, scripts=scripts)

    def post(self, path: str, *, origin: str | None = None, csrf: str | None = None, **form: str) -> TestResponse:
        """Send a form of this session, from a page of ours unless `origin` or `csrf` say otherwise."""
        fields = {"csrf": self.csrf if csrf is None else csrf, **form}
        return self.client.post(f"/desk{path}", data=fields, headers={"Origin": origin or self.origin})


def add_person(
    made: Deployment, role: Role, *, operator_id: OperatorId | None = BANK, name: str = "Anna Andersson"
) -> Person:
    """Add somebody: of the bank, or with `operator_id=None` of the guarantor."""
    person = Person(
        id=make_person_id(secrets.token_bytes(20)),
        operator_id=operator_id,
        name=name,
        role=role,
        created_at=datetime.now(UTC).replace(microsecond=0),
    )
    with writing(made.services.engine) as connection:
        save_person(connection, person)
    return person


def sign_in(made: Deployment, person: Person, *, at: datetime | None = None, passkey_id: str | None = None) -> SignedIn:
    """Return a browser in which somebody signed in at `at` (by default just now)."""
    with writing(made.services.engine) as connection:
        token = start_session(
            connection,
            PersonId(person.id),
            passkey_id=passkey_id,
            at=at or datetime.now(UTC),
            randomness=secrets.token_bytes(32),
        )
    client = made.client
    client.set_cookie("sigill-desk", token)
    return SignedIn(made, person, client, token)


def add_passkey(made: Deployment, person: Person, *, name: str = "Laptop") -> Passkey:
    """Add a passkey that nobody holds, for pages that only list them."""
    passkey = Passkey(
        id=secrets.token_urlsafe(24),
        person_id=PersonId(person.id),
        name=name,
        public_key=b"\xa0",
        sign_count=0,
        aaguid="00000000-0000-0000-0000-000000000000",
        attestation="none",
        device_bound=False,
        transports=("internal",),
        created_at=datetime.now(UTC).replace(microsecond=0),
    )
    with writing(made.services.engine) as connection:
        save_passkey(connection, passkey)
    return passkey


def someone(made: Deployment, role: Role, *, operator_id: OperatorId | None = BANK) -> SignedIn:
    """Return a browser in which a new person of this role is signed in; registrars are the guarantor's."""
    whose = None if role is Role.REGISTRAR else operator_id
    return sign_in(made, add_person(made, role, operator_id=whose))


def address_of(path: str, **parts: str) -> str:
    """Return a route's path with its variables filled in, `-` where nothing is given."""
    return _PLACEHOLDER.sub(lambda found: parts.get(found[1], "-"), path)
