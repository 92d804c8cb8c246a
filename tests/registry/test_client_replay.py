"""Assertions count once, on each kind of database and among writers at once; what is over is forgotten."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from sqlalchemy import Engine, func, select

from registry.clients.assertion import Assertion
from registry.clients.compact import SKEW
from registry.clients.model import ClientId
from registry.clients.reasons import Reason, Untrusted
from registry.clients.replay import KEPT_LONGER, purge_assertions, use_assertion
from registry.tables import used_assertions
from storage.engine import reading, writing
from tests.builders_deployment import NOW

SHOWN = Assertion(ClientId("cl-" + "0" * 20), "A" * 43, "once", NOW + timedelta(minutes=1))


def use(engine: Engine, assertion: Assertion) -> Reason | None:
    try:
        with writing(engine) as connection:
            use_assertion(connection, assertion)
    except Untrusted as error:
        return error.reason
    return None


def test_of_eight_writers_exactly_one_uses_an_assertion(engine: Engine) -> None:
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: use(engine, SHOWN), range(8)))
    assert sorted(found, key=str) == [None, *[Reason.REPLAYED] * 7]


def test_a_step_that_is_undone_uses_nothing(engine: Engine) -> None:
    with engine.connect() as connection:
        use_assertion(connection, SHOWN)
        connection.rollback()
    assert use(engine, SHOWN) is None


def test_what_nobody_could_use_any_more_is_forgotten_and_nothing_before(engine: Engine) -> None:
    use(engine, SHOWN)
    over = SHOWN.expires_at + SKEW + KEPT_LONGER
    for at, gone in ((over - timedelta(milliseconds=1), 0), (over, 1)):
        with writing(engine) as connection:
            assert purge_assertions(connection, at=at) == gone
    with reading(engine) as connection:
        assert connection.execute(select(func.count()).select_from(used_assertions)).scalar_one() == 0
