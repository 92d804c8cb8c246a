"""From the core's values to the answers' shapes: plain dictionaries that the schemas describe. Pure."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from registry.model import Operator
from sigill.policy.model import Source

Sources = Mapping[str, Source]


def decision_parts(decision: Mapping[str, Any], *, sources: Sources | None = None) -> dict[str, Any]:
    """Return a decision (its JSON form), each source id replaced by its title and address where `sources` knows it."""
    parts = dict(decision)
    for name in ("rules", "obligations"):
        parts[name] = [
            item | {"sources": [describe_source(source_id, sources or {}) for source_id in item["sources"]]}
            for item in parts[name]
        ]
    return parts


def describe_source(source_id: str, sources: Sources) -> dict[str, Any]:
    """Return what a reader needs of a source: its id, what it is, where it stands, and how it was seen."""
    source = sources.get(source_id)
    if source is None:
        return {"id": source_id}
    return {"id": source_id, "title": source.title, "url": source.url, "status": source.status}


def successor_shape(operator: Operator) -> dict[str, Any] | None:
    """Return whom an operator went over into, as it is called today."""
    successor = operator.successor
    return None if successor is None else {"id": successor.id, "name": successor.name}


def iso(at: datetime) -> str:
    """Return an aware time as our answers write it: UTC, whole seconds."""
    return at.astimezone(UTC).isoformat(timespec="seconds")


def iso_or_none(at: datetime | None) -> str | None:
    """Return an aware time as our answers write it, None for none."""
    return None if at is None else iso(at)
