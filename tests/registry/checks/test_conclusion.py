"""What follows from a check, decided without asking anybody."""

from datetime import timedelta
from typing import Any

import pytest

from registry.checks.conclusion import (
    FIRST_PAUSE,
    LONGEST_PAUSE,
    MOST_TRIES,
    AskedBy,
    Checking,
    Conclusion,
    conclude,
    digest_of,
)
from registry.checks.kept import CheckStatus
from registry.checks.outcome import CheckResult, Outcome, StoredAnswer
from registry.model import Evidence, EvidenceKind
from registry.steps import Act
from tests.builders_deployment import NOW

ANSWER = StoredAnswer(source="https://register.example", media_type="application/json", body=b"{}", at=NOW)


def result(outcome: Outcome, **changes: Any) -> CheckResult:
    told: dict[str, Any] = {
        "kind": EvidenceKind.REGISTER,
        "outcome": outcome,
        "method": "asked",
        "reason": outcome.value,
        "detail": "d",
        "checked_at": NOW,
        "valid_until": NOW + timedelta(days=90) if outcome is Outcome.PASSED else None,
        "answers": (ANSWER,),
    }
    return CheckResult(**(told | changes))


def held(*, days: float) -> Evidence:
    return Evidence(
        id="EV",
        kind=EvidenceKind.REGISTER,
        method="m",
        checked_by="c",
        valid_from=NOW - timedelta(days=1),
        valid_until=NOW + timedelta(days=days),
    )


def follows(
    what: CheckResult, *have: Evidence, asked_by: AskedBy = AskedBy.SCHEDULE, tries: int = 0, subject: str = "s"
) -> Conclusion:
    checking = Checking(subject=subject, asked_by=asked_by, by="re-check", checked_by="c", tries=tries)
    return conclude(what, checking, held=have, at=NOW, evidence_id="NEW")


def test_what_passed_is_evidence_and_asked_for_again_a_week_before_it_ends() -> None:
    done = follows(result(Outcome.PASSED))
    assert done.adds is not None
    assert (done.adds.id, done.adds.valid_until) == ("NEW", NOW + timedelta(days=90))
    assert done.due_at == NOW + timedelta(days=83)
    assert done.step is not None
    assert done.step.said == {
        "kind": "register",
        "reason": "passed",
        "method": "asked",
        "evidence": "NEW",
        "valid_until": f"{NOW + timedelta(days=90):%Y-%m-%dT%H:%M:%SZ}",
        "answers": [digest_of(b"{}")],
    }


@pytest.mark.parametrize(("days", "adds"), [(46, False), (45, True), (7, True)])
def test_evidence_with_more_than_half_its_time_left_is_not_added_once_more(days: int, adds: bool) -> None:
    done = follows(result(Outcome.PASSED), held(days=days))
    assert (done.adds is not None, done.step is not None) == (adds, adds)
    assert done.due_at == NOW + timedelta(days=83 if adds else days - 7)


def test_a_seal_certificate_is_looked_at_each_day() -> None:
    seal = result(Outcome.PASSED, kind=EvidenceKind.SEAL_CERTIFICATE, valid_until=NOW + timedelta(days=7))
    assert follows(seal).due_at == NOW + timedelta(days=1)


def test_what_rests_on_an_answer_that_is_over_adds_nothing() -> None:
    done = follows(result(Outcome.PASSED, valid_until=NOW))
    assert (done.adds, done.step, done.due_at) == (None, None, None)


def test_what_passed_without_an_end_is_a_fault_of_the_program() -> None:
    with pytest.raises(ValueError, match="until when"):
        follows(result(Outcome.PASSED, valid_until=None))


def test_a_failure_ends_what_was_held_and_alarms_and_otherwise_is_only_noted() -> None:
    lost, never = follows(result(Outcome.FAILED), held(days=9)), follows(result(Outcome.FAILED))
    assert (lost.ends, lost.status, lost.due_at) == (("EV",), CheckStatus.ALARM, None)
    assert lost.step is not None
    assert (lost.step.act, lost.step.said["evidence"]) == (Act.EVIDENCE_ENDED, ["EV"])
    assert (never.ends, never.status) == ((), CheckStatus.SETTLED)
    assert never.step is not None
    assert never.step.act is Act.CHECK_FAILED
    assert never.step.said == {"kind": "register", "reason": "failed"}


@pytest.mark.parametrize(("tries", "pause"), [(0, FIRST_PAUSE), (1, 2 * FIRST_PAUSE), (9, LONGEST_PAUSE)])
def test_what_could_not_be_checked_is_tried_again_after_growing_pauses(tries: int, pause: timedelta) -> None:
    done = follows(result(Outcome.COULD_NOT_BE_CHECKED), held(days=9), tries=tries)
    assert (done.due_at, done.tries) == (NOW + pause, tries + 1)
    assert (done.adds, done.ends, done.step, done.status) == (None, (), None, CheckStatus.SETTLED)


def test_trying_ends_with_the_evidence_and_then_a_registrar_is_told() -> None:
    unchecked = result(Outcome.COULD_NOT_BE_CHECKED)
    assert follows(unchecked, held(days=1), tries=10 * MOST_TRIES).due_at is not None
    over = follows(unchecked, tries=MOST_TRIES - 1)
    assert (over.due_at, over.status) == (None, CheckStatus.ALARM)


@pytest.mark.parametrize("asked_by", list(AskedBy))
def test_nothing_unchecked_is_ever_evidence(asked_by: AskedBy) -> None:
    for kind in EvidenceKind:
        done = follows(result(Outcome.COULD_NOT_BE_CHECKED, kind=kind), asked_by=asked_by)
        assert (done.adds, done.step) == (None, None)


def test_only_the_operator_can_send_its_first_seal_certificate_again() -> None:
    seal = result(Outcome.COULD_NOT_BE_CHECKED, kind=EvidenceKind.SEAL_CERTIFICATE)
    assert follows(seal, asked_by=AskedBy.OPERATOR).due_at is None
    assert follows(seal, held(days=3)).due_at == NOW + FIRST_PAUSE


def test_what_only_a_person_can_check_is_an_alarm_and_not_tried_again() -> None:
    done = follows(result(Outcome.COULD_NOT_BE_CHECKED, kind=EvidenceKind.LICENCE, reason="look_again"), held(days=7))
    assert (done.status, done.due_at) == (CheckStatus.ALARM, None)


def test_a_guarantor_that_asks_nobody_any_more_tries_twice_a_day_while_the_evidence_holds() -> None:
    unasked = result(Outcome.COULD_NOT_BE_CHECKED, reason="no_resolvers")
    assert follows(unasked, held(days=7)).due_at == NOW + LONGEST_PAUSE
    assert follows(unasked, asked_by=AskedBy.OPERATOR) == Conclusion(status=CheckStatus.SETTLED)


def test_the_public_history_names_domains_and_no_other_subject() -> None:
    for kind in EvidenceKind:
        done = follows(result(Outcome.FAILED, kind=kind), subject="what was checked")
        assert done.step is not None
        assert ("what was checked" in str(done.step.said)) is (kind is EvidenceKind.DOMAIN)
