"""Decisions as they are kept and disclosed."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Engine, func, select

from policies.records import DecisionRecord, KeptDecision, disclosed_decision, load_decision, make_body
from policies.tables import decision_bodies, decisions
from storage.engine import reading, writing
from tests.builders_deployment import NOW
from transparency.append import Place

FACTS: dict[str, Any] = {"enquiry": "informational", "language": "sv"}
DECISION: dict[str, Any] = {
    "verdict": "allow_with_obligations",
    "rules": [{"id": "r1", "why": "…"}],
    "obligations": [
        {"id": "disclose_ai", "basis": "law", "deadline_minutes": None},
        {"id": "human_on_request", "basis": "default", "deadline_minutes": 0, "title": "…"},
    ],
    "text_keys": ["ai_inline"],
}


def kept(name: str, facts: dict[str, Any] = FACTS, decision: dict[str, Any] = DECISION) -> KeptDecision:
    return KeptDecision(
        id=name,
        operator_id="bank",
        verdict=decision["verdict"],
        facts_salt=bytes(range(16)),
        body=make_body(facts, decision),
        decided_at=NOW,
    )


def commit(engine: Engine, parts: Sequence[KeptDecision]) -> None:
    with writing(engine) as connection:
        ledger = KeptDecision.open(connection, parts)
        for index, part in enumerate(parts):
            ledger.check(part)
            ledger.take(part, Place("bank", index))
        ledger.save(connection, {"bank": len(parts)})


def count(engine: Engine, table: Any) -> int:
    with reading(engine) as connection:
        return int(connection.scalar(select(func.count()).select_from(table)) or 0)


def test_a_decision_comes_back_as_it_was_kept_and_another_is_unknown(engine: Engine) -> None:
    commit(engine, [kept("first"), kept("second", FACTS | {"language": "da"})])
    with reading(engine) as connection:
        assert load_decision(connection, "first") == DecisionRecord(
            id="first",
            operator_id="bank",
            verdict="allow_with_obligations",
            facts=FACTS,
            facts_salt=bytes(range(16)),
            decision=DECISION,
            decided_at=NOW,
        )
        second = load_decision(connection, "second")
        assert second is not None
        assert second.facts["language"] == "da"
        assert load_decision(connection, "erased") is None
        rows = connection.execute(select(decisions.c.id, decisions.c.log_index).order_by(decisions.c.log_index))
        assert [tuple(row) for row in rows] == [("first", 0), ("second", 1)]


def test_facts_and_decision_are_kept_once_however_often_they_come(engine: Engine) -> None:
    commit(engine, [kept(f"a{number}") for number in range(20)])
    commit(engine, [kept(f"b{number}") for number in range(20)] + [kept("c", FACTS | {"language": "da"})])
    assert (count(engine, decisions), count(engine, decision_bodies)) == (41, 2)


def test_a_body_is_named_by_all_that_it_says() -> None:
    digests = {
        make_body(FACTS, DECISION).digest,
        make_body(FACTS | {"language": "da"}, DECISION).digest,
        make_body(FACTS, DECISION | {"verdict": "deny"}).digest,
    }
    assert len(digests) == 3
    assert make_body(dict(reversed(FACTS.items())), DECISION) == make_body(FACTS, DECISION)


def test_a_seal_discloses_what_was_decided_by_id() -> None:
    assert disclosed_decision(FACTS, DECISION) == {
        "enquiry": "informational",
        "eff": "allow_with_obligations",
        "rules": ["r1"],
        "obl": [
            {"id": "disclose_ai", "basis": "law"},
            {"id": "human_on_request", "basis": "default", "minutes": 0},
        ],
        "texts": ["ai_inline"],
    }
