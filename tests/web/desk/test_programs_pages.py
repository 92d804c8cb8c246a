"""The desk's page of an operator's programs: API keys shown once, clients rotated, and what is another's."""

import json
from typing import Any

import pytest

from registry.api_keys import list_api_keys, load_listed_key
from registry.clients.model import Client
from registry.clients.store import list_clients
from registry.model import OperatorId, Role
from registry.steps import Act, list_steps
from storage.engine import reading
from tests.builders_clients import Key, bearer, new_client
from tests.builders_deployment import Deployment, operator
from tests.builders_desk import BANK, SignedIn, someone
from web.desk.words import DeskLanguage

OTHER = OperatorId("exempelel")


@pytest.fixture
def anna(deployment: Deployment) -> SignedIn:
    return someone(deployment, Role.ADMIN)


def pasted(made: Deployment, key: Key, operator_id: str = BANK) -> str:
    """Return what `sigill client-key prove` prints."""
    return json.dumps({"jwk": key.jwk, "proof": key.prove(made.services.identity.issuer, operator_id)})


def clients(made: Deployment, operator_id: str = BANK) -> tuple[Client, ...]:
    with reading(made.services.engine) as connection:
        return tuple(list_clients(connection, operator_id=OperatorId(operator_id)))


def acts(made: Deployment) -> list[tuple[Act, str]]:
    with reading(made.services.engine) as connection:
        return [(each.step.act, each.step.by) for each in list_steps(connection, BANK)]


def test_a_key_is_shown_once_works_and_is_revoked(deployment: Deployment, anna: SignedIn) -> None:
    answer = anna.post("/programs/api-keys", name="mail server", role="signer")
    text = answer.get_data(as_text=True)
    with reading(deployment.services.engine) as connection:
        (held,) = (
            each.credential
            for each in list_api_keys(connection, operator_id=BANK)
            if each.credential.name == "mail server"
        )
    key = next(word for word in text.replace("<", " ").replace(">", " ").split() if f"{held.prefix}_" in word)
    deployment.keys["new"] = key
    assert deployment.sign(by="new").status_code == 201
    assert key not in anna.get("/programs").get_data(as_text=True)
    assert anna.post("/programs/api-keys/revocation", key=held.prefix).status_code == 303
    with reading(deployment.services.engine) as connection:
        assert load_listed_key(connection, held.prefix).credential.revoked_at is not None
    by = f"admin {anna.person.id}"
    assert acts(deployment) == [(Act.API_KEY_ADDED, by), (Act.API_KEY_REVOKED, by)]
    for language in DeskLanguage:
        assert held.prefix in anna.page("/programs", language=language).text


def test_a_client_is_registered_rotated_and_revoked_at_the_desk(deployment: Deployment, anna: SignedIn) -> None:
    first, second = Key(), Key()
    form = {"client_name": "chat bot", "client_role": "signer", "client_ai": "saga"}
    assert anna.post("/programs/clients", client_key=pasted(deployment, first), **form).status_code == 303
    (client,) = clients(deployment)
    assert (client.name, client.role, client.ai_system) == ("chat bot", Role.SIGNER, "saga")
    assert client.id in anna.page("/programs").text
    next_key = pasted(deployment, second)
    assert anna.post("/programs/clients/keys", client=client.id, next_key=next_key).status_code == 303
    gone = first.thumbprint
    assert anna.post("/programs/clients/keys/revocation", client=client.id, key=gone).status_code == 303
    (client,) = clients(deployment)
    assert [key.revoked_at is None for key in client.keys] == [
        key.key.thumbprint == second.thumbprint for key in client.keys
    ]
    assert anna.post("/programs/clients/revocation", client=client.id).status_code == 303
    assert clients(deployment)[0].revoked_at is not None
    assert [act for act, _ in acts(deployment)] == [
        Act.CLIENT_ADDED,
        Act.CLIENT_KEY_ADDED,
        Act.CLIENT_KEY_REVOKED,
        Act.CLIENT_REVOKED,
    ]


@pytest.mark.parametrize(
    "key",
    [
        "",
        "x",
        "[]",
        "{}",
        '{"jwk": {}, "proof": 7}',
        '{"jwk": 7, "proof": "a.b.c"}',
        '{"jwk": {"kty": []}, "proof": "a.b.c"}',
        '{"jwk": {}, "proof": "a.b.c", "more": 1}',
        "\ud800",
        "[" * 20_000,
    ],
    ids=lambda key: key[:20].encode("ascii", "replace").decode(),
)
def test_what_is_no_key_with_its_proof_is_refused_and_kept_in_the_form(
    deployment: Deployment, anna: SignedIn, key: str
) -> None:
    sent = key.encode("utf-8", "replace").decode()
    answer = anna.post("/programs/clients", client_name="bot", client_role="signer", client_key=sent)
    assert answer.status_code == 422
    assert 'value="bot"' in answer.get_data(as_text=True)
    assert clients(deployment) == ()


def test_a_proof_for_another_operator_or_of_a_strange_role_is_refused(deployment: Deployment, anna: SignedIn) -> None:
    forms: tuple[dict[str, Any], ...] = (
        {"client_role": "signer", "client_key": pasted(deployment, Key(), OTHER)},
        {"client_role": "registrar", "client_key": pasted(deployment, Key())},
        {"client_role": "signer", "client_ai": "nobody", "client_key": pasted(deployment, Key())},
    )
    for form in forms:
        assert anna.post("/programs/clients", client_name="bot", **form).status_code == 422, form
    assert anna.post("/programs/api-keys", name="x", role="registrar").status_code == 422
    assert anna.post("/programs/api-keys", name="", role="signer").status_code == 422
    assert clients(deployment) == ()


def test_what_is_anothers_is_not_there(deployment: Deployment, anna: SignedIn) -> None:
    deployment.add(operator(OTHER))
    theirs = new_client(deployment, operator_id=OTHER).client
    thumbprint = theirs.keys[0].key.thumbprint
    prefix = deployment.keys[OTHER].split("_")[1]
    forms: tuple[tuple[str, dict[str, str]], ...] = (
        ("/programs/api-keys/revocation", {"key": prefix}),
        ("/programs/clients/keys", {"client": theirs.id, "next_key": pasted(deployment, Key())}),
        ("/programs/clients/keys/revocation", {"client": theirs.id, "key": thumbprint}),
        ("/programs/clients/revocation", {"client": theirs.id}),
    )
    for path, form in forms:
        assert anna.post(path, **form).status_code == 404, path
    assert theirs.id not in anna.page("/programs").text
    assert deployment.client.get("/v1/status", headers=bearer(deployment.keys[OTHER])).status_code != 401
    assert clients(deployment, OTHER)[0].revoked_at is None
