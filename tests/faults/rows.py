"""The database's rows against each other: whole or absent, in both directions."""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from sigill.encoding.base64url import parse_base64url
from sigill.encoding.strict_json import parse_json
from sigill.tlog.leaf import HEAD, LeafKind
from tests.faults.evidence import Rows
from tests.faults.findings import Fault, Finding
from tests.faults.ledger import Acknowledged, Asked, Sealed, serial_of

_SEAL, _EVENT, _DENY = LeafKind.SEAL.value, LeafKind.EVENT.value, LeafKind.DENY.value
_Place = tuple[str, int]


def check_rows(rows: Rows) -> Iterator[Finding]:
    """Check that indices are contiguous, and that leaf, token, decision, record and claim go together."""
    kinds = {_place(row): row["kind"] for row in rows.entries}
    tokens = {_place(row): row for row in rows.tokens}
    yield from _check_indices(rows)
    yield from _check_contents(rows, kinds)
    yield from _check_decisions(rows, kinds, tokens)
    yield from _check_unique(rows)
    for claim in rows.claims:
        if _place(claim) not in kinds:
            yield Finding(Fault.HALF, f"an idempotency key names {_say(_place(claim))}, which is not there")


def _check_contents(rows: Rows, kinds: Mapping[_Place, str]) -> Iterator[Finding]:
    """Check that every leaf's content is kept, and that what is kept is the leaf's."""
    hashes = {_place(row): bytes(row["hash"]) for row in rows.entries}
    contents = [(_place(row), row["jws"].encode(), True) for row in rows.tokens]
    contents += [(_place(row), bytes(row["body"]), False) for row in rows.records]
    kept = {(place, token) for place, _, token in contents}
    for place, content, _ in contents:
        if hashes.get(place) != hashlib.sha256(content).digest():
            yield Finding(Fault.HALF, f"what is kept for {_say(place)} is not what the leaf holds")
    for place, kind in kinds.items():
        if kind != HEAD and (place, kind in {_SEAL, _EVENT}) not in kept:  # a head's leaf is all there is of it
            yield Finding(Fault.HALF, f"{_say(place)} ({kind}) has no token or record")


def _check_unique(rows: Rows) -> Iterator[Finding]:
    for column in ("jti", "code"):
        for value in _repeated(row[column] for row in rows.tokens):
            yield Finding(Fault.TWICE, f"two tokens have the {column} {value}")
    for value in _repeated((row.get("status_list"), row.get("status_idx")) for row in rows.tokens):
        if value != (None, None):
            yield Finding(Fault.TWICE, f"two tokens have the status place {value}")


def _check_indices(rows: Rows) -> Iterator[Finding]:
    found: dict[str, list[int]] = defaultdict(list)
    for row in rows.entries:
        found[row["log_id"]].append(row["idx"])
    for log in rows.logs:
        indices = sorted(found.pop(log["log_id"], []))
        if indices != list(range(log["size"])):
            missing = sorted(set(range(log["size"])) - set(indices))
            beyond = [index for index in indices if index >= log["size"]]
            yield Finding(
                Fault.GAP, f"log {log['log_id']} of {log['size']}: missing {missing[:9]}, beyond its end {beyond[:9]}"
            )
    for log_id in found:
        yield Finding(Fault.GAP, f"leaves of {log_id}, which is no log")


def _check_decisions(
    rows: Rows, kinds: Mapping[_Place, str], tokens: Mapping[_Place, Mapping[str, Any]]
) -> Iterator[Finding]:
    decided = {(row["operator_id"], row["log_index"]): row for row in rows.decisions}
    if len(decided) != len(rows.decisions):
        yield Finding(Fault.TWICE, "two decisions name one leaf")
    bodies = {_place(row): parse_json(bytes(row["body"]), max_bytes=1 << 20) for row in rows.records}
    for place, decision in decided.items():
        kind = kinds.get(place)
        if kind not in {_SEAL, _DENY}:
            yield Finding(Fault.HALF, f"the decision {decision['id']} names {_say(place)}, which is {kind}")
            continue
        named = tokens.get(place, {}).get("jti") if kind == _SEAL else bodies.get(place, {}).get("id")
        if named != decision["id"]:
            yield Finding(Fault.HALF, f"the decision {decision['id']} names {_say(place)}, which is {named}'s")
    for place, kind in kinds.items():
        if kind in {_SEAL, _DENY} and place not in decided:
            yield Finding(Fault.HALF, f"{_say(place)} ({kind}) has no decision")


def check_serials(
    rows: Rows, asked: Mapping[int, Asked], acknowledged: Sequence[Acknowledged], *, keys: bool
) -> Iterator[Finding]:
    """Lead every seal of the harness back to its message: sealed once, and the one that was answered."""
    sealed: dict[int, list[str]] = defaultdict(list)
    for row in rows.tokens:
        sent = claims_of(row["jws"]).get("sent")
        serial = -1 if sent is None else serial_of_unix(sent)
        if serial in asked:
            sealed[serial].append(row["jti"])
    for serial, jtis in sealed.items():
        if keys and len(jtis) > 1:
            yield Finding(Fault.TWICE, f"message {serial} is sealed {len(jtis)} times: {', '.join(sorted(jtis))}")
    decided = {row["id"]: row["log_index"] for row in rows.decisions}
    for answer in acknowledged:
        if isinstance(answer, Sealed) and answer.id not in sealed[answer.serial]:
            yield Finding(Fault.LOST, f"message {answer.serial}: its seal {answer.id} is not in the database")
        if decided.get(answer.id) != answer.index:
            yield Finding(Fault.LOST, f"message {answer.serial}: its decision {answer.id} is not in the database")


def claims_of(jws: str) -> dict[str, Any]:
    """Return the payload of a compact JWS that the service wrote."""
    value: dict[str, Any] = parse_json(parse_base64url(jws.split(".")[1]), max_bytes=1 << 20)
    return value


def serial_of_unix(sent: int) -> int:
    """Return the serial number of a `sent` claim in Unix seconds."""
    return serial_of(datetime.fromtimestamp(sent, UTC))


def _repeated(values: Iterable[Any]) -> list[Any]:
    return [value for value, times in Counter(values).items() if times > 1 and value is not None]


def _place(row: Mapping[str, Any]) -> _Place:
    return row["log_id"], row["idx"]


def _say(place: _Place) -> str:
    return f"leaf {place[1]} of log {place[0]}"
