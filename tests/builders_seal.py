"""Builders of complete, valid seals with every part to overrule: keys, claims, disclosures, an in-memory log, trust.

    case = make_case(text="Hej!", recipient=None)
    case.judge(text="Hej!").answer            # genuine
    case.judge(text="Hej", at=LATER).reason   # text_altered

Every key is derived from a small number, so a failing test fails again with the same bytes.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from sigill.encoding.base64url import format_base64url
from sigill.encoding.strict_json import Json, format_canonical_json
from sigill.encoding.ulid import format_ulid
from sigill.keys.jwks import PublishedKey, thumbprint
from sigill.keys.p256 import normalise_signature
from sigill.report.content import Presented
from sigill.report.judge import Evidence, LogEvidence, Report, judge_seal
from sigill.report.openers import BroughtOpener, Opener
from sigill.report.standing import Standing
from sigill.report.status import NOTHING_KNOWN, StatusEvidence
from sigill.report.trust import Trust, TrustedLog, format_trust
from sigill.seal.claims import (
    ActorClaim,
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
from sigill.seal.token import TYP, ParsedSeal, digests_of, format_seal, parse_seal, sign_seal
from sigill.text.carrier import embed
from sigill.text.codes import Code, format_code, make_code
from sigill.text.links import link_hash
from sigill.text.nu1 import canonical_h, exact
from sigill.tlog.checkpoint import Checkpoint, sign_checkpoint
from sigill.tlog.leaf import LeafKind, format_leaf, leaf_of
from sigill.tlog.note import VerifierKey, format_vkey
from sigill.tlog.proof import LogProof, format_proof
from sigill.tlog.tree import Frontier, grow, hash_leaf, inclusion_proof
from sigill.vocabulary import (
    AttestationLevel,
    Authorship,
    Channel,
    Direction,
    Draft,
    Industry,
    Purpose,
    Role,
    foreign_words,
)

ISSUER: Final = "https://guarantor.example"
OPERATOR_ID: Final = "exempelbanken"
ORIGIN: Final = f"guarantor.example/log/{OPERATOR_ID}"
NOW: Final = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
LIFETIME: Final = timedelta(days=365)
SALT_KEY: Final = bytes(range(32))
TEXT: Final = "Hej Anna!\n\nDitt nya kort är på väg.\nHälsningar\nExempelbanken"
EMAIL: Final = (AddressType.EMAIL, "anna.berg@example.se")
CODE: Final = make_code(bytes(range(1, 9)))
DECISION: Final[Json] = {
    "enquiry": "informational",
    "eff": "allow_with_duties",
    "rules": ["bank.informational.ai"],
    "obl": [{"id": "disclose_ai"}],
    "texts": ["ai_inline"],
}
_ES256: Final = ec.ECDSA(hashes.SHA256(), deterministic_signing=True)


class MemorySigner:
    """A P-256 signer that keeps its key in memory."""

    def __init__(self, seed: int = 1) -> None:
        self.private_key = ec.derive_private_key(seed + 1, ec.SECP256R1())
        self._kid = thumbprint(self.private_key.public_key())

    @property
    def kid(self) -> str:
        return self._kid

    def sign(self, message: bytes) -> bytes:
        return normalise_signature(self.private_key.sign(message, _ES256))

    def published(self, *, around: datetime = NOW, **changes: Any) -> PublishedKey:
        """Return the key as a JWKS shows it, valid for a year around a time."""
        key = PublishedKey(
            kid=self.kid,
            typ=TYP,
            public_key=self.private_key.public_key(),
            valid_from=(around - timedelta(days=180)).replace(microsecond=0),
            valid_until=(around + timedelta(days=180)).replace(microsecond=0),
        )
        return replace(key, **changes)


class MemoryLog:
    """One operator's log: every node of its tree in memory, its Ed25519 key derived from a seed."""

    def __init__(self, origin: str = ORIGIN, *, seed: int = 7) -> None:
        self.origin = origin
        self._key = Ed25519PrivateKey.from_private_bytes(bytes([seed]) * 32)
        self._frontier = Frontier()
        self._nodes: dict[tuple[int, int], bytes] = {}

    @property
    def verifier(self) -> VerifierKey:
        return VerifierKey(self.origin, self._key.public_key().public_bytes_raw())

    def sign(self, message: bytes) -> bytes:
        return self._key.sign(message)

    def append(self, entry: bytes) -> int:
        """Append one leaf's bytes; return its index."""
        index = self._frontier.size
        self._frontier, nodes = grow(self._frontier, [hash_leaf(entry)])
        self._nodes.update({(level, place): value for level, place, value in nodes})
        return index

    def append_seal(self, jws: str) -> int:
        return self.append(format_leaf(leaf_of(LeafKind.SEAL, jws.encode("ascii"))))

    def checkpoint(self) -> str:
        """Return the signed note of the newest head."""
        head = Checkpoint(self.origin, self._frontier.size, self._frontier.root())
        return sign_checkpoint(head, signer=self)

    def receipt(self, index: int) -> str:
        """Return the `tlog-proof@v1` of a leaf against the newest head."""
        path = inclusion_proof(index, self._frontier.size, lambda level, place: self._nodes[level, place])
        return format_proof(LogProof(index, path, self.checkpoint()))

    def trusted(self, operator_id: str = OPERATOR_ID) -> TrustedLog:
        return TrustedLog(operator_id, self.origin, format_vkey(self.verifier), f"{ISSUER}/log/{operator_id}")


SIGNER: Final = MemorySigner()


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A seal with everything needed to judge it; `replace(case, …)` overrules a part."""

    seal: str
    receipt: str | None
    trust: Trust
    text: str
    code: Code
    salt_key: bytes
    disclosures: tuple[Disclosure, ...]
    recipient: tuple[AddressType, str] | None
    at: datetime
    log: MemoryLog = field(repr=False)

    @property
    def parsed(self) -> ParsedSeal:
        return parse_seal(self.seal)

    @property
    def claims(self) -> SealClaims:
        return self.parsed.claims

    @property
    def embedded(self) -> str:
        """The text as it is sent: with the invisible carrier and the code line."""
        return embed(self.text, self.code, channel=self.claims.ch)

    @property
    def trust_file(self) -> bytes:
        return format_canonical_json(format_trust(self.trust))

    def without(self, *names: Name) -> str:
        """Return the seal as a holder shows it who leaves some disclosures out."""
        kept = (item for item in self.parsed.disclosures if item.name not in names)
        return format_seal(self.parsed.jws.text, kept)

    def evidence(
        self,
        presented: Presented,
        *,
        opener: Opener | None = None,
        log: LogEvidence | None = None,
        at: datetime | None = None,
        standing: Standing | None = None,
        status: StatusEvidence = NOTHING_KNOWN,
    ) -> Evidence:
        """Return what a verdict rests on, everything as it should be unless overruled."""
        return Evidence(
            presented=presented,
            trust=self.trust,
            opener=opener or BroughtOpener(self.parsed),
            log=log or LogEvidence(self.receipt),
            at=at or self.at,
            standing=standing,
            status=status,
        )

    def judge(
        self,
        *,
        log: LogEvidence | None = None,
        at: datetime | None = None,
        standing: Standing | None = None,
        status: StatusEvidence = NOTHING_KNOWN,
        opener: Opener | None = None,
        **presented: Any,
    ) -> Report:
        """Judge the seal with its own text and recipient, or with what is given instead of them."""
        brought: dict[str, Any] = {"text": self.text, "recipient": self.recipient} | presented
        asked = Presented(**brought)
        evidence = self.evidence(asked, log=log, at=at, standing=standing, status=status, opener=opener)
        return judge_seal(self.parsed, evidence)


def make_disclosures(values: Mapping[Name, Json], *, jti: str, salt_key: bytes = SALT_KEY) -> tuple[Disclosure, ...]:
    """Return the disclosures of `values`, each with its derived salt, in the order of `Name`."""
    return tuple(
        make_disclosure(name, values[name], salt=derive_salt(salt_key, jti=jti, name=name.value))
        for name in Name
        if name in values
    )


def make_values(  # noqa: PLR0913 - one part of a message each
    text: str,
    *,
    jti: str,
    salt_key: bytes = SALT_KEY,
    links: Sequence[str] = (),
    files: Sequence[str] = (),
    recipient: tuple[AddressType, str] | None = None,
    agent: str | None = "agent-7",
    decision: Json = DECISION,
) -> dict[Name, Json]:
    """Return the disclosures' values for a message; `links` as targets, `files` as base64url hashes."""
    hx, length = exact(text)
    values: dict[Name, Json] = {
        Name.MSG: {"canon": "nu1", "h": format_base64url(canonical_h(text))},
        Name.MSGX: {"hx": format_base64url(hx), "n": length},
        Name.LINKS: [format_base64url(link_hash(target)) for target in links],
        Name.FILES: list(files),
        Name.DEC: decision,
    }
    if recipient is not None:
        salt = derive_salt(salt_key, jti=jti, name=Name.RCP_OPEN.value)
        values[Name.RCP_OPEN] = open_recipient(salt, kind=recipient[0], address=recipient[1])
    if agent is not None:
        values[Name.AGENT] = {"ref": agent}
    return values


def make_claims(
    disclosures: Sequence[Disclosure] = (),
    *,
    jti: str | None = None,
    by: Authorship = Authorship.AI,
    salt_key: bytes = SALT_KEY,
    at: datetime = NOW,
    **changes: Any,
) -> SealClaims:
    """Return whole and valid claims; `changes` overrule single ones."""
    jti = make_jti(at) if jti is None else jti
    draft = Draft.AI if by is Authorship.AI_ASSISTED else None
    words = foreign_words(by, draft=draft)
    claims = SealClaims(
        iss=ISSUER,
        aud=audience_of(ISSUER),
        sub=operator_url(ISSUER, OPERATOR_ID),
        iat=at.replace(microsecond=0),
        exp=(at + LIFETIME).replace(microsecond=0),
        jti=jti,
        op=OperatorClaim(name="Exempelbanken", id="NTRSE-5560000001", ind=Industry.BANK, lvl=2),
        auth=AuthorshipClaim(by=by, role=Role.OPERATOR, oversight=words.oversight, dst=words.source_type),
        att=AttestationClaim(lvl=AttestationLevel.C, m="declared"),
        ch=Channel.CHAT,
        dir=Direction.INBOUND,
        pur=Purpose.SERVICE,
        pol=PolicyClaim(pack="se-bank", ver="1.0.0", dig=some_hash(1), fd=some_hash(2)),
        sd=digests_of(disclosures, salt_key=salt_key, jti=jti),
        conv=ConversationClaim(id="01JD8Z6Q2V4T7M9K3C5B1A0XYZ", seq=1, prev=None),
        ai=None if by is Authorship.HUMAN else AiClaim(system="exempel-assistent", provider="Exempel AB", model="m-1"),
    )
    return replace(claims, **changes)


def make_actor(**changes: Any) -> ActorClaim:
    """Return who seals for the operator of `make_claims`, another one of the same guarantor."""
    actor = ActorClaim(
        sub=operator_url(ISSUER, "kundsvar"),
        name="Kundsvar",
        id="NTRSE-5560000027",
        mandate="ma-0123456789abcdefghjk",
        since=NOW - timedelta(days=30),
    )
    return replace(actor, **changes)


def make_jti(at: datetime = NOW, *, number: int = 1) -> str:
    return format_ulid(at=at, randomness=number.to_bytes(10, "big"))


def some_hash(number: int) -> str:
    """Return a hash of nothing in particular, base64url."""
    return format_base64url(number.to_bytes(32, "big"))


def make_trust(
    log: MemoryLog, *keys: PublishedKey, as_of: datetime | None = None, operator_id: str = OPERATOR_ID
) -> Trust:
    """Return a trust file's content: these keys (`SIGNER`'s if none), and one operator's log."""
    return Trust(
        issuer=ISSUER,
        as_of=as_of or NOW + timedelta(hours=1),
        keys=keys or (SIGNER.published(),),
        logs={operator_id: log.trusted(operator_id)},
    )


def make_case(  # noqa: PLR0913 - every part of a seal can be overruled
    text: str = TEXT,
    *,
    by: Authorship = Authorship.AI,
    recipient: tuple[AddressType, str] | None = EMAIL,
    links: Sequence[str] = (),
    files: Sequence[str] = (),
    agent: str | None = "agent-7",
    decision: Json = DECISION,
    signer: MemorySigner = SIGNER,
    at: datetime = NOW,
    number: int = 1,
    code: Code = CODE,
    test: bool = False,
    log: MemoryLog | None = None,
    change: Callable[[SealClaims], SealClaims] = lambda claims: claims,
) -> Case:
    """Return a valid seal over `text` with its receipt and trust; `change` rewrites the claims before signing.

    The log holds other leaves before and after it, so the proof has a path. Pass one `log` to put several seals in it.
    """
    jti = make_jti(at, number=number)
    values = make_values(text, jti=jti, links=links, files=files, recipient=recipient, agent=agent, decision=decision)
    disclosures = make_disclosures(values, jti=jti)
    claims = make_claims(disclosures, jti=jti, by=by, at=at)
    if recipient is not None:
        rcp = commit_recipient(SALT_KEY, jti=jti, kind=recipient[0], address=recipient[1])
        claims = replace(claims, rcp=rcp)
    claims = change(replace(claims, op=replace(claims.op, test=test)))
    jws = sign_seal(claims, signer=signer)
    log = MemoryLog() if log is None else log
    index = log.append_seal(jws)
    log.append(b"another leaf")
    return Case(
        seal=format_seal(jws, disclosures),
        receipt=log.receipt(index),
        trust=make_trust(log, signer.published(around=at), as_of=at + timedelta(hours=1)),
        text=text,
        code=code,
        salt_key=SALT_KEY,
        disclosures=disclosures,
        recipient=recipient,
        at=at + timedelta(minutes=10),
        log=log,
    )


def sign_raw(header: object, payload: object, *, signer: MemorySigner = SIGNER, signature: bytes | None = None) -> str:
    """Return a compact JWS of any header and payload (bytes as they are): for what is malformed."""
    parts = [format_base64url(part if isinstance(part, bytes) else _as_json(part)) for part in (header, payload)]
    signing_input = ".".join(parts)
    signed = signer.sign(signing_input.encode("ascii")) if signature is None else signature
    return f"{signing_input}.{format_base64url(signed)}"


def header_of(signer: MemorySigner = SIGNER, **changes: Any) -> dict[str, Any]:
    """Return the one header a seal may have, with `changes`; None takes a member out."""
    header: dict[str, Any] = {"alg": "ES256", "kid": signer.kid, "typ": TYP} | changes
    return {name: value for name, value in header.items() if value is not None}


def shown_code(case: Case) -> str:
    """Return the case's code as people see it."""
    return format_code(case.code)


def _as_json(value: Any) -> bytes:
    return format_canonical_json(value)
