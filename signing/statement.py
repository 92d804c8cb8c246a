"""From a request to the claims and disclosures of one seal. Pure: everything random is handed in."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from registry.assurance import attained_level
from registry.model import Environment, Operator
from registry.operators import find_ai_system
from sigill.encoding.base64url import encode_base64url, format_base64url
from sigill.encoding.strict_json import format_canonical_json
from sigill.policy.decision import Decision
from sigill.policy.facts import Facts
from sigill.presence.verify import METHOD_KEY, METHOD_PASSKEY
from sigill.seal.claims import (
    DIGESTS,
    AiClaim,
    AttestationClaim,
    AuthorshipClaim,
    OperatorClaim,
    PolicyClaim,
    SealClaims,
    audience_of,
    operator_url,
)
from sigill.seal.disclosures import AddressType
from sigill.seal.recipient import hash_recipient, recipient_message
from sigill.seal.salts import NAMES, SALT_BYTES, SaltKey
from sigill.seal.writing import write_disclosures
from sigill.text.addresses import Address
from sigill.vocabulary import AttestationLevel, Authorship, foreign_words
from signing.content import SealedContent
from signing.request import Declared

LATE_AFTER: Final = timedelta(minutes=5)
_METHODS: Final = {AttestationLevel.B: "credential", AttestationLevel.C: "declared"}
_NONE_YET: Final = "A" * 43
_MOST_DECOYS: Final = DIGESTS - len(NAMES) + 2  # recipient and agent may be missing


class SealedParts(NamedTuple):
    """What of a seal depends on its content: the disclosures' texts, the sorted digests, and `rcp`, all in ASCII."""

    disclosures: list[bytes]
    digests: list[bytes]
    rcp: bytes | None


def seal_parts(
    content: SealedContent, recipient: Address | None, agent: str | None, *, dec: bytes, salts: SaltKey, jti: bytes
) -> SealedParts:
    """Return the disclosures, each with its derived salt, and the commitment to the recipient."""
    block = salts.block(jti, decoys=_MOST_DECOYS)
    values = [
        (0, b"msg", b'{"canon":"nu1","h":"%b"}' % content.h),
        (1, b"msgx", b'{"hx":"%b","n":%d}' % (content.hx, content.n)),
        (2, b"links", _hashes(content.links)),
        (3, b"files", _hashes(content.files)),
    ]
    rcp = None
    if recipient is not None:
        kind = AddressType(recipient.kind)
        opened = hash_recipient(block[4 * SALT_BYTES : 5 * SALT_BYTES], kind=kind, address=recipient.normalised)
        values.append((4, b"rcp_open", b'{"h":"%b","t":"%b"}' % (opened.encode("ascii"), kind.value.encode("ascii"))))
        rcp = encode_base64url(salts.mac(recipient_message(jti=jti, kind=kind, address=recipient.normalised)))
    values.append((5, b"dec", dec))
    if agent is not None:
        values.append((6, b"agent", format_canonical_json({"ref": agent})))
    disclosures, digests = write_disclosures(values, block=block)
    return SealedParts(disclosures, digests, rcp)


def is_late(sent: datetime | None, *, at: datetime) -> bool:
    """Tell whether a message is sealed late enough after it was sent to say so."""
    return sent is not None and at - sent > LATE_AFTER


def sample_claims(  # noqa: PLR0913 - what a kind of message is made of
    declared: Declared,
    *,
    issuer: str,
    operator: Operator,
    system: str | None,
    facts: Facts,
    decision: Decision,
    at: datetime,
) -> SealClaims:
    """Return the clear claims of any message of this kind; what is each seal's own is filled in by its writer."""
    words = foreign_words(declared.authorship, draft=declared.draft)
    second = at.replace(microsecond=0)
    return SealClaims(
        iss=issuer,
        aud=audience_of(issuer),
        sub=operator_url(issuer, operator.id),
        iat=second,
        exp=second + timedelta(days=1),
        jti="0" * 26,
        op=OperatorClaim(
            name=operator.name,
            id=operator.identifier,
            ind=operator.industry,
            lvl=int(attained_level(operator.evidence, at=at)),
            test=operator.environment is Environment.TEST,
        ),
        auth=AuthorshipClaim(
            by=declared.authorship, role=declared.role, oversight=words.oversight, dst=words.source_type
        ),
        att=AttestationClaim(lvl=declared.attestation, m=_method(declared)),
        ch=declared.channel,
        dir=facts.direction,
        pur=declared.purpose,
        pol=PolicyClaim(pack=decision.name, ver=decision.version, dig=format_base64url(decision.digest), fd=_NONE_YET),
        sd=(_NONE_YET,) * DIGESTS,
        ai=_ai_claim(operator, system),
    )


def _method(declared: Declared) -> str:
    if declared.attestation is not AttestationLevel.A:
        return _METHODS[declared.attestation]
    return METHOD_KEY if declared.authorship is Authorship.AI else METHOD_PASSKEY


def _hashes(hashes: Sequence[str]) -> bytes:
    return format_canonical_json(list(hashes)) if hashes else b"[]"


def _ai_claim(operator: Operator, system: str | None) -> AiClaim | None:
    if system is None:
        return None
    found = find_ai_system(operator, system)
    return AiClaim(system=found.name, provider=found.provider, model=found.model)
