"""From the values of deciding to the answers' shapes. Pure."""

from datetime import datetime
from typing import Any

from api.shapes import iso, iso_or_none
from registry.deciding.model import Appeal, FoundLikeness, Proposal
from registry.deciding.queue import Queue


def proposal_shape(proposal: Proposal, *, at: datetime) -> dict[str, Any]:
    """Return a proposal as registrars see it at `at`."""
    return {
        "operator": proposal.operator_id,
        "number": proposal.number,
        "decision": proposal.ask.decision.value,
        "reason": proposal.ask.reason,
        "name": proposal.ask.name,
        "into": proposal.ask.into,
        "persons": proposal.persons,
        "status": proposal.status.value,
        "overdue": proposal.is_overdue(at),
        "proposed_by": proposal.proposed_by,
        "proposed_at": iso(proposal.proposed_at),
        "confirmed_by": proposal.confirmed_by,
        "closed_by": proposal.closed_by,
        "closed_reason": proposal.closed_reason,
        "closed_at": iso_or_none(proposal.closed_at),
    }


def likeness_shape(found: FoundLikeness) -> dict[str, Any]:
    """Return a likeness as registrars see it."""
    return {
        "operator": found.operator_id,
        "number": found.number,
        "kind": found.kind.value,
        "name": found.name,
        "resembles": [
            {"operator": hit.operator, "name": hit.known, "likeness": hit.likeness.value} for hit in found.hits
        ],
        "status": found.status.value,
        "found_at": iso(found.found_at),
        "closed_by": found.closed_by,
        "reason": found.closed_reason,
        "closed_at": iso_or_none(found.closed_at),
    }


def appeal_shape(appeal: Appeal) -> dict[str, Any]:
    """Return an appeal as its operator and registrars see it."""
    return {
        "operator": appeal.operator_id,
        "number": appeal.number,
        "about": appeal.about,
        "reason": appeal.reason,
        "made_at": iso(appeal.made_at),
        "status": appeal.status.value,
        "answered_by": appeal.answered_by,
        "answer": appeal.answer,
        "answered_at": iso_or_none(appeal.answered_at),
    }


def queue_shape(queue: Queue, *, at: datetime) -> dict[str, Any]:
    """Return what waits for a registrar at `at`."""
    return {
        "alarms": [
            {"operator": each.operator_id, "what": each.what, "since": iso(each.since)} for each in queue.alarms
        ],
        "proposals": [proposal_shape(each, at=at) for each in queue.proposals],
        "appeals": [appeal_shape(each) for each in queue.appeals],
        "likenesses": [likeness_shape(each) for each in queue.likenesses],
        "applications": [
            {"operator": each.operator_id, "name": each.name, "industry": each.industry, "since": iso(each.since)}
            for each in queue.applications
        ],
        "is_cut": queue.is_cut,
    }
