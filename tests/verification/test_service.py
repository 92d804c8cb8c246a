"""Verifying below HTTP: what is not ours to look up, and what can no longer be told."""

from dataclasses import replace

import pytest
from sqlalchemy import delete, func, select, update

from policies.tables import decision_bodies, decisions
from registry.tables import ai_systems, api_keys, evidence, operator_states, operators
from sigill.report.answers import Answer, Reason
from sigill.seal.token import parse_seal
from storage.engine import writing
from tests.builders_deployment import TEXT, Deployment
from tests.builders_seal import make_case
from verification.find import Brought
from verification.service import Verdict, VerifyRequest, verify


def ask(made: Deployment, seal: str, content: str | None = TEXT) -> Verdict:
    request = VerifyRequest(brought=Brought(seal=seal), content=content)
    return verify(request, world=made.services.verification)


def test_a_strangers_seal_is_neither_looked_up_nor_opened(deployment: Deployment) -> None:
    asked: list[str] = []

    def salt_keys(operator_id: str, _at: object) -> tuple[bytes, ...]:
        asked.append(operator_id)
        return ()

    world = replace(deployment.services.verification, salt_keys=salt_keys)
    case = make_case(TEXT)
    verdict = verify(VerifyRequest(brought=Brought(seal=case.seal), content=TEXT), world=world)
    assert (verdict.report.answer, verdict.report.reason) == (Answer.CANNOT_SAY, Reason.GUARANTOR_UNKNOWN)
    assert (verdict.operator, verdict.receipt, asked) == (None, None, [])


def test_the_decision_is_shown_to_who_brings_the_text_or_its_disclosure(deployment: Deployment) -> None:
    seal = deployment.sign().get_json()["seal"]
    bare = seal.split("~")[0] + "~"
    assert ask(deployment, bare, None).decision is None
    assert ask(deployment, bare, "annat").decision is None
    for shown in (ask(deployment, bare), ask(deployment, seal, None)):
        assert shown.decision is not None
        assert shown.decided is not None
        assert shown.decision["enquiry"] == "informational"


def test_an_erased_decision_is_known_only_from_the_disclosure(deployment: Deployment) -> None:
    seal = deployment.sign().get_json()["seal"]
    with writing(deployment.services.engine) as connection:
        connection.execute(delete(decisions))
    disclosed = ask(deployment, seal)
    assert disclosed.report.answer is Answer.GENUINE
    assert disclosed.decision is not None
    assert disclosed.decided is None
    assert ask(deployment, seal.split("~")[0] + "~").decision is None


@pytest.mark.parametrize("tampering", ["another body", "a changed verdict", "changed facts"])
def test_a_decision_changed_in_the_database_is_not_shown_as_the_sealed_one(
    deployment: Deployment, tampering: str
) -> None:
    seal = deployment.sign().get_json()["seal"]
    deployment.sign(authorship="ai")
    jti = parse_seal(seal).claims.jti
    with writing(deployment.services.engine) as connection:
        mine = connection.execute(select(decisions.c.body).where(decisions.c.id == jti)).scalar_one()
        match tampering:
            case "another body":
                other = select(decisions.c.body).where(decisions.c.id != jti).scalar_subquery()
                connection.execute(update(decisions).where(decisions.c.id == jti).values(body=other))
            case "a changed verdict":
                change = func.replace(decision_bodies.c.decision, '"allow', '"deny')
                connection.execute(update(decision_bodies).values(decision=change))
            case _:
                change = func.replace(decision_bodies.c.facts, '"informational"', '"complaint"')
                connection.execute(update(decision_bodies).where(decision_bodies.c.digest == mine).values(facts=change))
    shown = ask(deployment, seal)
    assert shown.decision is not None
    assert shown.decision["eff"].startswith("allow")
    assert shown.decided is None


def test_an_operator_gone_from_the_registry_is_vouched_for_by_its_seal(deployment: Deployment) -> None:
    seal = deployment.sign().get_json()["seal"]
    with writing(deployment.services.engine) as connection:
        for table in (api_keys, ai_systems, evidence, operator_states, operators):
            connection.execute(delete(table))
    verdict = ask(deployment, seal)
    assert (verdict.report.answer, verdict.operator) == (Answer.GENUINE, None)
    assert parse_seal(seal).claims.op.name == "Exempelbanken"
    assert ask(deployment, seal.split("~")[0] + "~").report.reason is Reason.CONTENT_NOT_OPENABLE
