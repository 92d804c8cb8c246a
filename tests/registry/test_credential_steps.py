"""Who may act for an operator is in its log: each client, key and API key, once added and once revoked."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from registry.api_key_registration import MAX_KEYS, hand_out_key, revoke_own_api_key
from registry.api_keys import authenticate, list_api_keys
from registry.clients.registration import register_key, revoke_own_client, revoke_own_key
from registry.credential_steps import BY_GUARANTOR, RegistrationWorld
from registry.errors import (
    AiSystemUnknown,
    ApiKeyUnknown,
    ApplicationInvalid,
    ClientKeyRefused,
    ClientUnknown,
    CredentialExpired,
    OperatorNotFound,
)
from registry.model import OperatorId, Role
from registry.steps import Act, list_steps
from sigill.report.trust import GUARANTOR
from storage.engine import reading
from tests.builders_clients import BANK, Key, later, new_client
from tests.builders_deployment import Deployment
from wiring import now
from wiring.clients import registration_world


def _world(made: Deployment) -> RegistrationWorld:
    services = made.services
    return registration_world(services.identity.issuer, services.engine, services.log, now=now)


def _said(made: Deployment, whose: str = BANK) -> list[tuple[Act, str, dict[str, object]]]:
    with reading(made.services.engine) as connection:
        return [(each.step.act, each.step.by, dict(each.step.said)) for each in list_steps(connection, whose)]


def test_a_client_and_its_keys_are_logged_from_first_to_last(deployment: Deployment) -> None:
    world = _world(deployment)
    made, following = new_client(deployment, ai_system="saga"), Key()
    register_key(made.client.id, following.asked(world.issuer), operator_id=BANK, world=world)
    revoke_own_key(made.client.id, made.key.thumbprint, operator_id=BANK, world=world)
    revoke_own_client(made.client.id, operator_id=BANK, world=replace(world, by=BY_GUARANTOR))
    client = {"client": made.client.id}
    assert _said(deployment) == [
        (
            Act.CLIENT_ADDED,
            "the operator",
            client | {"role": "signer", "ai_system": "saga", "key": made.key.thumbprint},
        ),
        (Act.CLIENT_KEY_ADDED, "the operator", client | {"key": following.thumbprint}),
        (Act.CLIENT_KEY_REVOKED, "the operator", client | {"key": made.key.thumbprint}),
        (Act.CLIENT_REVOKED, "the guarantor", client),
    ]
    head = deployment.services.log.head(BANK)
    assert head is not None
    assert head.size == 4


def test_nothing_is_said_of_what_people_call_a_client_or_key(deployment: Deployment) -> None:
    new_client(deployment)
    hand_out_key(operator_id=BANK, name="Ullas nyckel", role=Role.SIGNER, valid_until=None, world=_world(deployment))
    told = json.dumps([said for *_, said in _said(deployment)])
    assert "Ulla" not in told
    assert "a test's client" not in told
    body = deployment.services.log.record(BANK, 1) or b""
    assert b"Ulla" not in body


def test_what_is_revoked_already_is_not_logged_again(deployment: Deployment) -> None:
    world, made = _world(deployment), new_client(deployment)
    key = hand_out_key(operator_id=BANK, name="x", role=Role.ADMIN, valid_until=None, world=world).key.credential
    first = revoke_own_key(made.client.id, made.key.thumbprint, operator_id=BANK, world=world)
    assert revoke_own_key(made.client.id, made.key.thumbprint, operator_id=BANK, world=world) == first
    ended = revoke_own_client(made.client.id, operator_id=BANK, world=world)
    assert revoke_own_client(made.client.id, operator_id=BANK, world=world) == ended
    revoked = revoke_own_api_key(key.prefix, operator_id=BANK, world=world)
    assert revoke_own_api_key(key.prefix, operator_id=BANK, world=world) == revoked
    acts = [act for act, *_ in _said(deployment)]
    assert acts.count(Act.CLIENT_KEY_REVOKED) == acts.count(Act.CLIENT_REVOKED) == acts.count(Act.API_KEY_REVOKED) == 1
    assert len(acts) == 5


def test_a_client_of_no_operator_is_in_the_guarantors_own_log(deployment: Deployment) -> None:
    made = new_client(deployment, role=Role.AUDITOR, operator_id=None)
    revoke_own_client(made.client.id, operator_id=None, world=_world(deployment))
    assert [act for act, *_ in _said(deployment, GUARANTOR)] == [Act.CLIENT_ADDED, Act.CLIENT_REVOKED]
    assert _said(deployment) == []


def test_a_refused_registration_leaves_no_leaf(deployment: Deployment) -> None:
    world, made = _world(deployment), new_client(deployment)
    before = _said(deployment)
    with pytest.raises(AiSystemUnknown):
        new_client(deployment, ai_system="nobody")
    with pytest.raises(OperatorNotFound):
        new_client(deployment, operator_id=OperatorId("nowhere"))
    with pytest.raises(ClientKeyRefused, match="registered before"):
        register_key(made.client.id, made.key.asked(world.issuer), operator_id=BANK, world=world)
    for whose in (None, "exempelel"):
        with pytest.raises(ClientUnknown):
            revoke_own_client(made.client.id, operator_id=whose, world=world)
        with pytest.raises(ClientUnknown):
            revoke_own_key(made.client.id, made.key.thumbprint, operator_id=whose, world=world)
    with pytest.raises(ClientUnknown):
        revoke_own_key(made.client.id, Key().thumbprint, operator_id=BANK, world=world)
    assert _said(deployment) == before


def test_a_key_handed_out_opens_what_its_role_allows_until_it_is_revoked(deployment: Deployment) -> None:
    world = _world(deployment)
    made = hand_out_key(operator_id=BANK, name="mail", role=Role.AUDITOR, valid_until=later(3), world=world)
    with reading(deployment.services.engine) as connection:
        held = authenticate(connection, made.text, at=now())
        assert (held.role, held.operator_id, held.expires_at - now() < timedelta(days=3)) == (Role.AUDITOR, BANK, True)
        assert made.key in list_api_keys(connection, operator_id=BANK)
    revoke_own_api_key(held.prefix, operator_id=BANK, world=world)
    with reading(deployment.services.engine) as connection, pytest.raises(CredentialExpired, match="was revoked"):
        authenticate(connection, made.text, at=now())
    acts = [(act, said) for act, _, said in _said(deployment)]
    assert acts == [
        (Act.API_KEY_ADDED, {"key": held.prefix, "role": "auditor"}),
        (Act.API_KEY_REVOKED, {"key": held.prefix}),
    ]


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"valid_until": later(-1)}, ApplicationInvalid),
        ({"valid_until": later(3651)}, ApplicationInvalid),
        ({"role": Role.REGISTRAR}, ApplicationInvalid),
        ({"name": " "}, ApplicationInvalid),
        ({"name": "a\nb"}, ApplicationInvalid),
        ({"operator_id": OperatorId("nowhere")}, OperatorNotFound),
    ],
)
def test_a_key_that_may_not_be_is_not_handed_out(
    deployment: Deployment, changes: dict[str, object], error: type[Exception]
) -> None:
    asked: dict[str, object] = {"operator_id": BANK, "name": "x", "role": Role.SIGNER, "valid_until": None}
    with pytest.raises(error):
        hand_out_key(**(asked | changes), world=_world(deployment))  # type: ignore[arg-type]
    assert _said(deployment) == []


@pytest.mark.parametrize("prefix", ["nothing0", "", "\x00", "a" * 500])
def test_a_key_that_is_not_the_operators_is_not_found(deployment: Deployment, prefix: str) -> None:
    others = deployment.new_key(role=Role.AUDITOR, operator_id=None).split("_")[1]
    for asked in (prefix, others):
        with pytest.raises(ApiKeyUnknown):
            revoke_own_api_key(asked, operator_id=BANK, world=_world(deployment))


@pytest.mark.slow
def test_an_operator_has_a_bounded_number_of_keys(deployment: Deployment) -> None:
    world = _world(deployment)
    for _ in range(MAX_KEYS - 1):  # it has one from the beginning
        last = hand_out_key(operator_id=BANK, name="x", role=Role.SIGNER, valid_until=None, world=world)
    with pytest.raises(ApplicationInvalid, match="200 keys already"):
        hand_out_key(operator_id=BANK, name="x", role=Role.SIGNER, valid_until=None, world=world)
    revoke_own_api_key(last.key.credential.prefix, operator_id=BANK, world=world)
    hand_out_key(operator_id=BANK, name="x", role=Role.SIGNER, valid_until=None, world=world)
