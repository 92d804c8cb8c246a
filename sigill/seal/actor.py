"""The claim `act`: who sealed for the operator, under a mandate of it (RFC 8693 section 4.1).

    {"sub": "<iss>/registry/operators/kundsvar", "name": "Kundsvar", "id": "NTRSE-…", "mandate": "ma-…",
     "since": 1795305600}

The operator of the seal (`sub`, `op`) stays whom the message is from and whose policy decided; `act` names the other
registered operator that was allowed to seal for it. A seal without it was made by the operator itself.
"""

from typing import Any

from sigill.errors import MalformedSeal
from sigill.seal.claim_values import ActorClaim, SealClaims
from sigill.seal.frame import check_operator_url
from sigill.seal.members import check_members, read_text, read_time


def parse_actor(value: object) -> ActorClaim:
    """Read the claim; inverse of `format_actor`. Raises MalformedSeal naming the member."""
    members = check_members(value, required={"sub", "name", "id", "mandate", "since"}, where="act")
    return ActorClaim(
        sub=read_text(members, "sub"),
        name=read_text(members, "name"),
        id=read_text(members, "id"),
        mandate=read_text(members, "mandate"),
        since=read_time(members, "since"),
    )


def format_actor(actor: ActorClaim) -> dict[str, Any]:
    """Return the JSON-able value of the claim."""
    return {
        "sub": actor.sub,
        "name": actor.name,
        "id": actor.id,
        "mandate": actor.mandate,
        "since": int(actor.since.timestamp()),
    }


def check_actor(claims: SealClaims) -> None:
    """Check that who acts is another operator of the same guarantor, and that its AI system has an owner."""
    if claims.act is not None:
        check_operator_url(claims.act.sub, iss=claims.iss)
        if claims.act.sub == claims.sub:
            raise MalformedSeal("nobody acts for itself")
    elif claims.ai is not None and claims.ai.of_actor:
        raise MalformedSeal("an AI system is of who acts for the operator only where somebody does")
