"""Repeated requests: the same key and the same request get the same answer, rebuilt from what is stored.

No answer is stored. A seal's disclosures follow from the request brought again and the month's salt key, its JWS,
code and decision are kept, and the receipt is the proof at the tree size it was given out with. The fingerprint that
tells one request from another is an HMAC under the month's salt key: it shows nothing, and is forgotten with the key.
"""

import hmac
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from threading import Lock
from typing import Final

from policies.records import DecisionRecord, disclosed_decision, load_decision
from releases.store import load_evidence
from sigill.encoding.strict_json import format_canonical_json
from sigill.policy.facts import facts_from_json
from sigill.presence.evidence import parse_evidence
from sigill.seal.token import parse_seal
from sigill.text.addresses import parse_address
from sigill.text.codes import Code
from signing.content import hash_content
from signing.errors import KeyMalformed, KeyReused, KeyRunning, MessageNotFound, Refused
from signing.issued import IssuedSeal, SignedSeal
from signing.refusals import refused_by
from signing.request import SignRequest
from signing.sealing import salt_key_of
from signing.statement import seal_parts
from signing.world import SigningWorld
from storage.engine import reading
from transparency.append import StoredToken
from transparency.errors import LogUnknown
from transparency.idempotency import MAC_BYTES, Claim, KeyClaim, load_claims

MAX_KEY: Final = 255
_PREFIX_BYTES: Final = 24  # of HMAC; the rest of a key's 32 bytes is the number of an item


@dataclass(frozen=True, slots=True)
class RepeatKey:
    """An idempotency key with what it was sent with: the operator, the route, and the body's bytes."""

    operator_id: str
    route: str
    key: str
    body: bytes

    def mac(self, *, world: SigningWorld, item: int | None = None) -> bytes:
        """Return what stands for the key, 32 bytes; the items of a batch have neighbouring ones."""
        message = f"key1\n{self.operator_id}\n{self.route}\n{self.key}".encode("ascii")
        begin = hmac.digest(world.reference_key, message, "sha256")[:_PREFIX_BYTES]
        return begin + (item or 0).to_bytes(MAC_BYTES - _PREFIX_BYTES, "big")

    def fingerprint(self, *, at: datetime, world: SigningWorld) -> bytes:
        """Return what tells this request from another one with the same key, under the salt key of `at`'s month."""
        return self._fingerprint(world.salt_key(self.operator_id, at))

    def claims(self, *, at: datetime, world: SigningWorld, items: int | None = None) -> list[KeyClaim]:
        """Return the claims to be committed: of one request, or of each item of a batch."""
        fingerprint = self.fingerprint(at=at, world=world)
        numbers = [None] if items is None else range(items)
        return [KeyClaim(self.operator_id, self.mac(world=world, item=number), fingerprint, at) for number in numbers]

    def check_same(self, claim: Claim, *, world: SigningWorld) -> None:
        """Raise KeyReused unless `claim` was made by this very request, whichever key of its month it was made with."""
        expected = [self._fingerprint(key) for key in world.salt_keys(self.operator_id, claim.claimed_at)]
        if not any(hmac.compare_digest(each, claim.fingerprint) for each in expected):
            raise KeyReused("this idempotency key was used for another request within the last 24 hours")

    def _fingerprint(self, salt_key: bytes) -> bytes:
        return hmac.digest(salt_key, f"fp1\n{self.route}\n".encode("ascii") + self.body, "sha256")


class RunningKeys:
    """The keys this process is working on now."""

    def __init__(self) -> None:
        self._macs: set[bytes] = set()
        self._lock = Lock()

    @contextmanager
    def running(self, mac: bytes | None) -> Iterator[None]:
        """Mark a key as running meanwhile. Raises KeyRunning if it is already."""
        if mac is None:
            yield
            return
        with self._lock:
            if mac in self._macs:
                raise KeyRunning("a request with this idempotency key is being answered now")
            self._macs.add(mac)
        try:
            yield
        finally:
            with self._lock:
                self._macs.discard(mac)


def parse_key(text: str) -> str:
    """Return the key of an `Idempotency-Key` header, quoted (RFC 8941 string) or bare. Raises KeyMalformed."""
    key = text.strip(" ")
    if len(key) >= 2 and key[0] == key[-1] == '"':  # noqa: PLR2004 - the two quotes
        key = key[1:-1]
    if not 1 <= len(key) <= MAX_KEY or not key.isascii() or not key.isprintable():
        raise KeyMalformed(f"an idempotency key is 1 to {MAX_KEY} printable ASCII characters")
    return key


def find_claims(key: RepeatKey, *, world: SigningWorld) -> dict[int, Claim]:
    """Return the claims there are on a key, by item (0 for a request that is no batch).

    Raises KeyReused where one was made by another request, of whatever length.
    """
    prefix = key.mac(world=world)[:_PREFIX_BYTES]
    with reading(world.engine) as connection:
        claims = load_claims(connection, prefix, at=world.now())
    for claim in {(claim.claimed_at, claim.fingerprint): claim for claim in claims.values()}.values():
        key.check_same(claim, world=world)  # once for all items of a batch
    return claims


def recall(claim: Claim, request: SignRequest, *, world: SigningWorld) -> IssuedSeal | Refused:
    """Return what the request that made `claim` was answered with.

    Raises MessageNotFound where it was erased since, and as `issue_seal` does for a store that does not answer.
    """
    place = claim.place
    token = world.log.token_at(place.log_id, place.index)
    if token is None:
        record = world.log.record(place.log_id, place.index)
        if record is None:
            raise MessageNotFound("what this key was used for has been erased since")
        origin = _origin(place.log_id, world)
        return refused_by(record, origin=origin, index=place.index, repeated=True)
    with reading(world.engine) as connection:
        decision = load_decision(connection, token.jti)
    if decision is None:
        raise MessageNotFound("what this key was used for has been erased since")
    return IssuedSeal(
        signed=_signed_again(token, decision, request, world),
        origin=_origin(place.log_id, world),
        index=place.index,
        receipt=world.log.receipt_at(place.log_id, place.index, claim.tree_size, at=claim.claimed_at),
        repeated=True,
    )


def _signed_again(
    token: StoredToken, decision: DecisionRecord, request: SignRequest, world: SigningWorld
) -> SignedSeal:
    """Return the seal with the disclosures that its request had: derived anew, and compared with what was signed."""
    claims = parse_seal(token.jws + "~").claims
    make_parts = partial(
        seal_parts,
        hash_content(request),
        None if request.recipient is None else parse_address(request.recipient),
        _agent(token.jti, request, world),
        dec=format_canonical_json(disclosed_decision(decision.facts, decision.decision)),
        jti=token.jti.encode("ascii"),
    )
    salt_keys = world.salt_keys(token.operator_id, token.created_at)
    made = (make_parts(salts=salt_key_of(key)) for key in salt_keys)  # one, where the month's was never rotated
    parts = next((each for each in made if tuple(digest.decode("ascii") for digest in each.digests) == claims.sd), None)
    if parts is None:
        raise MessageNotFound("the salt key this was sealed with has been destroyed since")
    return SignedSeal(
        jti=token.jti,
        seal="~".join((token.jws, *(text.decode("ascii") for text in parts.disclosures), "")),
        code=Code(token.code or ""),
        conversation=claims.conv,
        issued_at=token.created_at,
        facts=facts_from_json(decision.facts),
        decision=decision.decision,
        kind=None,
    )


def _agent(jti: str, request: SignRequest, world: SigningWorld) -> str | None:
    """Return the pseudonym in the seal: what the request says, or who released it."""
    if request.attestation is None:
        return request.agent
    with reading(world.engine) as connection:
        statement = parse_evidence(load_evidence(connection, jti)).statement
    return statement.person or statement.system


def _origin(log_id: str, world: SigningWorld) -> str:
    head = world.log.head(log_id)
    if head is None:
        raise LogUnknown(f"no log {log_id[:80]!r}")
    return head.origin
