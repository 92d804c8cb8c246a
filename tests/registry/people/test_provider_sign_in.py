"""Signing in with an identity provider that is played: what comes back counts once, here, for who is bound."""

import json
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from jwt.algorithms import ECAlgorithm

from registry.errors import ApplicationInvalid, PersonUnknown, ProviderRefused
from registry.model import Role
from registry.people.oidc.provider import Client, Metadata, Provider, challenge_of
from registry.people.oidc.signing_in import bind_subject, come_back, send_off, subject_of
from registry.people.sessions import load_session
from registry.people.staff import end_person_logged
from registry.people.store import load_person
from registry.people.world import PeopleWorld
from storage.engine import reading
from tests.builders_deployment import Deployment
from tests.builders_desk import add_person

ISSUER = "https://login.example"
KEY = ec.generate_private_key(ec.SECP256R1())


class Played(Provider):
    """A provider that lets everybody in as `subject`, and checks what a real one checks."""

    def __init__(self, world: PeopleWorld, *, names_itself: bool = False) -> None:
        super().__init__(
            Client(issuer=ISSUER, client_id="desk", redirect_uri="http://localhost:8000/desk/oidc/callback")
        )
        self.world, self.subject, self.names_itself = world, "anna", names_itself
        self.asked: dict[str, str] = {}

    def metadata(self) -> Metadata:
        return Metadata(
            authorization_endpoint=f"{ISSUER}/authorize?tenant=7",
            token_endpoint=f"{ISSUER}/token",
            jwks_uri=f"{ISSUER}/jwks",
            names_itself=self.names_itself,
        )

    def keys(self, kid: str | None) -> dict[str, Any]:
        return {"keys": [json.loads(ECAlgorithm.to_jwk(KEY.public_key())) | {"kid": kid}]}

    def visit(self, binding: str) -> dict[str, str]:
        """Go there and come back; return the answer's query."""
        there = urlsplit(send_off(self, binding=binding, world=self.world))
        self.asked = dict(parse_qsl(there.query))
        return {"code": "c", "state": self.asked["state"]} | ({"iss": ISSUER} if self.names_itself else {})

    def redeem(self, code: str, *, verifier: str, jti: str) -> str:
        assert (code, challenge_of(verifier)) == ("c", self.asked["code_challenge"])
        assert jti
        now = int(self.world.now().timestamp())
        times = {"iat": now, "auth_time": now, "exp": now + 60}
        claims = {"iss": ISSUER, "aud": "desk", "sub": self.subject, "nonce": self.asked["nonce"], **times}
        return jwt.encode(claims, KEY, algorithm="ES256", headers={"kid": "1"})


def refused(query: dict[str, str], played: Played, *, binding: str = "b") -> str:
    with pytest.raises(ProviderRefused) as error:
        come_back(query, provider=played, binding=binding, world=played.world)
    return error.value.reason


def test_what_comes_back_counts_once_and_in_the_browser_that_was_sent(
    deployment: Deployment, world: PeopleWorld
) -> None:
    person, played = add_person(deployment, Role.SIGNER), Played(world)
    played.subject = person.id
    bind_subject(person, person.id, provider=played, by="x", world=world)
    query = played.visit("b")
    assert (played.asked["tenant"], played.asked["code_challenge_method"], played.asked["max_age"]) == (
        "7",
        "S256",
        "900",
    )
    assert refused(query, played, binding="another") == "wrong_state"
    assert refused(query, played, binding="") == "wrong_state"
    assert refused(query | {"state": query["state"][:-1]}, played) == "wrong_state"
    assert refused(query | {"code": ""}, played) == "no_code"
    assert refused({"error": "access_denied", "state": query["state"]}, played) == "no_code"
    made = come_back(query, provider=played, binding="b", world=world)
    assert made.person.id == person.id
    with reading(world.engine) as connection:
        session = load_session(connection, made.token, at=world.now())
    assert session is not None
    assert session.passkey_id is None
    assert refused(query, played) == "replayed"
    end_person_logged(person, by="x", world=world)
    assert refused(played.visit("b"), played) == "unknown_subject"


def test_an_answer_of_another_provider_is_refused(world: PeopleWorld) -> None:
    played = Played(world, names_itself=True)
    query = played.visit("b")
    assert refused(query | {"iss": "https://evil.example"}, played) == "wrong_issuer"
    del query["iss"]
    assert refused(query, played) == "wrong_issuer"
    assert refused(Played(world).visit("b") | {"iss": "https://evil.example"}, Played(world)) == "wrong_issuer"


def test_a_subject_signs_one_person_in_and_binding_anew_ends_sessions(
    deployment: Deployment, world: PeopleWorld
) -> None:
    one, other, played = add_person(deployment, Role.SIGNER), add_person(deployment, Role.SIGNER), Played(world)
    played.subject = f"of {one.id}"
    bind_subject(one, played.subject, provider=played, by="x", world=world)
    with pytest.raises(ApplicationInvalid, match="signs somebody else in"):
        bind_subject(other, played.subject, provider=played, by="x", world=world)
    for wrong in (" x", "a\nb", "x" * 121):
        with pytest.raises(ApplicationInvalid):
            bind_subject(other, wrong, provider=played, by="x", world=world)
    made = come_back(played.visit("b"), provider=played, binding="b", world=world)
    bind_subject(one, "", provider=played, by="x", world=world)
    with reading(world.engine) as connection:
        assert load_session(connection, made.token, at=world.now()) is None
        assert subject_of(load_person(connection, one.id), played) == ""
    bind_subject(other, played.subject, provider=played, by="x", world=world)
    with reading(world.engine) as connection:
        assert subject_of(load_person(connection, other.id), played) == played.subject
    end_person_logged(other, by="x", world=world)
    with pytest.raises(PersonUnknown):
        bind_subject(other, "y", provider=played, by="x", world=world)
