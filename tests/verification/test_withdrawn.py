"""The register of withdrawals, as a verification asks it: at once, and saying so where it does not answer."""

from typing import Any

import pytest

from sigill.report.answers import Answer, Reason
from sigill.report.checks import Detail
from sigill.vocabulary import WithdrawalReason
from signing.withdraw import withdraw
from tests.builders_deployment import TEXT, Deployment
from transparency.errors import StoreUnavailable
from verification import service
from verification.find import Brought
from verification.service import Verdict, VerifyRequest, verify


def verdict(deployment: Deployment, seal: str) -> Verdict:
    return verify(VerifyRequest(brought=Brought(seal=seal), content=TEXT), world=deployment.services.verification)


def details(found: Verdict) -> set[Detail]:
    return {check.detail for check in found.report.checks}


def test_a_withdrawal_counts_at_once_and_has_its_time(deployment: Deployment) -> None:
    sealed = deployment.sign().get_json()
    before = verdict(deployment, sealed["seal"])
    assert before.report.answer is Answer.GENUINE
    assert Detail.STATUS_VALID in details(before)
    done = withdraw(
        sealed["id"],
        operator_id="exempelbanken",
        reason=WithdrawalReason.MISLEADING,
        world=deployment.services.signing,
    )
    after = verdict(deployment, sealed["seal"])
    assert (after.report.answer, after.report.reason) == (Answer.NOT_GENUINE, Reason.WITHDRAWN)
    assert after.report.withdrawn_at == done.at


def test_a_register_that_does_not_answer_leaves_it_open(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    sealed = deployment.sign().get_json()

    def away(*_: Any) -> None:
        raise StoreUnavailable("withdrawals could not be read")

    monkeypatch.setattr(service, "find_withdrawal", away)
    found = verdict(deployment, sealed["seal"])
    assert (found.report.answer, found.report.reason) == (Answer.CANNOT_SAY, Reason.STATUS_NOT_CHECKED)
    assert Detail.STATUS_UNKNOWN in details(found)
