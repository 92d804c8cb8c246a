"""Keeping a decision beside what it decided, in the same transaction, and reading it again."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, Engine, delete, select

from policies.tables import decision_bodies, decisions
from sigill.encoding.strict_json import Json, format_canonical_json
from storage.bulk import insert_missing, insert_rows
from storage.prepared import Asked, PreparedIn
from storage.times import from_ms, to_ms
from transparency.append import Place

_MAX_KEPT: Final = 65_536  # two megabytes of digests
_KEPT: Final = WeakKeyDictionary[Engine, set[bytes]]()  # bodies that are surely there; nothing ever deletes one
_FIND: Final = PreparedIn(decision_bodies.c.digest, select(decision_bodies.c.digest).where)


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionBody:
    """Facts and decision as canonical JSON, and the digest they are kept under (SHA-256 over both)."""

    digest: bytes
    facts: str
    decision: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionRecord:
    """One kept decision as it is read. `id` is the seal's jti or the refusal's id; `facts`, `decision` are JSON."""

    id: str
    operator_id: str
    verdict: str
    facts: dict[str, Any]
    facts_salt: bytes
    decision: dict[str, Any]
    decided_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptDecision:
    """The part that keeps a decision with the leaf of what it decided."""

    id: str
    operator_id: str
    verdict: str
    facts_salt: bytes
    body: DecisionBody
    decided_at: datetime

    @classmethod
    def open(cls, connection: Connection, parts: "Sequence[KeptDecision]") -> "_Kept":
        """Load which bodies are kept already, but for those an earlier transaction was seen to have kept."""
        kept = _KEPT.setdefault(connection.engine, set())
        asked = _FIND.ask(connection, list({part.body.digest for part in parts} - kept))
        if len(kept) > _MAX_KEPT:
            kept.clear()
        return _Kept(kept, asked)


class _Kept:
    """What this batch keeps: nothing stops a decision from being kept."""

    def __init__(self, kept: set[bytes], asked: Sequence[Asked]) -> None:
        self._kept = kept
        self._asked = asked
        self._taken: list[tuple[KeptDecision, Place]] = []

    def check(self, _part: KeptDecision) -> None:
        """Accept it, and read which bodies were found."""
        for asked in self._asked:
            self._kept |= {bytes(digest) for (digest,) in asked.rows()}
        self._asked = ()

    def take(self, part: KeptDecision, place: Place) -> None:
        """Note it."""
        self._taken.append((part, place))

    def save(self, connection: Connection, _tree_sizes: Mapping[str, int]) -> None:
        """Write the decisions, after the bodies they share that are new."""
        bodies = {part.body.digest: part.body for part, _ in self._taken if part.body.digest not in self._kept}
        insert_missing(
            connection,
            decision_bodies,
            [{"digest": body.digest, "facts": body.facts, "decision": body.decision} for body in bodies.values()],
        )
        insert_rows(
            connection,
            decisions,
            [
                {
                    "id": part.id,
                    "operator_id": part.operator_id,
                    "log_index": place.index,
                    "verdict": part.verdict,
                    "facts_salt": part.facts_salt,
                    "body": part.body.digest,
                    "decided_at_ms": to_ms(part.decided_at),
                }
                for part, place in self._taken
            ],
        )


def make_body(facts: Json, decision: Json) -> DecisionBody:
    """Return facts and decision as they are kept."""
    written = format_canonical_json(facts), format_canonical_json(decision)
    digest = hashlib.sha256(b"\n".join(written)).digest()
    return DecisionBody(digest=digest, facts=written[0].decode(), decision=written[1].decode())


def disclosed_decision(facts: Mapping[str, Any], decision: Mapping[str, Any]) -> dict[str, Any]:
    """Return the value of a seal's `dec` disclosure: the declared enquiry, and what was decided, by id."""
    return {
        "enquiry": facts["enquiry"],
        "eff": decision["verdict"],
        "rules": [rule["id"] for rule in decision["rules"]],
        "obl": [
            {"id": item["id"], "basis": item["basis"]}
            | ({} if item.get("deadline_minutes") is None else {"minutes": item["deadline_minutes"]})
            for item in decision["obligations"]
        ],
        "texts": list(decision["text_keys"]),
    }


def kept_digest(record: DecisionRecord) -> bytes:
    """Return the salted digest of the facts that are kept: what the seal they decided on holds as `fd`."""
    return hashlib.sha256(record.facts_salt + format_canonical_json(record.facts)).digest()


def forget_decisions(connection: Connection, ids: Sequence[str]) -> None:
    """Delete what ties these messages and refusals to their facts; the facts, without them, are nobody's."""
    connection.execute(delete(decisions).where(decisions.c.id.in_(ids)))


def load_kept(connection: Connection, ids: Sequence[str]) -> dict[str, str]:
    """Return the decisions of these messages, by id, as canonical JSON; those of one body share one text."""
    bodies: dict[str, bytes] = {
        row.id: bytes(row.body)
        for row in connection.execute(select(decisions.c.id, decisions.c.body).where(decisions.c.id.in_(ids)))
    }
    columns = decision_bodies.c
    wanted = list(set(bodies.values()))
    rows = connection.execute(select(columns.digest, columns.decision).where(columns.digest.in_(wanted)))
    texts: dict[bytes, str] = {bytes(row.digest): row.decision for row in rows}
    return {each: texts[digest] for each, digest in bodies.items() if digest in texts}


def load_kept_between(connection: Connection, operator_id: str, *, begin: datetime, end: datetime) -> list[str]:
    """Return the different decisions of an operator in [begin, end), as canonical JSON. Reads all of its decisions."""
    columns = decisions.c
    made = columns.decided_at_ms.between(to_ms(begin), to_ms(end) - 1)
    digests = select(columns.body).where(columns.operator_id == operator_id, made).distinct()
    query = select(decision_bodies.c.decision).where(decision_bodies.c.digest.in_(digests))
    return list(connection.execute(query).scalars())


def load_decision(connection: Connection, decision_id: str) -> DecisionRecord | None:
    """Return the kept decision of a seal or refusal, or None (never made, or erased)."""
    joined = decisions.join(decision_bodies, decisions.c.body == decision_bodies.c.digest)
    query = select(decisions, decision_bodies.c.facts, decision_bodies.c.decision).select_from(joined)
    row = connection.execute(query.where(decisions.c.id == decision_id)).one_or_none()
    if row is None:
        return None
    return DecisionRecord(
        id=row.id,
        operator_id=row.operator_id,
        verdict=row.verdict,
        facts=json.loads(row.facts),
        facts_salt=bytes(row.facts_salt),
        decision=json.loads(row.decision),
        decided_at=from_ms(row.decided_at_ms),
    )
