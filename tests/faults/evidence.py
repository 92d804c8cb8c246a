"""All that a check rests on, read once: the logs over HTTP as an auditor reads them, and the database's own rows."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Engine, inspect, select

from conversations.tables import conversations
from policies.tables import decisions
from sigill.errors import SigillError
from sigill.report.trust import Trust, TrustedLog, parse_trust
from sigill.tlog.checkpoint import Checkpoint, verify_checkpoint
from sigill.tlog.note import parse_vkey
from sigill.tlog.tiles import TILE_WIDTH, Bundle, Tile, format_path, parse_bundle, tile_width
from sigill.tlog.tree import hash_leaf
from storage.engine import reading
from tests.faults.findings import Fault, Finding
from transparency.tables import entries, logs, records, tokens

Fetch = Callable[[str], bytes]


@dataclass(frozen=True, slots=True)
class ReadLog:
    """One operator's log as served: the checkpoint it signed, and its entries."""

    log: TrustedLog
    checkpoint: Checkpoint
    entries: Sequence[bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """The database's rows, as plain mappings. `links` and `claims` are empty where the schema has none."""

    logs: Sequence[Mapping[str, Any]] = ()
    entries: Sequence[Mapping[str, Any]] = ()
    tokens: Sequence[Mapping[str, Any]] = ()
    records: Sequence[Mapping[str, Any]] = ()
    decisions: Sequence[Mapping[str, Any]] = ()
    conversations: Sequence[Mapping[str, Any]] = ()
    links: Sequence[Mapping[str, Any]] = ()
    claims: Sequence[Mapping[str, Any]] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """Everything read, and what was found wrong while reading it."""

    trust: Trust
    logs: Mapping[str, ReadLog]
    rows: Rows
    findings: Sequence[Finding] = field(default_factory=tuple)


def read_evidence(fetch: Fetch, engine: Engine) -> Evidence:
    """Read everything. The service must be idle meanwhile. `fetch` GETs a path with an auditor's key."""
    trust = parse_trust(fetch("/.well-known/sigill-trust.json"))
    found: dict[str, ReadLog] = {}
    findings: list[Finding] = []
    for log in trust.logs.values():
        try:
            found[log.origin], wrong = _read_log(fetch, log)
            findings += wrong
        except SigillError as error:
            findings.append(Finding(Fault.ROOT, f"{log.origin} cannot be read: {error}"))
    return Evidence(trust=trust, logs=found, rows=_read_rows(engine), findings=findings)


def _read_log(fetch: Fetch, log: TrustedLog) -> tuple[ReadLog, list[Finding]]:
    base = f"/log/{log.operator}"
    checkpoint = verify_checkpoint(fetch(f"{base}/checkpoint").decode(), origin=log.origin, keys=[parse_vkey(log.vkey)])
    found: list[bytes] = []
    findings: list[Finding] = []
    for index in range(-(-checkpoint.size // TILE_WIDTH)):
        width = tile_width(checkpoint.size, 0, index)
        bundle = parse_bundle(fetch(f"{base}/{format_path(Bundle(index, width))}"))
        if fetch(f"{base}/{format_path(Tile(0, index, width))}") != b"".join(map(hash_leaf, bundle)):
            findings.append(Finding(Fault.ROOT, f"{log.origin}: tile {index} is not that of its entries"))
        found += bundle
    return ReadLog(log, checkpoint, found), findings


def _read_rows(engine: Engine) -> Rows:
    tables = {
        "logs": logs,
        "entries": entries,
        "tokens": tokens,
        "records": records,
        "decisions": decisions,
        "conversations": conversations,
    }
    with reading(engine) as connection:
        there = set(inspect(connection).get_table_names())
        rows = {name: [dict(row) for row in connection.execute(select(it)).mappings()] for name, it in tables.items()}
        for name, table in (("links", "conversation_entries"), ("claims", "idempotency_keys")):
            query = f"SELECT * FROM {table}"  # noqa: S608 - names of our own
            rows[name] = [dict(row) for row in connection.exec_driver_sql(query).mappings()] if table in there else []
    return Rows(**rows)
