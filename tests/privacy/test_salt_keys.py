"""Destroying a month's salt key: said first, then done, whatever happens in between; and then nobody opens it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from privacy.errors import LegallyHeld, RequesterInvalid, RetentionNotOver, SaltKeyNeeded
from privacy.holds import place_hold
from privacy.salt_keys import Destruction, Month, complete_destructions, destroy_salt_key, parse_month
from privacy.tables import destroyed_salts
from registry.errors import OperatorNotFound
from registry.lifecycle import change_state_logged
from registry.model import StateChange
from sigill.report.standing import State
from sigill.tlog.erasure import Ground, parse_erasure
from storage.engine import writing
from tests.builders_deployment import NOW, TEXT, Deployment
from tests.builders_privacy import BANK, later, rows
from transparency.errors import GuardFailed, StoreUnavailable
from transparency.row_check import check_whole_log

THIS = Month(year=NOW.year, month=NOW.month)


@pytest.fixture
def sealed(made: Deployment) -> dict[str, Any]:
    """A message sealed this month."""
    answer: dict[str, Any] = made.sign().get_json()
    return answer


def files(made: Deployment, operator_id: str = BANK) -> list[Path]:
    return sorted((made.services.settings.var / "keys" / "salts" / operator_id).glob("*"))


def destroy(made: Deployment, month: Month = THIS, *, days: float = 500, **changes: Any) -> Destruction:
    asked: dict[str, Any] = {"ground": Ground.OPERATOR_REQUEST, "requester": "DPO-2026-117"} | changes
    operator_id = asked.pop("operator_id", BANK)
    return destroy_salt_key(operator_id, month, world=later(made, days), **asked)


def test_it_is_logged_and_the_file_is_gone(made: Deployment, sealed: dict[str, Any]) -> None:
    (path,) = files(made)
    key = path.read_bytes()
    with path.open("rb") as still_open:
        done = destroy(made)
        assert still_open.read() != key  # overwritten before it was removed
    assert (files(made), done.files) == ([], 1)
    body = made.services.log.record(BANK, done.index)
    assert body is not None
    said = parse_erasure(body)
    assert (said.kind, said.month, said.indexes) == (None, str(THIS), ())
    assert (said.ground, said.requester) == (Ground.OPERATOR_REQUEST, "DPO-2026-117")
    assert list(check_whole_log(made.services.engine, BANK)) == []
    assert done.index == sealed["log"]["index"] + 1


def test_its_seals_cannot_be_opened_any_more_and_none_becomes_a_fake(made: Deployment, sealed: dict[str, Any]) -> None:
    destroy(made)
    for content in (TEXT, TEXT + " Ring oss."):
        found = made.verify(code=sealed["code"], content=content)
        assert (found["answer"], found["reason"]) == ("cannot_say", "content_not_openable")
    assert made.verify(seal=sealed["seal"], content=TEXT)["reason"] == "genuine"


def test_every_file_of_the_month_goes_and_no_other(made: Deployment, sealed: dict[str, Any]) -> None:
    folder = files(made)[0].parent
    assert sealed["id"]
    before, after = THIS.begin - timedelta(days=1), THIS.end
    others = [folder / f"{day:%Y-%m}.key" for day in (before, after)]
    for path in (folder / f"{THIS}.2.key", *others):
        path.write_bytes(bytes(32))
        path.chmod(0o600)
    assert destroy(made).files == 2
    assert files(made) == sorted(others)


def test_a_second_time_it_is_only_made_sure(made: Deployment, sealed: dict[str, Any]) -> None:
    first = destroy(made)
    again = destroy(made, days=600)
    assert (again.index, again.files) == (first.index, 0)
    assert first.index == sealed["log"]["index"] + 1


def test_of_two_at_once_one_says_so(made: Deployment, sealed: dict[str, Any]) -> None:
    world = later(made, 500)

    def and_another(operator_id: str, year: int, month: int) -> bool:
        found = world.has_salt_key(operator_id, year, month)
        destroy(made)
        return found

    with pytest.raises(GuardFailed):
        destroy_salt_key(
            BANK,
            THIS,
            ground=Ground.OPERATOR_REQUEST,
            requester="DPO-1",
            world=replace(world, has_salt_key=and_another),
        )
    assert [row["idx"] for row in rows(made, destroyed_salts)] == [sealed["log"]["index"] + 1]


def test_a_crash_after_the_leaf_and_a_backup_put_back_are_made_good(made: Deployment, sealed: dict[str, Any]) -> None:
    (path,) = files(made)
    key = path.read_bytes()

    def crash(*_: Any) -> int:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        destroy_salt_key(
            BANK,
            THIS,
            ground=Ground.OPERATOR_REQUEST,
            requester="DPO-1",
            world=replace(later(made, 500), destroy_salt_key=crash),
        )
    assert path.read_bytes() == key
    assert len(rows(made, destroyed_salts)) == 1
    assert complete_destructions(made.services.privacy) == 1
    assert files(made) == []
    path.write_bytes(key)
    path.chmod(0o600)
    assert complete_destructions(made.services.privacy) == 1
    assert complete_destructions(made.services.privacy) == 0
    assert made.verify(code=sealed["code"], content=TEXT)["reason"] == "content_not_openable"


def test_the_running_month_of_an_operator_that_seals_is_refused(made: Deployment, sealed: dict[str, Any]) -> None:
    with pytest.raises(SaltKeyNeeded, match="may still seal"):
        destroy(made, days=0, ground=Ground.AUTHORITY_ORDER)
    assert len(files(made)) == 1
    change = StateChange(state=State.REVOKED, since=made.services.signing.now(), reason="over")
    change_state_logged(BANK, change, log=made.services.log, random=made.services.signing.random)
    assert destroy(made, days=0, ground=Ground.AUTHORITY_ORDER).files == 1
    assert made.verify(code=sealed["code"], content=TEXT)["answer"] == "cannot_say"


def test_the_minimum_retention_of_any_message_of_the_month_counts(made: Deployment, sealed: dict[str, Any]) -> None:
    with pytest.raises(RetentionNotOver, match=r"bank\.minimum"):
        destroy(made, days=(THIS.end - NOW).days + 89)
    assert made.sign(enquiry="advice", customer={"jurisdiction": "SE"}).status_code == 201
    with pytest.raises(RetentionNotOver, match="retain_record, basis: law"):
        destroy(made, days=1800)
    assert sealed["id"]
    assert destroy(made, days=1900).files == 1


def test_any_hold_of_the_operator_stops_it(made: Deployment, sealed: dict[str, Any]) -> None:
    place_hold(BANK, message_id=sealed["id"], reason="inquiry", requester="case 7", world=made.services.privacy)
    with pytest.raises(LegallyHeld):
        destroy(made)
    assert len(files(made)) == 1


def test_a_key_that_never_was_is_not_said_to_be_destroyed(made: Deployment, sealed: dict[str, Any]) -> None:
    with pytest.raises(RequesterInvalid, match="has no salt key of 2020-01"):
        destroy(made, Month(year=2020, month=1))
    with pytest.raises(RequesterInvalid):
        destroy(made, requester="anna@example.com")
    with pytest.raises(OperatorNotFound):
        destroy(made, operator_id="nobody")
    assert rows(made, destroyed_salts) == []
    assert sealed["log"]["index"] == 0


def test_a_database_that_does_not_answer_is_told_as_that(made: Deployment) -> None:
    with writing(made.services.engine) as connection:
        connection.exec_driver_sql("ALTER TABLE destroyed_salts RENAME TO hidden")
    with pytest.raises(StoreUnavailable):
        complete_destructions(made.services.privacy)


@pytest.mark.parametrize(
    "text", ["", "2026", "2026-00", "2026-13", "2026-1", "0000-01", "2026-11 ", "../../x", "٢٠٢٦-11"]
)
def test_a_month_is_written_in_one_way(text: str) -> None:
    with pytest.raises(RequesterInvalid):
        parse_month(text)


def test_a_month_ends_where_the_next_begins() -> None:
    assert parse_month("2026-12") == Month(year=2026, month=12)
    assert Month(year=2026, month=12).end == datetime(2027, 1, 1, tzinfo=UTC) == Month(year=2027, month=1).begin
    assert str(Month(year=2027, month=1)) == "2027-01"
