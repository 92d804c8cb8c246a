"""What somebody who holds the seals and events of one conversation can tell from them.

What is missing, what does not fit, and where the author changed without a word. `check_chain` takes them in any order
and never raises. A link that is unreadable, not signed by the guarantor, or of another conversation is a fault, and
after that counts as not there. That nothing is missing *at the end* cannot be seen from the links alone: the log, or
the service, says how many there are.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType

from sigill.errors import MalformedSeal, SignatureInvalid
from sigill.event.kinds import Happening, Speaker, announced_by, speaker_of
from sigill.event.token import TYP as EVENT_TYP
from sigill.event.token import parse_event
from sigill.keys.jwks import PublishedKey
from sigill.keys.p256 import check_signature
from sigill.report.trust import Trust
from sigill.seal.claim_values import ConversationClaim
from sigill.seal.jws import CompactJws
from sigill.seal.token import TYP as SEAL_TYP
from sigill.seal.token import parse_seal, previous_hash
from sigill.vocabulary import Role


class ChainFaultName(StrEnum):
    """What can be wrong with a chain."""

    UNREADABLE = "unreadable"  # neither a seal nor an event
    OTHER_CONVERSATION = "other_conversation"  # of no conversation, of another one, or of another sender
    SIGNATURE = "signature"  # not signed by the guarantor with a key that was good then
    FORKED = "forked"  # two different ones at one position
    MISSING = "missing"  # nothing at these positions, though there is something after them
    REORDERED = "reordered"  # says that another one of these stood before it than does
    ALTERED = "altered"  # the one before it is not the one it was made after
    SILENT_CHANGE = "silent_change"  # AI before and a person here, or the reverse, and nothing said so


@dataclass(frozen=True, slots=True)
class ChainFault:
    """One fault: at position `seq` of the conversation (of *missing*: from there to `last`), of the link `jti`.

    `given` is the link's place in what was given, counted from 0; None of what is missing.
    """

    name: ChainFaultName
    seq: int | None = None
    last: int | None = None
    jti: str | None = None
    given: int | None = None


@dataclass(frozen=True, slots=True)
class _Link:
    given: int
    jws: CompactJws
    typ: str
    iss: str
    sub: str
    iat: datetime
    jti: str
    conv: ConversationClaim
    speaker: Speaker | None = None  # of a message that speaks for the operator
    happening: Happening | None = None

    @property
    def chain(self) -> tuple[str, str]:
        return self.sub, self.conv.id


def check_chain(
    links: Iterable[str], *, trust: Trust, erased: Mapping[int, str] = MappingProxyType({})
) -> tuple[ChainFault, ...]:
    """Return what is wrong with a chain; nothing, if it is whole and in order from its first link to the last given.

    `links` are seals (with or without disclosures) or bare JWSs of seals and events. Where they are of several
    conversations, the one most are of counts. The same link twice is no fault. `erased` are the positions whose links
    were erased by whoever kept them, each with the base64url hash that is left: they are not missing, and what stands
    behind one has to point at it.
    """
    faults: list[ChainFault] = []
    signed = [link for link in _read(links, faults) if _is_signed(link, trust, faults)]
    places: dict[int, list[_Link]] = {}
    for link in _of_one_conversation(signed, faults):
        at_one = places.setdefault(link.conv.seq, [])
        if all(link.jws.text != other.jws.text for other in at_one):
            at_one.append(link)
    faults += _faults_of_order(places, erased)
    faults += _silent_changes(places)
    return tuple(faults)


def _read(links: Iterable[str], faults: list[ChainFault]) -> Iterator[_Link]:
    for given, text in enumerate(links):
        try:
            link = _read_one(given, text)
        except MalformedSeal:
            faults.append(ChainFault(ChainFaultName.UNREADABLE, given=given))
        else:
            if link is None:
                faults.append(ChainFault(ChainFaultName.OTHER_CONVERSATION, given=given))
            else:
                yield link


def _read_one(given: int, text: str) -> _Link | None:
    """Return a link, None for a seal of no conversation. Raises MalformedSeal."""
    try:
        event = parse_event(text)
    except MalformedSeal:
        seal = parse_seal(text if "~" in text else text + "~")
    else:
        said = event.claims
        return _Link(given, event.jws, EVENT_TYP, said.iss, said.sub, said.iat, said.jti, said.conv, happening=said.ev)
    claims = seal.claims
    if claims.conv is None:
        return None
    speaker = speaker_of(claims.auth.by) if claims.auth.role is Role.OPERATOR else None
    return _Link(
        given, seal.jws, SEAL_TYP, claims.iss, claims.sub, claims.iat, claims.jti, claims.conv, speaker=speaker
    )


def _of_one_conversation(links: list[_Link], faults: list[ChainFault]) -> list[_Link]:
    counted = Counter(link.chain for link in links)
    most = counted.most_common(1)[0][0] if counted else None
    faults += [_fault(ChainFaultName.OTHER_CONVERSATION, link) for link in links if link.chain != most]
    return [link for link in links if link.chain == most]


def _is_signed(link: _Link, trust: Trust, faults: list[ChainFault]) -> bool:
    key = trust.key(link.jws.kid, typ=link.typ)
    if link.iss == trust.issuer and key is not None and _was_good(key, link.iat):
        try:
            check_signature(key.public_key, signature=link.jws.signature, message=link.jws.signing_input)
        except SignatureInvalid:
            pass
        else:
            return True
    faults.append(_fault(ChainFaultName.SIGNATURE, link))
    return False


def _was_good(key: PublishedKey, at: datetime) -> bool:
    return key.compromised_at is None and key.valid_from <= at < key.valid_until


def _fault(name: ChainFaultName, link: _Link) -> ChainFault:
    return ChainFault(name, seq=link.conv.seq, jti=link.jti, given=link.given)


def _faults_of_order(places: Mapping[int, list[_Link]], erased: Mapping[int, str]) -> Iterator[ChainFault]:
    hashes = {seq: {previous_hash(link.jws.text) for link in links} for seq, links in places.items()}
    for seq, left in erased.items():
        hashes.setdefault(seq, {left})
    held = set[str]().union(*hashes.values())
    expected = 1
    for seq, links in sorted(places.items()):
        while expected < seq and expected in erased:
            expected += 1
        if seq > expected:
            yield ChainFault(ChainFaultName.MISSING, seq=expected, last=seq - 1)
        if len(links) > 1:
            yield from (_fault(ChainFaultName.FORKED, link) for link in links)
        for link in links:
            name = _fault_of_prev(link.conv.prev, hashes.get(seq - 1), held)
            if name is not None:
                yield _fault(name, link)
        expected = seq + 1


def _fault_of_prev(prev: str | None, before: set[str] | None, held: set[str]) -> ChainFaultName | None:
    """Judge `prev` by the hashes at the position before (None: nothing is there) and by all hashes."""
    if prev is None or (before is not None and prev in before):
        return None
    if prev in held:
        return ChainFaultName.REORDERED
    return None if before is None else ChainFaultName.ALTERED


def _silent_changes(places: Mapping[int, list[_Link]]) -> Iterator[ChainFault]:
    """Yield each message by another speaker than the one before it, with no event since that announced her.

    An announcement holds until who was announced speaks, or another is. Where something is missing between two
    messages, or there are two at one position, nothing is said: the event may be there.
    """
    speaker: Speaker | None = None
    announced: Speaker | None = None
    for seq, links in sorted(places.items()):
        if len(links) > 1 or seq - 1 not in places or len(places[seq - 1]) > 1:
            speaker, announced = None, None
        if len(links) > 1:
            continue
        link = links[0]
        announced = announced_by(link.happening) or announced
        if link.speaker is not None:
            if speaker is not None and link.speaker is not speaker and link.speaker is not announced:
                yield _fault(ChainFaultName.SILENT_CHANGE, link)
            speaker, announced = link.speaker, None if link.speaker is announced else announced
