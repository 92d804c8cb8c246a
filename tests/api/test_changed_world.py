"""What changes after a message was sealed: the operator's standing, a tampered log, a destroyed salt key."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import delete, select, update

from registry.model import StateChange
from registry.operators import change_state
from sigill.report.standing import State
from storage.engine import writing
from tests.builders_deployment import NOW, TEXT, Deployment, operator
from tests.builders_forgery import sign_again
from transparency.tables import logs, tiles, tokens

pytestmark = pytest.mark.slow


def standing(made: Deployment, state: State, since: datetime) -> None:
    with writing(made.services.engine) as connection:
        change_state(connection, "exempelbanken", StateChange(state=state, since=since, reason="inquiry"))


def verdict(made: Deployment, **body: Any) -> tuple[str, str]:
    answer = made.verify(**body)
    return answer["answer"], answer["reason"]


@pytest.mark.parametrize(
    ("state", "reason"),
    [(State.SUSPENDED, "genuine_operator_suspended_since"), (State.REVOKED, "genuine_operator_revoked_since")],
)
def test_an_old_seal_stays_genuine_and_says_what_became_of_its_operator(
    deployment: Deployment, state: State, reason: str
) -> None:
    sealed = deployment.sign().get_json()
    standing(deployment, state, datetime.now(UTC) + timedelta(seconds=1))
    answer = deployment.verify(code=sealed["code"], content=TEXT)
    assert (answer["answer"], answer["reason"]) == ("genuine", reason)
    assert answer["sender"]["state_now"] == state
    assert deployment.sign().get_json()["type"].endswith("/operator-suspended")


def test_a_seal_made_while_the_operator_was_not_verified_is_not_genuine(deployment: Deployment) -> None:
    sealed = deployment.sign().get_json()
    standing(deployment, State.REVOKED, NOW - timedelta(days=1))
    assert verdict(deployment, code=sealed["code"], content=TEXT) == ("not_genuine", "operator_not_in_standing")


def test_a_restored_operator_is_as_before(deployment: Deployment) -> None:
    sealed = deployment.sign().get_json()
    standing(deployment, State.SUSPENDED, datetime.now(UTC) + timedelta(seconds=1))
    standing(deployment, State.VERIFIED, datetime.now(UTC) + timedelta(seconds=2))
    assert verdict(deployment, code=sealed["code"], content=TEXT) == ("genuine", "genuine")


def _flip_a_tile(made: Deployment) -> None:
    with writing(made.services.engine) as connection:
        data = bytearray(connection.execute(select(tiles.c.data).where(tiles.c.level == 0)).scalar_one())
        data[40] ^= 1
        connection.execute(update(tiles).values(data=bytes(data)))


def _forge_a_checkpoint(made: Deployment) -> None:
    with writing(made.services.engine) as connection:
        note = connection.execute(select(logs.c.checkpoint)).scalar_one()
        connection.execute(update(logs).values(checkpoint=note.replace("\n2\n", "\n1\n")))


def _lose_a_token(made: Deployment) -> None:
    with writing(made.services.engine) as connection:
        connection.execute(delete(tokens))


@pytest.mark.parametrize("tamper", [_flip_a_tile, _forge_a_checkpoint, _lose_a_token])
def test_with_a_tampered_log_nothing_is_genuine(deployment: Deployment, tamper: Any) -> None:
    sealed = deployment.sign().get_json()
    deployment.sign()
    tamper(deployment)
    assert verdict(deployment, seal=sealed["seal"], content=TEXT) == ("not_genuine", "not_in_the_log")


def test_a_damaged_log_cannot_say(deployment: Deployment) -> None:
    sealed = deployment.sign().get_json()
    deployment.sign()
    with writing(deployment.services.engine) as connection:
        connection.execute(delete(tiles))
    assert verdict(deployment, code=sealed["code"], content=TEXT) == ("cannot_say", "log_not_checked")


def test_a_code_turned_to_another_jws_in_the_database_is_not_genuine(deployment: Deployment) -> None:
    sealed = deployment.sign().get_json()
    forged = sign_again(sealed["seal"], change=lambda payload: payload | {"pur": "security"}).split("~")[0]
    with writing(deployment.services.engine) as connection:
        connection.execute(update(tokens).values(jws=forged))
    assert verdict(deployment, code=sealed["code"], content=TEXT) == ("not_genuine", "key_unknown")


def _destroy_salts(made: Deployment) -> None:
    for path in (made.services.settings.var / "keys/salts").rglob("*.key"):
        path.unlink()


def test_after_the_salt_key_is_destroyed_only_who_holds_the_disclosures_can_check(deployment: Deployment) -> None:
    sealed = deployment.sign().get_json()
    _destroy_salts(deployment)
    assert verdict(deployment, code=sealed["code"], content=TEXT) == ("cannot_say", "content_not_openable")
    assert verdict(deployment, seal=sealed["seal"], content=TEXT) == ("genuine", "genuine")


def test_a_new_operators_seal_is_genuine_as_soon_as_its_log_is_known(deployment: Deployment) -> None:
    deployment.add(operator("exempelel"))
    sealed = deployment.sign(by="exempelel").get_json()
    assert verdict(deployment, code=sealed["code"], content=TEXT) == ("genuine", "genuine")
