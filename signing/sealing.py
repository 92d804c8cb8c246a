"""One message, prepared once and signed as often as it takes: everything of a seal but its commit."""

from datetime import datetime
from functools import lru_cache
from hashlib import sha256
from typing import Final, NamedTuple

from conversations.chain import ChainState, ChainStep, Link, after_message
from conversations.edits import edit_parts
from policies.records import KeptDecision
from registry.standing import Standing
from sigill.encoding.base64url import encode_base64url
from sigill.encoding.ulid import format_ulid
from sigill.keys.p256 import Signer
from sigill.policy.words import Verdict
from sigill.report.judge import CLOCK_TOLERANCE
from sigill.seal.claim_values import ConversationClaim, status_uri
from sigill.seal.salts import SaltKey
from sigill.seal.writing import OwnClaims, seal_head
from sigill.text.addresses import Address, parse_address
from sigill.text.codes import RANDOM_BYTES as CODE_RANDOM_BYTES
from sigill.text.codes import make_code
from sigill.tlog.leaf import Leaf, LeafKind, leaf_of
from sigill.vocabulary import Authorship
from signing.attested import Attested, attested_writer, check_released
from signing.content import SealedContent, hash_content
from signing.errors import RequestInvalid
from signing.issued import SignedSeal
from signing.kinds import Kind
from signing.refusals import SALT_BYTES, format_refusal
from signing.request import SignRequest
from signing.statement import is_late, seal_parts
from signing.world import SigningWorld
from transparency.append import Append, Part, Token
from transparency.idempotency import KeyClaim

EARLIEST_SENT_S: Final = 0
_FACTS_SALT_BYTES: Final = 16
_ULID_RANDOM_BYTES: Final = 10
_RANDOM_BYTES: Final = _ULID_RANDOM_BYTES + CODE_RANDOM_BYTES + _FACTS_SALT_BYTES

salt_key_of: Final = lru_cache(maxsize=1024)(SaltKey)  # an operator has one a month


class Prepared(NamedTuple):
    """A request read once: what does not change however often the conversation makes us try again."""

    request: SignRequest
    content: SealedContent
    recipient: Address | None
    reference_mac: str | None
    key: KeyClaim | None
    attested: Attested | None = None


class Candidate(NamedTuple):
    """What is about to be committed: a signed seal, or (None) a refusal; and where its conversation stands then."""

    append: Append
    signed: SignedSeal | None
    after: ChainState | None


class Moment(NamedTuple):
    """When a batch is signed, and with what: the time, its whole Unix second, the operator's salt key, the seal key."""

    at: datetime
    second: int
    salts: SaltKey
    signer: Signer
    head: bytes


def moment_of(at: datetime, *, operator_id: str, signer: Signer, world: SigningWorld) -> Moment:
    """Return the moment for one operator's seals. Raises KeyUnusable."""
    salts = salt_key_of(world.salt_key(operator_id, at))
    return Moment(at, int(at.timestamp()), salts, signer, seal_head(signer.kid))


def prepare(
    request: SignRequest,
    *,
    reference_mac: str | None,
    key: KeyClaim | None,
    at: datetime,
    attested: Attested | None = None,
) -> Prepared:
    """Read a request. Raises RequestInvalid, NotCanonicalisable, MalformedHtml, MalformedAddress."""
    check_claimable(request, at=at)
    recipient = None if request.recipient is None else parse_address(request.recipient)
    return Prepared(request, hash_content(request), recipient, reference_mac, key, attested)


def make_candidate(
    prepared: Prepared, kind: Kind, *, chain: ChainState | None, moment: "Moment", world: SigningWorld
) -> Candidate:
    """Sign a message that may be sent, or write down why it may not. Raises ReleaseMismatch."""
    randomness = world.random(_RANDOM_BYTES)
    attested = prepared.attested
    jti = format_ulid(at=moment.at, randomness=randomness[:_ULID_RANDOM_BYTES]) if attested is None else attested.jti
    facts_salt = randomness[-_FACTS_SALT_BYTES:]
    if kind.decision.verdict is Verdict.DENY:
        return _refuse(prepared, kind, chain, jti=jti, facts_salt=facts_salt, at=moment.at, world=world)
    if prepared.reference_mac is not None and chain is None:
        chain = ChainState(id=format_ulid(at=moment.at, randomness=world.random(_ULID_RANDOM_BYTES)))
    request, status = prepared.request, world.draw_status()
    name = jti.encode("ascii")
    parts = seal_parts(prepared.content, prepared.recipient, request.agent, dec=kind.dec, salts=moment.salts, jti=name)
    if attested is not None:
        check_released(attested, kind, parts)
    sent = request.sent_at
    claims = OwnClaims(
        name,
        moment.second,
        moment.second + world.seal_lifetime_s,
        encode_base64url(sha256(facts_salt + kind.facts_bytes).digest()),
        parts.digests,
        conv=None if chain is None else (chain.id, chain.seq + 1, chain.last_hash),
        rcp=parts.rcp,
        sent=None if sent is None else int(sent.timestamp()),
        late=is_late(sent, at=moment.at),
        edits=request.edits,
        status=None if status is None else (status.idx, status_uri(world.issuer, status.list_number)),
    )
    writer = kind.writer if attested is None else attested_writer(attested, kind)
    signing_input = writer.signing_input(claims, head=moment.head)
    jws = b"%b.%b" % (signing_input, encode_base64url(moment.signer.sign(signing_input)))
    digest = sha256(jws).digest()
    code = make_code(randomness[_ULID_RANDOM_BYTES:-_FACTS_SALT_BYTES])
    after = None if chain is None else after_message(chain, _link(request, encode_base64url(digest).decode("ascii")))
    append = Append(
        kind.operator.id,
        Leaf(LeafKind.SEAL, digest),
        Token(jti, kind.operator.id, code, jws.decode("ascii"), moment.at, status),
        parts=_parts(prepared, kind, chain, after, jti=jti, facts_salt=facts_salt, at=moment.at)
        + edit_parts(request.edits, operator_id=kind.operator.id, chain=chain, jti=jti, at=moment.at)
        + (() if attested is None else (attested.use(moment.at),)),
    )
    signed = SignedSeal(
        jti=jti,
        seal=b"~".join((jws, *parts.disclosures, b"")).decode("ascii"),
        code=code,
        conversation=None if chain is None else ConversationClaim(id=chain.id, seq=chain.seq + 1, prev=chain.last_hash),
        issued_at=moment.at,
        facts=kind.facts,
        decision=kind.decision_json,
        kind=kind,
    )
    return Candidate(append, signed, after)


def _refuse(  # noqa: PLR0913 - as make_candidate
    prepared: Prepared,
    kind: Kind,
    chain: ChainState | None,
    *,
    jti: str,
    facts_salt: bytes,
    at: datetime,
    world: SigningWorld,
) -> Candidate:
    record = format_refusal(jti, kind, salt=world.random(SALT_BYTES))
    append = Append(
        kind.operator.id,
        leaf_of(LeafKind.DENY, record),
        record=record,
        parts=_parts(prepared, kind, chain, None, jti=jti, facts_salt=facts_salt, at=at),
    )
    return Candidate(append, None, chain)


def _parts(  # noqa: PLR0913 - what is committed with a leaf
    prepared: Prepared,
    kind: Kind,
    before: ChainState | None,
    after: ChainState | None,
    *,
    jti: str,
    facts_salt: bytes,
    at: datetime,
) -> tuple[Part, ...]:
    """Return what the commit checks and keeps; the key first, so that a repetition is known as one whatever changed."""
    operator = kind.operator
    decision = KeptDecision(
        id=jti,
        operator_id=operator.id,
        verdict=kind.decision.verdict.value,
        facts_salt=facts_salt,
        body=kind.body,
        decided_at=at,
    )
    parts: tuple[Part, ...] = (Standing(operator.id, operator.revision), decision)
    if prepared.key is not None:
        parts = (prepared.key, *parts)
    if prepared.reference_mac is not None:
        step = ChainStep(
            operator_id=operator.id,
            reference_mac=prepared.reference_mac,
            before=before,
            after=after,
            jti=jti,
            at=at,
        )
        parts = (*parts, step)
    return parts


def _link(request: SignRequest, jws_hash: str) -> Link:
    declared = request.declared
    discloses = declared.disclosure is not None and declared.authorship is not Authorship.HUMAN
    return Link(jws_hash, declared.authorship, discloses)


def check_claimable(request: SignRequest, *, at: datetime) -> None:
    """Refuse what no reader of seals would accept, before it is signed and logged."""
    sent = request.sent_at
    if sent is not None and sent > at + CLOCK_TOLERANCE:
        raise RequestInvalid("/sent_at", "sent_at is in the future")
    if sent is not None and sent.timestamp() < EARLIEST_SENT_S:
        raise RequestInvalid("/sent_at", "sent_at is before 1970")
    if request.agent is not None and not request.agent.isprintable():
        raise RequestInvalid("/agent", "agent is one line of printable characters")
