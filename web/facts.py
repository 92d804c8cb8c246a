"""What a proven seal says of its sender, in the customer's words. Pure."""

from dataclasses import dataclass
from urllib.parse import quote

from registry.assurance import is_demonstration
from sigill.report.checks import CheckName
from sigill.report.standing import State
from sigill.report.words import Words
from sigill.seal.claims import AiClaim, SealClaims, operator_id_of
from sigill.vocabulary import AttestationLevel, Enquiry, Role
from verification.service import Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class FactView:
    """One fact: its label, its value, what must be said with it, a pictogram and a link inside the site, if any.

    `badge` is a short word beside the pictogram.
    """

    label: str
    value: str
    notes: tuple[str, ...] = ()
    icon: str | None = None
    badge: str | None = None
    link: str | None = None


Facts = tuple[tuple[FactView, ...], tuple[FactView, ...]]


def tell_facts(verdict: Verdict, claims: SealClaims, *, matched: bool, words: Words) -> Facts:
    """Return the facts to see at a glance, and the others; of these only the channel unless the message `matched`."""
    first = (_who(verdict, claims, words), _who_wrote(claims, words), _for_you(verdict, words))
    channel = FactView(label=words.label("channel"), value=words.channel(claims.ch))
    if not matched:
        return first, (channel,)
    more = (
        *_about(verdict, claims, words),
        channel,
        FactView(label=words.label("direction"), value=words.direction(claims.dir)),
        FactView(label=words.label("purpose"), value=words.purpose(claims.pur)),
        *_ai_system(claims.ai, words),
        FactView(label=words.label("level"), value=words.level(claims.op.lvl)),
    )
    return first, more


def _who(verdict: Verdict, claims: SealClaims, words: Words) -> FactView:
    notes = [words.industry(claims.op.ind)]
    if claims.op.test:
        notes.append(words.label("test_environment"))
    known = verdict.operator
    if known is not None and is_demonstration(known):
        notes.append(words.label("demonstration_evidence"))
    if known is not None and known.state is not State.VERIFIED:
        notes.append(f"{words.label('state')}: {words.state(known.state)}")
    if known is not None and known.successor is not None:
        notes.append(words.label("successor", name=known.successor.name))
    link = None if known is None else f"/registry/operators/{quote(operator_id_of(claims), safe='')}"
    return FactView(
        label=words.label("who"), value=claims.op.name, notes=tuple(notes), icon=f"industry-{claims.op.ind}", link=link
    )


def _who_wrote(claims: SealClaims, words: Words) -> FactView:
    by, level, role = claims.auth.by, claims.att.lvl, claims.auth.role
    sentence = words.authorship(by, level=level, role=role, operator=claims.op.name)
    only_word = level is AttestationLevel.C or role is Role.PEER
    return FactView(
        label=words.label("who_wrote"),
        value=sentence if sentence.endswith(".") else f"{sentence}.",
        notes=(words.label("word_only"),) if only_word else (),
        icon=f"author-{by}",
        badge=words.author(by),
    )


def _for_you(verdict: Verdict, words: Words) -> FactView:
    check = next(item for item in verdict.report.checks if item.check is CheckName.RECIPIENT)
    return FactView(label=words.label("for_you"), value=words.detail(check.detail), icon=f"outcome-{check.outcome}")


def _about(verdict: Verdict, claims: SealClaims, words: Words) -> tuple[FactView, ...]:
    if verdict.decision is None:
        return ()
    return (
        FactView(
            label=words.label("about"),
            value=words.enquiry(Enquiry(verdict.decision["enquiry"])),
            notes=(words.label("declared", operator=claims.op.name),),
        ),
    )


def _ai_system(ai: AiClaim | None, words: Words) -> tuple[FactView, ...]:
    if ai is None:
        return ()
    parts = [part for part in (ai.provider, ai.model) if part]
    return (FactView(label=words.label("ai_system"), value=ai.system, notes=(", ".join(parts),) if parts else ()),)
