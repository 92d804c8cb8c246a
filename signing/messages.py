"""A message sealed earlier: its state and a receipt against the log's newest checkpoint."""

from dataclasses import dataclass
from datetime import datetime

from sigill.seal.claim_values import mandatary_of
from sigill.seal.token import parse_seal
from sigill.text.codes import Code
from signing.errors import MessageNotFound
from signing.world import SigningWorld
from transparency.append import StoredToken


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedMessage:
    """What is stored of a message: never its text, nor a disclosure."""

    jti: str
    jws: str
    code: Code
    sealed_at: datetime
    log_id: str
    origin: str
    index: int
    receipt: str


def load_message(jti: str, *, operator_id: str | None, world: SigningWorld) -> SealedMessage:
    """Return a sealed message of one operator, its own or one it sealed for another (None: of any, for an auditor).

    Raises MessageNotFound.
    """
    found = world.log.token_by_jti(jti)
    head = None if found is None else world.log.head(found.log_id)
    if found is None or head is None or found.code is None or not _may_read(found, operator_id):
        raise MessageNotFound("no message of yours has this id")
    return SealedMessage(
        jti=found.jti,
        jws=found.jws,
        code=Code(found.code),
        sealed_at=found.created_at,
        log_id=found.log_id,
        origin=head.origin,
        index=found.index,
        receipt=world.log.receipt(found.log_id, found.index),
    )


def _may_read(found: StoredToken, operator_id: str | None) -> bool:
    if operator_id is None or operator_id == found.operator_id:
        return True
    return mandatary_of(parse_seal(found.jws + "~").claims) == operator_id
