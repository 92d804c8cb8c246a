"""From a decided request to the claims and disclosures of one seal. Pure: everything random is handed in."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from conversations.chain import ChainState
from registry.assurance import attained_level
from registry.model import Environment, Operator
from registry.operators import find_ai_system
from sigill.encoding.base64url import format_base64url
from sigill.encoding.strict_json import Json
from sigill.policy.decision import Decision
from sigill.policy.facts import Facts, facts_digest
from sigill.seal.claims import (
    AiClaim,
    AttestationClaim,
    AuthorshipClaim,
    ConversationClaim,
    OperatorClaim,
    PolicyClaim,
    SealClaims,
    audience_of,
    operator_url,
)
from sigill.seal.disclosures import AddressType, Disclosure, Name, derive_salt, make_disclosure
from sigill.seal.recipient import commit_recipient, open_recipient
from sigill.seal.token import digests_of
from sigill.text.addresses import Address
from sigill.vocabulary import AttestationLevel, foreign_words
from signing.content import SealedContent
from signing.request import SignRequest

LATE_AFTER = timedelta(minutes=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """Everything one seal says, before it is signed."""

    issuer: str
    jti: str
    at: datetime
    lifetime: timedelta
    operator: Operator
    request: SignRequest
    content: SealedContent
    recipient: Address | None
    chain: ChainState | None
    system: str | None
    facts: Facts
    facts_salt: bytes
    decision: Decision
    disclosed_decision: Json
    salt_key: bytes


def disclosures_of(statement: Statement) -> tuple[Disclosure, ...]:
    """Return the disclosures, each with its derived salt."""
    content = statement.content
    values: list[tuple[Name, Json]] = [
        (Name.MSG, {"canon": "nu1", "h": content.h}),
        (Name.MSGX, {"hx": content.hx, "n": content.n}),
        (Name.LINKS, list(content.links)),
        (Name.FILES, sorted(content.files)),
    ]
    if statement.recipient is not None:
        salt = derive_salt(statement.salt_key, jti=statement.jti, name=Name.RCP_OPEN.value)
        kind = AddressType(statement.recipient.kind)
        values.append((Name.RCP_OPEN, open_recipient(salt, kind=kind, address=statement.recipient.normalised)))
    values.append((Name.DEC, statement.disclosed_decision))
    if statement.request.agent is not None:
        values.append((Name.AGENT, {"ref": statement.request.agent}))
    return tuple(
        make_disclosure(name, value, salt=derive_salt(statement.salt_key, jti=statement.jti, name=name.value))
        for name, value in values
    )


def claims_of(statement: Statement, disclosures: tuple[Disclosure, ...]) -> SealClaims:
    """Return the clear claims that go with `disclosures`."""
    request, facts = statement.request, statement.facts
    words = foreign_words(request.authorship, draft=request.draft)
    sent = request.sent_at
    return SealClaims(
        iss=statement.issuer,
        aud=audience_of(statement.issuer),
        sub=operator_url(statement.issuer, statement.operator.id),
        iat=statement.at.replace(microsecond=0),
        exp=(statement.at + statement.lifetime).replace(microsecond=0),
        jti=statement.jti,
        op=_operator_claim(statement),
        auth=AuthorshipClaim(
            by=request.authorship, role=request.role, oversight=words.oversight, dst=words.source_type
        ),
        att=AttestationClaim(lvl=AttestationLevel.C, m="declared"),
        ch=request.channel,
        dir=facts.direction,
        pur=request.purpose,
        pol=_policy_claim(statement),
        sd=digests_of(disclosures, salt_key=statement.salt_key, jti=statement.jti),
        sent=None if sent is None else sent.replace(microsecond=0),
        late=sent is not None and statement.at - sent > LATE_AFTER,
        rcp=_recipient_claim(statement),
        conv=_conversation_claim(statement.chain),
        ai=_ai_claim(statement),
    )


def _operator_claim(statement: Statement) -> OperatorClaim:
    operator = statement.operator
    return OperatorClaim(
        name=operator.name,
        id=operator.identifier,
        ind=operator.industry,
        lvl=int(attained_level(operator.evidence, at=statement.at)),
        test=operator.environment is Environment.TEST,
    )


def _policy_claim(statement: Statement) -> PolicyClaim:
    decision = statement.decision
    return PolicyClaim(
        pack=decision.name,
        ver=decision.version,
        dig=format_base64url(decision.digest),
        fd=format_base64url(facts_digest(statement.facts, statement.facts_salt)),
    )


def _recipient_claim(statement: Statement) -> str | None:
    recipient = statement.recipient
    if recipient is None:
        return None
    kind = AddressType(recipient.kind)
    return commit_recipient(statement.salt_key, jti=statement.jti, kind=kind, address=recipient.normalised)


def _conversation_claim(chain: ChainState | None) -> ConversationClaim | None:
    if chain is None:
        return None
    return ConversationClaim(id=chain.id, seq=chain.seq + 1, prev=chain.last_hash)


def _ai_claim(statement: Statement) -> AiClaim | None:
    if statement.system is None:
        return None
    system = find_ai_system(statement.operator, statement.system)
    return AiClaim(system=system.name, provider=system.provider, model=system.model)
