"""Who is calling, remembered for a second: quick, and yet a revoked key is refused within it."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest
from sqlalchemy import Engine, event

from registry import callers
from registry.api_keys import list_api_keys, make_api_key, save_api_key
from registry.callers import FRESH_S, LONGEST_S, Callers
from registry.clients.access_token import AccessToken
from registry.errors import CredentialExpired, CredentialMissing, CredentialUnknown
from registry.model import AiSystem, OperatorId, Role, StateChange
from registry.operators import add_ai_system, change_state, save_operator
from registry.people.model import Person
from registry.people.store import end_person, make_person_id, save_person
from registry.revocation import revoke_api_key
from registry.version import read_version
from sigill.report.standing import State
from storage.engine import make_engine, reading, writing
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

    def count(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        counted.statements += statement.startswith("SELECT")

    event.listen(engine, "before_cursor_execute", count)
    return counted


def suspend(engine: Engine) -> None:
    with writing(engine) as connection:
        change_state(connection, BANK, StateChange(state=State.SUSPENDED, since=NOW, reason="r"))


def test_all_callers_together_cost_one_read_a_second(
    engine: Engine, known: Callers, seconds: Seconds, counter: Counter
) -> None:
    keys = [new_key(engine, number) for number in range(5)]
    first = [known.find(key, at=NOW) for key in keys]
    assert {(found.credential.role, found.operator and found.operator.id) for found in first} == {(Role.SIGNER, BANK)}
    counter.statements = 0
    seconds.now_s += FRESH_S - 0.001
    assert all(known.find(key, at=NOW) is found for key, found in zip(keys, first, strict=True))
    assert counter.statements == 0
    seconds.now_s += 0.001
    assert all(known.find(key, at=NOW) is found for key, found in zip(keys, first, strict=True))
    assert counter.statements == 1


def test_whoever_is_remembered_is_looked_up_anew_after_a_minute_whatever_the_version(
    engine: Engine, known: Callers, seconds: Seconds, counter: Counter
) -> None:
    key = new_key(engine)
    first = known.find(key, at=NOW)
    seconds.now_s += LONGEST_S - 0.001
    assert known.find(key, at=NOW) is first
    seconds.now_s += 0.001
    counter.statements = 0
    assert known.find(key, at=NOW) == first
    assert counter.statements > 1


def test_one_reads_the_version_and_the_others_wait_for_it(engine: Engine, counter: Counter) -> None:
    seconds = Seconds()
    known = Callers(engine, monotonic=seconds)
    keys = [new_key(engine, number) for number in range(6)]
    for key in keys:
        known.find(key, at=NOW)
    seconds.now_s += FRESH_S
    counter.statements = 0
    threads = [threading.Thread(target=known.find, args=(key,), kwargs={"at": NOW}) for key in keys]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert counter.statements == 1


def _leave(engine: Engine) -> None:
    person = make_person_id(bytes(20))
    with writing(engine) as connection:
        save_person(connection, Person(id=person, operator_id=BANK, name="x", role=Role.SIGNER, created_at=NOW))
    with writing(engine) as connection:
        end_person(connection, person, at=NOW)


def _revoke(engine: Engine) -> None:
    with writing(engine) as connection:
        assert revoke_api_key(connection, prefix=new_key_prefix(engine), at=NOW)


def new_key_prefix(engine: Engine) -> str:
    with reading(engine) as connection:
        return list_api_keys(connection, operator_id=BANK)[0].credential.prefix


def test_whatever_changes_what_a_caller_may_do_changes_the_version(engine: Engine) -> None:
    new_key(engine)
    system = AiSystem(ref="hedda", name="Hedda", provider=None, model=None, active=True)
    changes: list[Callable[[], object]] = [
        lambda: suspend(engine),
        lambda: _add_system(engine, system),
        lambda: _revoke(engine),
        lambda: _leave(engine),
    ]
    versions = [_version(engine)]
    for change in changes:
        change()
        versions.append(_version(engine))
    assert len(set(versions)) == len(changes) + 1


def _version(engine: Engine) -> tuple[int, ...]:
    with reading(engine) as connection:
        return read_version(connection)


def _add_system(engine: Engine, system: AiSystem) -> None:
    with writing(engine) as connection:
        add_ai_system(connection, BANK, system, at=NOW)


def test_a_token_is_read_again_when_the_guarantors_keys_changed(engine: Engine, seconds: Seconds) -> None:
    read: list[str] = []
    ring = [object()]

    def read_token(text: str, _at: datetime) -> AccessToken:
        read.append(text)
        raise CredentialUnknown("compromised")

    known = Callers(engine, read_token=read_token, keys_now=lambda: ring[0], monotonic=seconds)
    key = new_key(engine)
    first = known.find(key, at=NOW)
    ring[0] = object()
    assert known.find(key, at=NOW) is first
    seconds.now_s += FRESH_S
    again = known.find(key, at=NOW)
    assert (again == first, again is first) == (True, False)
    with pytest.raises(CredentialUnknown):
        known.find("a.b.c", at=NOW)
    assert read == ["a.b.c"]


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
