"""A seal certificate over the API: signed on the command line, checked, evidence, revoked, found by the re-check."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from registry.applying.rechecks import recheck_due
from registry.asking.exchange import Answered, NoAnswer, Question
from registry.checks.kept import CheckStatus
from registry.model import EvidenceKind
from registry.steps import Act
from running.rechecks import recheck
from sigill.cli.main import main
from storage.leading import try_lead
from tests.builders_applying import Applicants, applicants
from tests.builders_seal_trust import IDENTIFIER, NAME, TrustWorld, fetch

pytestmark = [pytest.mark.servers, pytest.mark.slow]


@dataclass
class Sealing:
    """An applicant with a seal certificate, and the authorities."""

    there: Applicants
    trust: TrustWorld
    admin: str
    folder: Path

    def statement(self) -> bytes:
        response = self.there.get("/v1/operator/application-statement", key=self.admin)
        assert response.status_code == 200, response.get_data(as_text=True)
        data: bytes = response.get_data()
        return data

    def sign(self, name: str, statement: bytes | None = None) -> tuple[str, Any]:
        """Sign a statement with a new certificate as an operator does; return the application and the certificate."""
        issued = self.trust.issuing.issue(name, extra=self.trust.extra())
        self.trust.publish_lists()
        (self.folder / "statement.json").write_bytes(statement or self.statement())
        (self.folder / "chain.pem").write_bytes(self.trust.bundle(issued))
        out = self.folder / f"{name}.jws"
        command = ["sign-application", self.folder / "statement.json", "--certificate", self.folder / "chain.pem"]
        assert main([str(part) for part in (*command, "--key", issued.key, "--out", out)]) == 0
        return out.read_text().strip(), issued

    def send(self, application: str) -> Any:
        return self.there.post("/v1/operator/seal-certificate", {"application": application}, key=self.admin)


@pytest.fixture
def sealing(tmp_path: Path, trust: TrustWorld) -> Iterator[Sealing]:
    anchors = tmp_path / "anchors.pem"
    anchors.write_bytes(trust.root.pem)
    with applicants(tmp_path / "service", more={"SIGILL_SEAL_ANCHORS": str(anchors)}) as there:
        answer = there.apply(name=NAME, identifier=IDENTIFIER, markets=["SE"])
        yield Sealing(there, trust, answer["api_keys"]["admin"], tmp_path)


def test_a_signed_application_is_evidence_until_the_certificate_is_revoked(sealing: Sealing) -> None:
    there = sealing.there
    application, issued = sealing.sign("evidence")
    done = sealing.send(application).get_json()
    assert (done["outcome"], done["facts"]["organisation"]) == ("passed", NAME)
    operator_id = json.loads(sealing.statement())["operator"]
    assert [item.kind for item in there.operator(operator_id).evidence] == [EvidenceKind.SEAL_CERTIFICATE]
    assert there.get("/v1/operator", key=sealing.admin).get_json()["missing"][0]["need"] == "domain"

    assert recheck_due(there.at(timedelta(hours=25)), limit=9) == 1
    assert len(there.operator(operator_id).evidence) == 1  # it has six of seven days left
    sealing.trust.issuing.revoke(issued)
    sealing.trust.publish_lists()
    later = there.at(timedelta(hours=50))
    assert recheck_due(later, limit=9) == 1

    (item,) = there.operator(operator_id).evidence
    assert item.valid_until <= later.now()
    newest = there.checks(operator_id)[0]
    assert (newest.reason, newest.status) == ("revoked", CheckStatus.ALARM)
    acts = [step.step.act for step in there.steps(operator_id)]
    assert [act for act in acts if act is not Act.LIKENESS_FOUND] == [Act.EVIDENCE_ADDED, Act.EVIDENCE_ENDED]


def test_daily_looks_go_on_for_weeks_and_the_evidence_with_them(sealing: Sealing) -> None:
    application, _issued = sealing.sign("weeks")
    sealing.send(application)
    for day in range(1, 6):
        assert recheck_due(sealing.there.at(timedelta(days=day, hours=day)), limit=9) == 1
    checks = sealing.there.checks("exempelbanken-ab")
    assert [check.outcome.value for check in checks] == ["passed"] * 6
    assert len(sealing.there.operator("exempelbanken-ab").evidence) == 2


def test_a_statement_counts_once_and_for_its_operator_alone(sealing: Sealing) -> None:
    application, _issued = sealing.sign("once")
    other = sealing.there.apply(name="Another AB", identifier="NTRSE-5560360793", markets=["SE"], domains=None)
    stolen = sealing.there.post(
        "/v1/operator/seal-certificate", {"application": application}, key=other["api_keys"]["admin"]
    )
    assert (stolen.status_code, stolen.get_json()["type"].rpartition("/")[2]) == (422, "statement-unknown")
    assert sealing.send(application).get_json()["outcome"] == "passed"
    again = sealing.send(application)
    assert (again.status_code, again.get_json()["type"].rpartition("/")[2]) == (422, "statement-unknown")


def test_what_was_sealed_with_anothers_certificate_fails_and_the_statement_stays_good(sealing: Sealing) -> None:
    statement = sealing.statement()
    right, _issued = sealing.sign("right", statement)
    head, payload, signature = right.split(".")
    flipped = signature[:-2] + ("A" if signature[-2] != "A" else "B") + signature[-1]
    failed = sealing.send(f"{head}.{payload}.{flipped}").get_json()
    assert failed["outcome"] == "failed"
    assert sealing.there.operator("exempelbanken-ab").evidence == ()
    assert sealing.send(right).get_json()["outcome"] == "passed"


@pytest.mark.parametrize("application", ["x", "a.b.c", "é.é.é", "x" * 130_000])
def test_what_is_no_application_is_refused_before_anybody_is_asked(sealing: Sealing, application: str) -> None:
    assert sealing.send(application).status_code == 422
    assert sealing.there.checks("exempelbanken-ab") == ()


def test_issuers_that_cannot_be_asked_leave_the_evidence_as_it_is(sealing: Sealing) -> None:
    application, _issued = sealing.sign("silent")
    sealing.send(application)

    def down(question: Question) -> Answered:
        raise NoAnswer("timeout", f"no answer from {question.url}")

    later = replace(sealing.there.at(timedelta(days=2)), seal_fetch=down)
    assert recheck_due(later, limit=9) == 1
    newest = sealing.there.checks("exempelbanken-ab")[0]
    assert (newest.reason, newest.status) == ("revocation_unknown", CheckStatus.SETTLED)
    (item,) = sealing.there.operator("exempelbanken-ab").evidence
    assert item.valid_until > later.now()
    assert recheck_due(replace(sealing.there.at(timedelta(days=2, minutes=16)), seal_fetch=fetch), limit=9) == 1
    assert sealing.there.checks("exempelbanken-ab")[0].outcome.value == "passed"


def test_one_process_at_a_time_checks_again(sealing: Sealing) -> None:
    application, _issued = sealing.sign("leading")
    sealing.send(application)
    services = replace(sealing.there.made.services, applying=sealing.there.at(timedelta(days=2)))
    with try_lead(services.engine, "rechecks") as leads:
        assert leads
        assert recheck(services) == 0
    assert recheck(services) == 1
