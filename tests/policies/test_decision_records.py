"""Decisions as they are kept and disclosed."""

from dataclasses import replace
from pathlib import Path

from policies.records import DecisionRecord, disclosed_decision, keep_decision, load_decision
from storage.engine import make_engine, reading, writing
from storage.migrate import migrate
from tests.builders_deployment import NOW

RECORD = DecisionRecord(
    id="01JD8Z6Q2V4T7M9K3C5B1A0XYZ",
    operator_id="bank",
    verdict="allow_with_obligations",
    facts={"enquiry": "informational", "language": "sv"},
    facts_salt=bytes(range(16)),
    decision={
        "rules": [{"id": "r1", "why": "…"}],
        "obligations": [
            {"id": "disclose_ai", "basis": "law", "deadline_minutes": None},
            {"id": "human_on_request", "basis": "default", "deadline_minutes": 0, "title": "…"},
        ],
        "text_keys": ["ai_inline"],
    },
    decided_at=NOW,
)


def test_a_decision_comes_back_as_it_was_kept_and_another_is_unknown(tmp_path: Path) -> None:
    engine = make_engine(f"sqlite:///{tmp_path / 'sigill.db'}")
    migrate(engine)
    with writing(engine) as connection:
        keep_decision(RECORD)(connection, 7)
        keep_decision(replace(RECORD, id="other"))(connection, 8)
    with reading(engine) as connection:
        assert load_decision(connection, RECORD.id) == RECORD
        assert load_decision(connection, "erased") is None
    engine.dispose()


def test_a_seal_discloses_what_was_decided_by_id() -> None:
    assert disclosed_decision(RECORD) == {
        "enquiry": "informational",
        "eff": "allow_with_obligations",
        "rules": ["r1"],
        "obl": [
            {"id": "disclose_ai", "basis": "law"},
            {"id": "human_on_request", "basis": "default", "minutes": 0},
        ],
        "texts": ["ai_inline"],
    }
