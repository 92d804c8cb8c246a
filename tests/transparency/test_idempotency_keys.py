"""Claims of idempotency keys as the log holds them: first come, whoever comes second learns of the first."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine

from sigill.tlog.leaf import LeafKind, leaf_of
from storage.engine import reading, writing
from transparency.append import Append, Appended, Place
from transparency.errors import KeyClaimed
from transparency.idempotency import KEY_LASTS, Claim, KeyClaim, load_claims, purge_claims
from transparency.log import TransparencyLog
from transparency.sequencing import SignersFor

AT = datetime(2026, 11, 22, 12, 0, 0, 123_000, tzinfo=UTC)
CheckLog = Callable[[str], int]


def claim(key: int, *, at: datetime = AT, operator_id: str = "bank", body: int = 1) -> KeyClaim:
    return KeyClaim(operator_id, key.to_bytes(32, "big"), body.to_bytes(32, "big"), at)


def claiming(part: KeyClaim, name: str) -> Append:
    return Append(part.operator_id, leaf_of(LeafKind.EVENT, name.encode()), parts=(part,))


def load(engine: Engine, *keys: int, at: datetime = AT) -> dict[int, Claim]:
    with reading(engine) as connection:
        found = load_claims(connection, bytes(24), at=at)
    return {key: each for key, each in found.items() if key in keys}


def test_a_claim_says_what_its_key_was_used_for(log: TransparencyLog, engine: Engine) -> None:
    log.append_all([claiming(claim(number), str(number)) for number in (1, 2, 3)])
    assert load(engine, 2, 9) == {2: Claim((1).to_bytes(32, "big"), Place("bank", 1), 3, AT)}


def test_a_key_twice_in_one_batch_is_claimed_by_the_first(
    log: TransparencyLog, engine: Engine, check_log: CheckLog
) -> None:
    answers = log.append_all([claiming(claim(1), "a"), claiming(claim(1), "b"), claiming(claim(2), "c")])
    assert [type(answer) for answer in answers] == [Appended, KeyClaimed, Appended]
    second = answers[1]
    assert isinstance(second, KeyClaimed)
    assert second.claim is None  # the winner's leaf is in this very batch
    assert load(engine, 1, 2)[2].place == Place("bank", 1)
    assert check_log("bank") == 2


def test_who_comes_second_learns_what_the_key_was_used_for(
    log: TransparencyLog, engine: Engine, signers_for: SignersFor, check_log: CheckLog
) -> None:
    log.append(claiming(claim(1), "a"))
    elsewhere = TransparencyLog(engine, signers_for=signers_for)
    with pytest.raises(KeyClaimed) as raised:
        elsewhere.append(claiming(claim(1, body=2), "b"))
    assert raised.value.claim == load(engine, 1)[1]
    assert check_log("bank") == 1


def test_an_expired_claim_makes_room_and_a_current_one_does_not(log: TransparencyLog, engine: Engine) -> None:
    log.append(claiming(claim(1), "a"))
    end = AT + KEY_LASTS
    with pytest.raises(KeyClaimed):
        log.append(claiming(claim(1, at=end - timedelta(milliseconds=1)), "b"))
    assert load(engine, 1, at=end) == {}
    log.append(claiming(claim(1, at=end, body=2), "c"))
    assert load(engine, 1, at=end)[1].fingerprint == (2).to_bytes(32, "big")


def test_keys_of_several_operators_are_claimed_in_one_batch_each_in_its_own_log(
    log: TransparencyLog, engine: Engine
) -> None:
    log.append_all(
        [claiming(claim(number, operator_id=who), str(number)) for number, who in ((1, "bank"), (2, "telco"))]
    )
    found = load(engine, 1, 2)
    assert [found[number].place for number in (1, 2)] == [Place("bank", 0), Place("telco", 0)]


def test_any_number_of_keys_is_looked_up_and_what_expired_is_purged(log: TransparencyLog, engine: Engine) -> None:
    log.append_all([claiming(claim(number), str(number)) for number in range(600)])
    log.append_all([claiming(claim(number, at=AT + timedelta(hours=1)), str(number)) for number in range(600, 610)])
    assert set(load(engine, *range(700))) == set(range(610))
    assert load(engine) == {}
    with writing(engine) as connection:
        assert purge_claims(connection, at=AT + KEY_LASTS - timedelta(milliseconds=1)) == 0
        assert purge_claims(connection, at=AT + KEY_LASTS) == 600
    assert set(load(engine, *range(700))) == set(range(600, 610))
