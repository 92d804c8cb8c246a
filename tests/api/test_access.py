"""Who may do what: every route × every credential, against the one table; deny by default."""

import json
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from api.access import AccessUndeclared, format_matrix, list_routes, open_to_all
from registry.api_keys import SCOPES
from registry.clients.access_token import AccessToken, sign_access_token
from registry.clients.store import revoke_client, revoke_key
from registry.model import OperatorId, Role, Scope
from registry.revocation import revoke_api_key
from registry.sending.declaring import declare_contact
from registry.sending.model import ContactKind
from registry.sending.promises import make_promise
from sigill.vocabulary import Channel
from signing.keys.listing import KeyKind
from storage.engine import writing
from tests.builders_access import (
    ALLOWED,
    ANSWERS,
    BODIES,
    BODY,
    DESK,
    DESK_DOORS,
    OF_A_PERSON,
    OF_NOBODY_ELSE,
    OPEN,
    PAST_THE_DOOR,
    ROLES,
)
from tests.builders_clients import BANK, Key, TestClient, bearer, new_client
from tests.builders_deployment import NOW, Deployment, operator
from tests.builders_desk import add_passkey, add_person
from tests.builders_mandates import CENTRE, add_system, centre, given
from tests.builders_releases import hire
from tests.builders_sending import PHONE
from wiring.clients import OPEN_PAGES

DOCUMENT = Path(__file__).parents[2] / "docs" / "access.md"
OTHER = OperatorId("exempelel")
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND")
OF_ROLE: dict[str, tuple[Role, OperatorId | None]] = {
    "signer": (Role.SIGNER, BANK),
    "admin": (Role.ADMIN, BANK),
    "auditor": (Role.AUDITOR, BANK),
    "auditor of all": (Role.AUDITOR, None),
    "registrar": (Role.REGISTRAR, None),
}


@dataclass(frozen=True)
class Shown:
    """What a caller shows: in the rights of which role (None: it is not let in anywhere), of another operator?"""

    token: str | None
    role: str | None = None
    foreign: bool = False
    person: bool = False


def signed_token(client: TestClient, *, issued: datetime, scopes: frozenset[Scope]) -> str:
    """Return a token as the service signs them, made at another time."""
    issued = issued.replace(microsecond=0)
    token = AccessToken(
        client_id=client.client.id,
        thumbprint=client.key.thumbprint,
        scopes=scopes,
        issued_at=issued,
        expires_at=issued + timedelta(minutes=10),
        jti="0" * 26,
    )
    signer = client.made.services.keys.signer(KeyKind.TOKEN, datetime.now(UTC))
    return sign_access_token(token, issuer=client.issuer, signer=signer)


def revoked_credentials(made: Deployment) -> dict[str, Shown]:
    """Return an API key, a client and a client's key that were good until just now."""
    key = made.new_key(role=Role.ADMIN, operator_id=BANK)
    one, two = new_client(made, role=Role.ADMIN), new_client(made, role=Role.ADMIN)
    tokens = [one.token(), two.token()]
    at = datetime.now(UTC)
    with writing(made.services.engine) as connection:
        assert revoke_api_key(connection, prefix=key.split("_")[1], at=at)
        revoke_client(connection, one.client, at=at)
        revoke_key(connection, two.client, two.key.thumbprint, at=at)
    return {
        "a revoked key": Shown(key),
        "a revoked client": Shown(tokens[0]),
        "a client's revoked key": Shown(tokens[1]),
    }


@pytest.fixture(scope="module")
def credentials(shared: Deployment) -> dict[str, Shown]:
    shared.add(operator(OTHER))
    shared.add(centre())
    ended = signed_token(
        new_client(shared), issued=datetime.now(UTC) - timedelta(minutes=11), scopes=SCOPES[Role.SIGNER]
    )
    found = {
        "nobody": Shown(None),
        "an empty key": Shown(""),
        "garbage": Shown("sigill_aaaaaaaa_" + "A" * 43),
        "garbage like a token": Shown("a.b.c"),
        "an expired key": Shown(shared.new_key(role=Role.SIGNER, operator_id=BANK, expires_at=NOW)),
        "an expired token": Shown(ended),
        "an assertion": Shown(new_client(shared).assertion()),
        **revoked_credentials(shared),
    }
    for name, (role, operator_id) in OF_ROLE.items():
        found[f"key of {name}"] = Shown(shared.new_key(role=role, operator_id=operator_id), name)
        own = shared.new_key(role=role, operator_id=operator_id, person=shared.new_person(role=role))
        found[f"own key of {name}"] = Shown(own, name, person=True)
        if SCOPES[role]:
            client = new_client(shared, role=role, operator_id=operator_id)
            found[f"token of {name}"] = Shown(client.token(), name)
    for name in ("signer", "admin", "auditor"):
        role = OF_ROLE[name][0]
        found[f"foreign {name}'s key"] = Shown(shared.new_key(role=role, operator_id=OTHER), name, foreign=True)
        foreign = new_client(shared, role=role, operator_id=OTHER)
        found[f"foreign {name}'s token"] = Shown(foreign.token(), name, foreign=True)
    return found


def body_for(place: tuple[str, str], shared: Deployment, shown: Shown) -> Any:
    """Return a body that is right; a key to register is a new one each time."""
    if place == ("POST", "/v1/ai-systems"):
        return {"system": f"s-{secrets.token_hex(8)}", "name": secrets.token_hex(8)}
    if not place[1].startswith("/v1/clients") or place[0] != "POST":
        return BODIES.get(place, BODY)
    key, of = Key(), OTHER if shown.foreign else BANK
    asked = {"jwk": key.jwk, "proof": key.prove(shared.services.identity.issuer, of)}
    return asked if place[1].endswith("/keys") else {"name": "new", "role": "signer", "key": asked}


def spare_person(shared: Deployment) -> dict[str, str]:
    """Return somebody with a passkey whom nobody has ended yet."""
    person = add_person(shared, Role.SIGNER)
    return {"person_id": person.id, "passkey_id": add_passkey(shared, person).id}


def name_a_domain(shared: Deployment) -> dict[str, str]:
    """Name a domain of the bank's; return the headers of its administrator."""
    headers = bearer(shared.new_key(role=Role.ADMIN, operator_id=BANK))
    response = shared.client.post("/v1/operator/domains", json={"domain": "only-the-banks.se"}, headers=headers)
    assert response.status_code == 201, response.get_data(as_text=True)
    return headers


def test_no_credential_gets_further_than_it_may_and_no_method_breaks_anything(
    shared: Deployment, credentials: dict[str, Shown]
) -> None:
    spare = new_client(shared)
    add_system(shared, BANK, "spare")
    filled = {
        "message_id": released(shared),
        "conversation_id": shared.sign(conversation="chat-1").get_json()["conversation"]["id"],
        "operator_id": BANK,
        "path": "entries/000.p/1",
        "contact_id": declare_contact(BANK, ContactKind.PHONE, PHONE, world=shared.services.sending).id,
        "promise_id": make_promise(
            BANK, Channel.EMAIL, since=datetime.now(UTC).date(), world=shared.services.sending
        ).id,
        "client_id": spare.client.id,
        "thumbprint": spare.key.thumbprint,
        "person_id": "none",
        "passkey_id": "none",
        "mandate_id": given(shared, by=CENTRE, to=BANK).id,
        "ref": "spare",
        "domain": "only-the-banks.se",
        "check_id": shared.client.post(
            "/v1/operator/domains/only-the-banks.se/check", headers=name_a_domain(shared)
        ).get_json()["id"],
        "prefix": shared.new_key(role=Role.SIGNER, operator_id=BANK).split("_")[1],
        "name": "start.js",
        "slug": "not-found",
        "number": "1",
        "code": "7K3F9Q2MXT4B",
    }
    ordered = sorted(ALLOWED, key=lambda place: place[0] == "DELETE")  # what is gone cannot be asked for
    asked = 0
    for method, path in ordered:
        for name, shown in credentials.items():
            query = f"?operator={OTHER if shown.foreign else BANK}" if path == "/v1/conversations" else ""
            body = body_for((method, path), shared, shown)
            filled |= spare_person(shared) if "person_id" in path else {}
            address = path.format_map(filled)
            response = shared.client.open(
                address + query, method=method, headers=bearer(shown.token), json=body, buffered=True
            )
            asked += 1
            check(response, (method, path), name, shown)
    assert asked == len(ALLOWED) * len(credentials) > 400


def released(shared: Deployment) -> str:
    """Return the id of a message of attestation level A: it has everything that a message may have."""
    anna = hire(shared)
    return str(anna.sign(anna.released()).get_json()["id"])


def check(response: Any, place: tuple[str, str], name: str, shown: Shown) -> None:
    where = (*place, name, response.status_code, response.get_data(as_text=True)[:300])
    lets_in = shown.role in ALLOWED[place]
    if lets_in and place in OF_A_PERSON and not shown.person:
        assert (response.status_code, response.content_type) == (403, "application/problem+json"), where
        return
    if lets_in and not (shown.foreign and place in OF_NOBODY_ELSE):
        if place in PAST_THE_DOOR and response.status_code >= 400:
            assert response.get_json()["type"].rpartition("/")[2] in PAST_THE_DOOR[place], where
        else:
            assert response.status_code in ANSWERS.get(place[1], {200, 201}), where
        return
    assert response.content_type == "application/problem+json", where
    if shown.role is None:
        assert response.status_code == 401, where
        challenge = 'Bearer realm="sigill"' + (', error="invalid_token"' if shown.token else "")
        assert response.headers["WWW-Authenticate"] == challenge, where
    elif not lets_in:
        assert response.status_code == 403, where
        assert response.headers["WWW-Authenticate"] == 'Bearer realm="sigill", error="insufficient_scope"', where
    else:
        assert response.status_code in {403, 404}, where


def test_the_table_names_every_route_and_each_is_open_or_names_its_scope(shared: Deployment) -> None:
    found = {(route.method, route.path): route for route in list_routes(shared.app, open_endpoints=OPEN_PAGES)}
    assert set(found) == set(ALLOWED) | OPEN | set(DESK) | DESK_DOORS
    assert len(found) == len(ALLOWED) + len(OPEN) + len(DESK) + len(DESK_DOORS)
    for place, route in found.items():
        if place in DESK:
            assert route.access.people == DESK[place], place
            continue
        if place in DESK_DOORS:
            assert route.access.people is None is route.access.scope, place
            continue
        allowed = {role for role in ROLES if route.allows(OF_ROLE[role][0])}
        assert allowed == (set(ROLES) if place in OPEN else ALLOWED[place]), place


def test_no_key_opens_the_desk(shared: Deployment, credentials: dict[str, Shown]) -> None:
    for method, path in DESK:
        for name, shown in credentials.items():
            response = shared.client.open(
                path.replace("{", "").replace("}", ""), method=method, headers=bearer(shown.token)
            )
            assert response.status_code == (303 if method == "GET" else 403), (method, path, name)


def test_what_is_open_is_open_to_those_who_show_nothing(shared: Deployment) -> None:
    filled = {"operator_id": BANK, "name": "start.js", "slug": "not-found", "number": "1", "code": "7K3F9Q2MXT4B"}
    filled["release_id"] = "re-" + "0" * 20
    for method, path in sorted(OPEN - {("GET", "/metrics")}):
        response = shared.client.open(path.format_map(filled), method=method, buffered=True)
        assert response.status_code not in {401, 403}, (method, path)


def test_no_method_breaks_a_route_for_any_role(shared: Deployment) -> None:
    keys = [None, *(shared.new_key(role=role, operator_id=whose) for role, whose in OF_ROLE.values())]
    routes = list_routes(shared.app, open_endpoints=OPEN_PAGES)
    offered: dict[str, set[str]] = {}
    for route in routes:
        offered.setdefault(route.path, set()).add(route.method)
    for path, methods in offered.items():
        for method in METHODS:
            for key in keys:
                address = path.replace("{number}", "1")
                response = shared.client.open(address, method=method, headers=bearer(key), json=BODY, buffered=True)
                assert response.status_code < 500, (method, path)
                if method not in methods | {"HEAD", "OPTIONS"} or (method == "HEAD" and "GET" not in methods):
                    assert response.status_code == 405, (method, path)
                    assert response.headers["Allow"], (method, path)


def test_a_route_that_does_not_say_who_may_call_it_is_a_fault_of_the_program() -> None:
    app = Flask("small", static_folder=None)
    app.add_url_rule("/open", "open", open_to_all(lambda: "x"))
    assert [route.path for route in list_routes(app)] == ["/open"]
    app.add_url_rule("/forgotten", "forgotten", lambda: "x")
    with pytest.raises(AccessUndeclared, match=r"forgotten \(/forgotten\) does not say who may call it"):
        list_routes(app)
    assert len(list_routes(app, open_endpoints={"forgotten"})) == 2


def test_the_page_on_access_shows_the_matrix_as_it_is(shared: Deployment) -> None:
    matrix = format_matrix(list_routes(shared.app, open_endpoints=OPEN_PAGES))
    assert matrix in DOCUMENT.read_text("utf-8"), f"python -m running.admin access prints it:\n{matrix}"


def test_who_is_refused_leaves_a_line_without_a_secret(shared: Deployment, caplog: pytest.LogCaptureFixture) -> None:
    key = shared.new_key(role=Role.AUDITOR, operator_id=BANK)
    secret = "sigill_aaaaaaaa_" + secrets.token_hex(22)[:43]
    with caplog.at_level("WARNING", logger="sigill.audit"):
        shared.client.post("/v1/messages", json=BODY, headers=bearer(key))
        shared.client.post("/v1/messages", json=BODY, headers=bearer(secret))
        shared.client.post("/v1/messages", json=BODY)
    lines = [json.loads(record.getMessage()) for record in caplog.records if record.name == "sigill.audit"]
    route = "POST /v1/messages"
    assert lines == [
        {
            "event": "call_refused",
            "credential": key.split("_")[1],
            "operator": BANK,
            "problem": "scope-missing",
            "route": route,
        },
        {"event": "call_refused", "problem": "credential-unknown", "route": route},
    ]
    assert key not in caplog.text
    assert secret not in caplog.text
