"""The check of a release: more than a word only where the evidence was brought, and holds."""

from dataclasses import replace

import pytest

from sigill.presence.statement import Statement
from sigill.report.answers import Answer, Reason
from sigill.report.checks import ALWAYS, CheckName, Detail, Outcome
from sigill.report.content import Presented
from sigill.report.describe import describe_report
from sigill.report.judge import Evidence, LogEvidence, Report, judge_seal
from sigill.report.openers import BroughtOpener
from sigill.report.words import words
from sigill.seal.token import parse_seal
from sigill.vocabulary import Authorship, Language
from tests.builders_presence import UP, Authenticator, Released, passkey_proof, released_case
from tests.builders_seal import make_case

BY_SOMEBODY = Authenticator()


def judge(made: Released, release: bytes | None) -> Report:
    kind, address = made.case.recipient or ("", "")
    evidence = Evidence(
        presented=Presented(text=made.case.text, recipient=(str(kind), address)),
        trust=made.case.trust,
        opener=BroughtOpener(made.seal),
        log=LogEvidence(made.case.receipt),
        at=made.case.at,
        release=release,
    )
    return judge_seal(made.seal, evidence)


def unverified(statement: Statement) -> object:
    return passkey_proof(BY_SOMEBODY, statement, flags=UP)


def last(report: Report) -> tuple[CheckName, Outcome, Detail]:
    check = report.checks[-1]
    return check.check, check.outcome, check.detail


def test_a_release_that_was_checked_is_said_to_be_one() -> None:
    made = released_case()
    report = judge(made, made.data)
    assert last(report) == (CheckName.ATTESTATION, Outcome.PASSED, Detail.RELEASED)
    assert report.answer is Answer.GENUINE
    said = describe_report(report, words(Language.SV), trust=made.case.trust, receipt=made.case.receipt)
    assert said["authorship"]["words"].endswith("Det är frigivet av en verifierad medarbetare.")


def test_a_release_that_was_not_checked_is_the_guarantors_word() -> None:
    made = released_case()
    report = judge(made, None)
    assert last(report) == (CheckName.ATTESTATION, Outcome.NOT_CHECKED, Detail.RELEASE_NOT_BROUGHT)
    assert report.answer is Answer.GENUINE
    said = describe_report(report, words(Language.EN), trust=made.case.trust, receipt=made.case.receipt)
    assert "The guarantor says" in said["authorship"]["words"]


def test_evidence_of_another_message_says_nothing_of_this_one() -> None:
    made = released_case()
    report = judge(made, released_case().data)
    assert last(report) == (CheckName.ATTESTATION, Outcome.NOT_CHECKED, Detail.RELEASE_OF_ANOTHER)
    assert report.answer is Answer.GENUINE
    assert not report.released


@pytest.mark.parametrize("by", [Authorship.HUMAN, Authorship.AI_ASSISTED])
def test_a_release_that_does_not_hold_condemns_the_seal_that_claims_it(by: Authorship) -> None:
    made = released_case(by=by, prove=unverified)
    report = judge(made, made.data)
    assert last(report) == (CheckName.ATTESTATION, Outcome.FAILED, Detail.RELEASE_WRONG)
    assert (report.answer, report.reason) == (Answer.NOT_GENUINE, Reason.RELEASE_WRONG)


def test_a_seal_of_another_level_has_no_such_check() -> None:
    case = make_case()
    made = Released(case, parse_seal(case.seal), released_case().evidence, b"")
    assert tuple(check.check for check in judge(made, b"{}").checks) == ALWAYS


def test_nothing_is_said_of_a_release_where_the_seal_itself_does_not_hold() -> None:
    made = released_case()
    forged = replace(made, case=replace(made.case, trust=replace(made.case.trust, issuer="https://other.example")))
    report = judge(forged, made.data)
    assert CheckName.ATTESTATION not in {check.check for check in report.checks}
