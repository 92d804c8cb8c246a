"""Applying and checking on PostgreSQL, where transactions do run at the same time."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from registry.applying.rechecks import recheck_due
from registry.errors import TransitionRefused
from registry.lifecycle import change_state_logged
from registry.model import StateChange
from sigill.report.standing import State
from tests.builders_applying import Applicants, applicants
from tests.builders_clients import Key
from tests.builders_databases import POSTGRESQL, Databases

pytestmark = pytest.mark.servers


@pytest.fixture
def there(tmp_path: Path, databases: Databases) -> Iterator[Applicants]:
    with databases.empty(POSTGRESQL) as url, applicants(tmp_path, database_url=url) as made:
        yield made


def at_once(*calls: Callable[[], Any]) -> list[Any]:
    with ThreadPoolExecutor(len(calls)) as pool:
        return [done.result() for done in [pool.submit(call) for call in calls]]


def test_checks_at_the_same_time_leave_one_piece_of_evidence(there: Applicants) -> None:
    applied = there.apply()
    there.publish(applied)
    admin = applied["api_keys"]["admin"]

    def check() -> Any:
        return there.post("/v1/operator/domains/equinor.example/check", key=admin)

    answers = at_once(*[check] * 6)
    assert [answer.status_code for answer in answers] == [200] * 6
    assert [answer.get_json()["outcome"] for answer in answers] == ["passed"] * 6
    assert len(there.operator("equinor-asa").evidence) == 1
    assert recheck_due(there.at(timedelta(days=84)), limit=9) == 1
    assert len(there.operator("equinor-asa").evidence) == 2


def test_of_two_that_are_verified_at_once_under_one_identifier_one_is(there: Applicants) -> None:
    ids = [there.apply(id=name)["operator"] for name in ("one", "two", "three")]

    def verify(operator_id: str) -> str:
        change = StateChange(state=State.VERIFIED, since=there.world.now(), reason="checked")
        try:
            change_state_logged(operator_id, change, log=there.world.log, random=there.world.random)
        except TransitionRefused:
            return "refused"
        return "verified"

    done = at_once(*[lambda name=name: verify(name) for name in ids])
    assert sorted(done) == ["refused", "refused", "verified"]


def test_one_key_that_applies_several_times_at_once_is_in_once(there: Applicants) -> None:
    key = Key()

    def post(name: str) -> Any:
        return there.post("/v1/applications", there.body(key, id=name))

    answers = at_once(*[lambda name=name: post(name) for name in ("aa", "bb", "cc")])
    statuses = sorted(answer.status_code for answer in answers)
    assert statuses[0] == 201
    assert set(statuses[1:]) <= {409, 422, 503}
    assert post("dd").status_code == 409


def test_a_nul_in_what_a_source_said_breaks_nothing(there: Applicants) -> None:
    applied = there.apply()
    there.zone.records["_sigill-challenge.equinor.example"] = b"token=\x00\xff"
    admin = applied["api_keys"]["admin"]
    answer = there.post("/v1/operator/domains/equinor.example/check", key=admin)
    assert (answer.status_code, answer.get_json()["outcome"]) == (200, "could_not_be_checked")
    for path in ("/v1/operator/domains/%00/check", "/v1/operator/domains/%ff/check"):
        assert there.post(path, key=admin).status_code == 404
