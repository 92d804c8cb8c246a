"""Keeping a decision beside what it decided, in the same transaction, and reading it again."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select

from policies.tables import decisions
from storage.times import from_ms, to_ms


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionRecord:
    """One kept decision. `id` is the seal's jti or the refusal's id; `facts` and `decision` are JSON values."""

    id: str
    operator_id: str
    verdict: str
    facts: dict[str, Any]
    facts_salt: bytes
    decision: dict[str, Any]
    decided_at: datetime


def disclosed_decision(record: DecisionRecord) -> dict[str, Any]:
    """Return the value of a seal's `dec` disclosure: the declared enquiry, and what was decided, by id."""
    decision = record.decision
    return {
        "enquiry": record.facts["enquiry"],
        "eff": record.verdict,
        "rules": [rule["id"] for rule in decision["rules"]],
        "obl": [
            {"id": item["id"], "basis": item["basis"]}
            | ({} if item.get("deadline_minutes") is None else {"minutes": item["deadline_minutes"]})
            for item in decision["obligations"]
        ],
        "texts": list(decision["text_keys"]),
    }


def keep_decision(record: DecisionRecord) -> Callable[[Connection, int], None]:
    """Return the write that keeps `record` with its index in the operator's log."""

    def write(connection: Connection, index: int) -> None:
        connection.execute(
            insert(decisions).values(
                id=record.id,
                operator_id=record.operator_id,
                log_index=index,
                verdict=record.verdict,
                facts=record.facts,
                facts_salt=record.facts_salt,
                decision=record.decision,
                decided_at_ms=to_ms(record.decided_at),
            )
        )

    return write


def load_decision(connection: Connection, decision_id: str) -> DecisionRecord | None:
    """Return the kept decision of a seal or refusal, or None (never made, or erased)."""
    row = connection.execute(select(decisions).where(decisions.c.id == decision_id)).one_or_none()
    if row is None:
        return None
    return DecisionRecord(
        id=row.id,
        operator_id=row.operator_id,
        verdict=row.verdict,
        facts=row.facts,
        facts_salt=bytes(row.facts_salt),
        decision=row.decision,
        decided_at=from_ms(row.decided_at_ms),
    )
