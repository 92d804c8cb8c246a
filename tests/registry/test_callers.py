"""Who is calling, remembered for a second: quick, and yet a revoked key is refused within it."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

import pytest
from sqlalchemy import Engine, event

from registry import callers
from registry.api_keys import make_api_key, save_api_key
from registry.callers import FRESH_S, Callers
from registry.errors import CredentialExpired, CredentialMissing, CredentialUnknown
from registry.model import OperatorId, Role, StateChange
from registry.operators import change_state, save_operator
from registry.revocation import revoke_api_key
from sigill.report.standing import State
from storage.engine import make_engine, writing
from tests.builders_databases import KINDS, Databases
from tests.builders_deployment import NOW, operator

BANK = OperatorId("exempelbanken")


@dataclass
class Seconds:
    """A monotonic clock that a test moves."""

    now_s: float = 100.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture(params=KINDS)
def engine(request: pytest.FixtureRequest, databases: Databases) -> Iterator[Engine]:
    with databases.migrated(request.param) as url:
        engine = make_engine(url)
        with writing(engine) as connection:
            save_operator(connection, operator(), created_at=NOW)
        yield engine
        engine.dispose()


@pytest.fixture
def seconds() -> Seconds:
    return Seconds()


@pytest.fixture
def known(engine: Engine, seconds: Seconds) -> Callers:
    return Callers(engine, monotonic=seconds)


def new_key(engine: Engine, number: int = 1, *, role: Role = Role.SIGNER, operator_id: OperatorId | None = BANK) -> str:
    key = make_api_key(bytes([number]) * 40)
    with writing(engine) as connection:
        save_api_key(
            connection,
            key,
            name="test",
            role=role,
            operator_id=operator_id,
            created_at=NOW - timedelta(days=1),
            expires_at=NOW + timedelta(days=1),
        )
    return key.text


@dataclass
class Counter:
    statements: int = 0


@pytest.fixture
def counter(engine: Engine) -> Counter:
    counted = Counter()

    def count(*_args: object) -> None:
        counted.statements += 1

    event.listen(engine, "before_cursor_execute", count)
    return counted


def suspend(engine: Engine) -> None:
    with writing(engine) as connection:
        change_state(connection, BANK, StateChange(state=State.SUSPENDED, since=NOW, reason="r"))


def test_a_caller_is_loaded_once_in_a_second_and_then_anew(
    engine: Engine, known: Callers, seconds: Seconds, counter: Counter
) -> None:
    key = new_key(engine)
    first = known.find(key, at=NOW)
    assert (first.credential.role, first.operator and first.operator.id) == (Role.SIGNER, BANK)
    counter.statements = 0
    seconds.now_s += FRESH_S - 0.001
    assert known.find(key, at=NOW) is first
    assert counter.statements == 0
    seconds.now_s += 0.001
    assert known.find(key, at=NOW) == first
    assert counter.statements > 0


def test_an_operator_that_did_not_change_stays_the_same_value_and_a_changed_one_does_not(
    engine: Engine, known: Callers, seconds: Seconds
) -> None:
    key = new_key(engine)
    first = known.find(key, at=NOW).operator
    assert first is not None
    seconds.now_s += FRESH_S
    assert known.find(key, at=NOW).operator is first
    suspend(engine)
    assert known.find(key, at=NOW).operator is first
    seconds.now_s += FRESH_S
    changed = known.find(key, at=NOW).operator
    assert changed is not None
    assert (changed.state, changed.revision) == (State.SUSPENDED, first.revision + 1)


def test_a_revoked_key_is_refused_within_a_second(engine: Engine, known: Callers, seconds: Seconds) -> None:
    key = new_key(engine)
    prefix = known.find(key, at=NOW).credential.prefix
    with writing(engine) as connection:
        revoke_api_key(connection, prefix=prefix, at=NOW)
    seconds.now_s += FRESH_S
    with pytest.raises(CredentialExpired):
        known.find(key, at=NOW)
    with pytest.raises(CredentialExpired):
        known.find(key, at=NOW)


def test_a_remembered_key_expires_at_its_instant(engine: Engine, known: Callers) -> None:
    key = new_key(engine)
    end = NOW + timedelta(days=1)
    known.find(key, at=end - timedelta(microseconds=1))
    with pytest.raises(CredentialExpired):
        known.find(key, at=end)


@pytest.mark.parametrize("token", ["x", "sigill_aaaaaaaa_" + "A" * 43, "\ud800", "å" * 300])
def test_what_is_no_key_is_unknown_every_time_and_not_remembered(known: Callers, token: str) -> None:
    for _ in range(2):
        with pytest.raises((CredentialUnknown, CredentialMissing)):
            known.find(token, at=NOW)
    assert not known._kept


def test_an_auditor_of_all_belongs_to_no_operator(engine: Engine, known: Callers, seconds: Seconds) -> None:
    key = new_key(engine, role=Role.AUDITOR, operator_id=None)
    assert known.find(key, at=NOW).operator is None
    seconds.now_s += FRESH_S
    assert known.find(key, at=NOW).operator is None


def test_no_more_are_remembered_than_there_is_room_for_and_no_key_in_clear(
    engine: Engine, known: Callers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(callers, "MAX_KEPT", 2)
    keys = [new_key(engine, number) for number in range(4)]
    for key in keys:
        known.find(key, at=NOW)
    assert len(known._kept) == 2
    assert not any(key.encode() in kept or key in repr(known._kept) for key in keys for kept in known._kept)


def test_a_clock_is_there_without_being_given(engine: Engine) -> None:
    key = new_key(engine)
    fresh = Callers(engine)
    assert fresh.find(key, at=NOW) is fresh.find(key, at=NOW)


def test_many_threads_find_the_same_caller(engine: Engine, known: Callers) -> None:
    key = new_key(engine)
    found: list[object] = []
    threads = [threading.Thread(target=lambda: found.append(known.find(key, at=NOW))) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 6
    assert all(each == found[0] for each in found)
