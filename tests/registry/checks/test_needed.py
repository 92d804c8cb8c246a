"""What an operator still has to show before anybody verifies it."""

from datetime import timedelta

import pytest

from registry.checks.kept import CheckStatus, KeptCheck
from registry.checks.needed import Need, missing_evidence
from registry.checks.outcome import Outcome
from registry.model import Environment, Evidence, EvidenceKind
from sigill.vocabulary import Industry
from tests.builders_deployment import NOW, operator


def held(kind: EvidenceKind, *, days: int = 90) -> Evidence:
    return Evidence(
        id=f"EV-{kind}"[:26],
        kind=kind,
        method="m",
        checked_by="c",
        valid_from=NOW - timedelta(days=1),
        valid_until=NOW + timedelta(days=days),
    )


def check(kind: EvidenceKind, *, reason: str, days_ago: int) -> KeptCheck:
    return KeptCheck(
        id=reason,
        operator_id="exempelbanken",
        kind=kind,
        subject="s",
        outcome=Outcome.FAILED,
        status=CheckStatus.SETTLED,
        method="m",
        reason=reason,
        detail="d",
        facts={},
        checked_by="c",
        checked_at=NOW - timedelta(days=days_ago),
        valid_until=None,
        evidence_id=None,
    )


def needs(industry: Industry, *kinds: EvidenceKind, environment: Environment = Environment.LIVE) -> list[Need]:
    who = operator(industry=industry, environment=environment, evidence=tuple(held(kind) for kind in kinds))
    return [missing.need for missing in missing_evidence(who, (), at=NOW)]


@pytest.mark.parametrize("industry", [Industry.BANK, Industry.INSURANCE])
def test_banks_and_insurers_need_a_licence_beside_domain_and_identity(industry: Industry) -> None:
    assert needs(industry) == [Need.DOMAIN, Need.IDENTITY, Need.LICENCE]
    assert needs(industry, EvidenceKind.DOMAIN, EvidenceKind.REGISTER) == [Need.LICENCE]
    assert needs(industry, EvidenceKind.DOMAIN, EvidenceKind.REGISTER, EvidenceKind.LICENCE) == []


def test_others_need_no_licence() -> None:
    assert needs(Industry.TELECOM, EvidenceKind.DOMAIN) == [Need.IDENTITY]


@pytest.mark.parametrize("kind", [EvidenceKind.REGISTER, EvidenceKind.LEI, EvidenceKind.SEAL_CERTIFICATE])
def test_a_register_a_lei_and_a_seal_certificate_each_show_who_it_is_in_law(kind: EvidenceKind) -> None:
    assert needs(Industry.TELECOM, EvidenceKind.DOMAIN, kind) == []


def test_what_was_made_up_for_a_demonstration_shows_nothing() -> None:
    assert needs(Industry.TELECOM, EvidenceKind.DEMONSTRATION) == [Need.DOMAIN, Need.IDENTITY]


def test_a_test_operator_needs_nothing() -> None:
    assert needs(Industry.BANK, environment=Environment.TEST) == []


def test_evidence_counts_to_the_instant_it_ends() -> None:
    who = operator(industry=Industry.TELECOM, evidence=(held(EvidenceKind.DOMAIN), held(EvidenceKind.LEI, days=5)))
    end = NOW + timedelta(days=5)
    assert missing_evidence(who, (), at=end - timedelta(milliseconds=1)) == ()
    assert [missing.need for missing in missing_evidence(who, (), at=end)] == [Need.IDENTITY]


def test_what_is_missing_tells_the_newest_check_that_tried() -> None:
    tried = (
        check(EvidenceKind.LEI, reason="lapsed", days_ago=1),
        check(EvidenceKind.REGISTER, reason="not_found", days_ago=2),
        check(EvidenceKind.DOMAIN, reason="no_record", days_ago=0),
    )
    domain, identity, licence = missing_evidence(operator(evidence=()), tried, at=NOW)
    assert (domain.last, identity.last, licence.last) == (tried[2], tried[0], None)
