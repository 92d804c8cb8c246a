"""The check `witnessed`: what a second proof shows, apart from the log itself, and what it is worth after a theft."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from sigill.encoding.strict_json import format_canonical_json
from sigill.report.answers import Answer, Reason
from sigill.report.checks import CheckName, Detail, Outcome
from sigill.report.content import Presented
from sigill.report.judge import LogEvidence, Report, judge_seal
from sigill.report.trust import format_trust, parse_trust
from sigill.tlog.log_policy import LogPolicy
from sigill.tlog.proof import format_proof, parse_proof
from sigill.tlog.witnessed import join_proofs, second_proof
from tests.builders_root import ROOT_ORIGIN, make_policy, second_proof_of, witnessed
from tests.builders_seal import NOW, SIGNER, Case, MemoryLog, make_case

_BOTH = {"W1": NOW + timedelta(seconds=20), "W2": NOW + timedelta(seconds=40)}


def detail_of(report: Report, name: CheckName) -> Detail:
    """Return how a check ended."""
    (found,) = (check.detail for check in report.checks if check.check is name)
    return found


def stolen(case: Case, at_s: int) -> Case:
    """Return the case with a key that was stolen so many seconds after the seal was made."""
    key = SIGNER.published(compromised_at=NOW + timedelta(seconds=at_s))
    return replace(case, trust=replace(case.trust, keys=(key,)))


def test_a_receipt_that_enough_witnesses_cosigned_passes_both_checks() -> None:
    report = witnessed(make_case(), times=_BOTH).judge()
    assert detail_of(report, CheckName.LOG) is Detail.IN_THE_LOG
    assert detail_of(report, CheckName.WITNESSED) is Detail.WITNESSED
    assert report.answer is Answer.GENUINE


@pytest.mark.parametrize(
    ("change", "detail"),
    [
        (lambda case: case, Detail.NOT_WITNESSED_YET),
        (lambda case: witnessed(case, times={"W1": NOW}), Detail.TOO_FEW_WITNESSES),
        (lambda case: witnessed(case, times={}), Detail.TOO_FEW_WITNESSES),
        (lambda case: witnessed(case, times={"W1": NOW}, quorum="either"), Detail.WITNESSED),
        (lambda case: witnessed(case, times={"W2": NOW}, quorum="W1"), Detail.TOO_FEW_WITNESSES),
        (lambda case: witnessed(case, times={}, quorum=None), Detail.NO_WITNESS_TRUSTED),
    ],
)
def test_what_is_missing_is_said_and_spoils_nothing(change: Callable[[Case], Case], detail: Detail) -> None:
    report = change(make_case()).judge()
    assert detail_of(report, CheckName.WITNESSED) is detail
    assert report.answer is Answer.GENUINE


def test_a_second_proof_for_another_head_is_a_failure() -> None:
    case = witnessed(make_case(), times=_BOTH)
    other = make_case("Another message", number=2)
    assert case.receipt is not None
    assert other.receipt is not None
    swapped = join_proofs(case.receipt, second_proof_of(other.receipt, MemoryLog(ROOT_ORIGIN, seed=8), _BOTH))
    report = case.judge(log=LogEvidence(swapped))
    assert detail_of(report, CheckName.WITNESSED) is Detail.NOT_IN_THE_ROOT_LOG
    assert (report.answer, report.reason) == (Answer.NOT_GENUINE, Reason.NOT_IN_THE_ROOT_LOG)


def test_a_root_log_that_nobody_trusts_is_a_failure() -> None:
    forger = MemoryLog(ROOT_ORIGIN, seed=99)
    case = make_case()
    forged = witnessed(case, times=_BOTH, root=forger)
    trust = witnessed(case, times=_BOTH).trust
    report = replace(forged, trust=trust).judge()
    assert detail_of(report, CheckName.WITNESSED) is Detail.NOT_IN_THE_ROOT_LOG


@pytest.mark.parametrize("extra", [b"nothing of the kind", b"\xff\xfe", b""])
def test_an_extra_line_that_is_no_proof_is_a_failure(extra: bytes) -> None:
    case = witnessed(make_case(), times=_BOTH)
    assert case.receipt is not None
    receipt = format_proof(replace(parse_proof(case.receipt), extra=extra))
    report = case.judge(log=LogEvidence(receipt))
    assert detail_of(report, CheckName.WITNESSED) is Detail.NOT_IN_THE_ROOT_LOG
    assert detail_of(report, CheckName.LOG) is Detail.IN_THE_LOG


def test_any_changed_cosignature_is_a_failure_and_no_witness_less() -> None:
    case = witnessed(make_case(), times=_BOTH)
    assert case.receipt is not None
    inner = second_proof(case.receipt)
    assert inner is not None
    *lines, last = inner.splitlines(keepends=True)
    data = last.rstrip("\n")
    changed = "".join([*lines, data[:-10] + ("A" if data[-10] != "A" else "B") + data[-9:] + "\n"])
    report = case.judge(log=LogEvidence(join_proofs(case.receipt, changed)))
    assert detail_of(report, CheckName.WITNESSED) is Detail.NOT_IN_THE_ROOT_LOG


def test_a_trust_file_without_a_root_log_leaves_the_second_proof_alone() -> None:
    case = witnessed(make_case(), times=_BOTH)
    report = replace(case, trust=replace(case.trust, root=None, log_policy=None)).judge()
    assert detail_of(report, CheckName.WITNESSED) is Detail.NOT_WITNESSED_YET
    assert report.answer is Answer.GENUINE


def test_a_verifiers_own_policy_counts_in_place_of_the_guarantors() -> None:
    case = witnessed(make_case(), times={"W1": NOW}, quorum="W1")
    root = MemoryLog(ROOT_ORIGIN, seed=8)
    presented = Presented(text=case.text, recipient=case.recipient)
    for policy, detail in (
        (make_policy(root, quorum="both"), Detail.TOO_FEW_WITNESSES),
        (make_policy(root, quorum="either"), Detail.WITNESSED),
        (LogPolicy(), Detail.NO_WITNESS_TRUSTED),
    ):
        report = judge_seal(case.parsed, replace(case.evidence(presented), log_policy=policy))
        assert detail_of(report, CheckName.WITNESSED) is detail


def test_of_a_stolen_key_a_seal_is_believed_that_was_witnessed_before() -> None:
    case = witnessed(make_case(), times=_BOTH)
    assert stolen(case, 41).judge().answer is Answer.GENUINE


@pytest.mark.parametrize("at_s", [-60, 20, 30, 40])
def test_of_a_stolen_key_nothing_is_believed_that_the_quorum_saw_later(at_s: int) -> None:
    report = stolen(witnessed(make_case(), times=_BOTH), at_s).judge()
    assert (report.answer, report.reason) == (Answer.NOT_GENUINE, Reason.KEY_COMPROMISED)


@pytest.mark.parametrize(
    "change",
    [
        lambda case: case,
        lambda case: witnessed(case, times={"W1": NOW}),
        lambda case: witnessed(case, times={}, quorum=None),
    ],
)
def test_of_a_stolen_key_nothing_is_believed_without_a_quorum(change: Callable[[Case], Case]) -> None:
    report = stolen(change(make_case()), 3600).judge()
    assert report.reason is Reason.KEY_COMPROMISED


def test_a_stolen_key_is_still_bound_to_its_time() -> None:
    case = witnessed(make_case(), times=_BOTH)
    key = SIGNER.published(compromised_at=NOW + timedelta(days=1), valid_from=NOW + timedelta(seconds=1))
    report = replace(case, trust=replace(case.trust, keys=(key,))).judge()
    assert report.reason is Reason.KEY_NOT_VALID_THEN


def test_a_trust_file_carries_the_root_log_its_policy_and_former_keys() -> None:
    trust = witnessed(make_case(), times=_BOTH).trust
    assert trust.root is not None
    root = replace(trust.root, former=(trust.root.vkey,))
    kept = replace(trust, root=root)
    assert parse_trust(format_canonical_json(format_trust(kept))) == kept
    assert kept.witnesses.quorum == "both"


def test_a_check_that_says_witnessed_is_passed_and_one_that_does_not_is_not() -> None:
    passed = witnessed(make_case(), times=_BOTH).judge()
    lacking = make_case().judge()
    outcomes = [
        next(check.outcome for check in report.checks if check.check is CheckName.WITNESSED)
        for report in (passed, lacking)
    ]
    assert outcomes == [Outcome.PASSED, Outcome.NOT_CHECKED]
