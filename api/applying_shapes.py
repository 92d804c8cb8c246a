"""From applications and checks to the answers' shapes, with what is to be done next in words. Pure."""

from base64 import b64encode
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from api.shapes import iso
from registry.applying.kept_checks import KeptAnswer
from registry.assurance import attained_level
from registry.checks.domain_challenge import Challenge
from registry.checks.kept import KeptCheck
from registry.checks.needed import MissingEvidence, Need
from registry.model import Environment, Operator
from sigill.report.standing import State

_WORDS: Final[Mapping[Need, str]] = {
    Need.DOMAIN: "Show that a domain is yours: publish its record or file, then have it checked.",
    Need.IDENTITY: "Show who you are in law: have the registers asked, or send your seal certificate.",
    Need.LICENCE: "A registrar enters your licence from the authority's register; you need do nothing.",
}


def challenge_shape(challenge: Challenge, *, proven: Collection[str]) -> dict[str, Any]:
    """Return a domain and what is to be published for it."""
    return {
        "domain": challenge.domain,
        "record": {"name": challenge.record_name, "type": "TXT", "text": challenge.record},
        "file": {"url": challenge.file_url(), "content": challenge.file_content},
        "last_day": challenge.last_day.isoformat(),
        "proven": challenge.domain in proven,
    }


def check_shape(check: KeptCheck) -> dict[str, Any]:
    """Return a check as the operator itself and registrars see it."""
    return {
        "id": check.id,
        "kind": check.kind.value,
        "subject": check.subject,
        "outcome": check.outcome.value,
        "status": check.status.value,
        "method": check.method,
        "reason": check.reason,
        "detail": check.detail,
        "facts": dict(check.facts),
        "checked_by": check.checked_by,
        "checked_at": iso(check.checked_at),
        "valid_until": None if check.valid_until is None else iso(check.valid_until),
        "evidence": check.evidence_id,
    }


def checked_shape(check: KeptCheck, answers: Iterable[KeptAnswer]) -> dict[str, Any]:
    """Return a check with what was answered, byte for byte."""
    told = [
        {
            "source": answer.source,
            "media_type": answer.media_type,
            "sha256": answer.sha256,
            "size": answer.size,
            "body": None if answer.body is None else b64encode(answer.body).decode("ascii"),
            "at": iso(answer.at),
        }
        for answer in answers
    ]
    return {**check_shape(check), "operator": check.operator_id, "answers": told}


def missing_shape(missing: MissingEvidence) -> dict[str, Any]:
    """Return what still has to be shown."""
    return {
        "need": missing.need.value,
        "kinds": [kind.value for kind in missing.kinds],
        "words": _WORDS[missing.need],
        "last": None if missing.last is None else check_shape(missing.last),
    }


def state_shape(operator: Operator, *, at: datetime) -> dict[str, Any]:
    """Return an operator's own facts, and the evidence that holds at `at`."""
    held = [item for item in operator.evidence if item.valid_from <= at < item.valid_until]
    return {
        "operator": operator.id,
        "name": operator.name,
        "identifier": operator.identifier,
        "industry": operator.industry.value,
        "environment": operator.environment.value,
        "state": operator.state.value,
        "reason": operator.history[-1].reason,
        "assurance_level": int(attained_level(operator.evidence, at=at)),
        "evidence": [
            {
                "id": item.id,
                "kind": item.kind.value,
                "method": item.method,
                "checked_by": item.checked_by,
                "valid_from": iso(item.valid_from),
                "valid_until": iso(item.valid_until),
            }
            for item in held
        ],
    }


def next_steps(operator: Operator, missing: Sequence[MissingEvidence], *, base_url: str) -> list[str]:
    """Return what an operator does next, in order."""
    if operator.environment is Environment.TEST:
        return [
            f"Seal your first message: POST {base_url}/v1/messages with the signer's key. Its seal says: a test.",
            f"To go live: POST {base_url}/v1/applications with this administrator's credential and a key of its own.",
        ]
    if operator.state is not State.APPLIED:
        return []
    if not missing:
        return ["Everything is shown. A registrar decides; nothing is to be done."]
    asked = {
        Need.DOMAIN: f"Publish a domain's record or file, then POST {base_url}/v1/operator/domains/DOMAIN/check.",
        Need.IDENTITY: f"POST {base_url}/v1/operator/register-check, or sign the statement at {base_url}"
        "/v1/operator/application-statement with your seal certificate (sigill sign-application) and POST it to "
        f"{base_url}/v1/operator/seal-certificate.",
        Need.LICENCE: "A registrar looks up your licence and enters it.",
    }
    return [*(asked[each.need] for each in missing), f"See where you stand: GET {base_url}/v1/operator."]
