"""What a proven seal says of its sender, in the customer's words. Pure."""

from dataclasses import dataclass
from urllib.parse import quote
from zoneinfo import ZoneInfo

from registry.assurance import is_demonstration
from sigill.report.checks import CheckName
from sigill.report.standing import State
from sigill.report.words import Words
from sigill.seal.claims import SealClaims, operator_id_of
from sigill.vocabulary import AttestationLevel, Enquiry, Role
from verification.service import Verdict
from web.dates import tell_day


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


def tell_facts(verdict: Verdict, claims: SealClaims, *, matched: bool, words: Words, zone: ZoneInfo) -> Facts:
    """Return the facts to see at a glance, and the others; of these only the channel unless the message `matched`."""
    first = (_who(verdict, claims, words, zone), _who_wrote(verdict, claims, words), _for_you(verdict, words))
    channel = FactView(label=words.label("channel"), value=words.channel(claims.ch))
    if not matched:
        return first, (channel,)
    more = (
        *_about(verdict, claims, words),
        channel,
        FactView(label=words.label("direction"), value=words.direction(claims.dir)),
        FactView(label=words.label("purpose"), value=words.purpose(claims.pur)),
        *_ai_system(claims, words),
        FactView(label=words.label("level"), value=words.level(claims.op.lvl)),
    )
    return first, more


def _who(verdict: Verdict, claims: SealClaims, words: Words, zone: ZoneInfo) -> FactView:
    notes = [words.industry(claims.op.ind)]
    if claims.act is not None:
        since = tell_day(claims.act.since, language=words.language, zone=zone)
        notes.append(words.label("sent_for", principal=claims.op.name, agent=claims.act.name, time=since))
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
        label=words.label("who"),
        value=claims.op.name,
        notes=tuple(notes),
        icon=f"industry-{claims.op.ind}",
        badge=words.label("test_badge") if claims.op.test else None,
        link=link,
    )


def _who_wrote(verdict: Verdict, claims: SealClaims, words: Words) -> FactView:
    by, level, role = claims.auth.by, claims.att.lvl, claims.auth.role
    released = verdict.report.released
    sentence = words.authorship(by, level=level, role=role, operator=claims.op.name, released=released)
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


def _ai_system(claims: SealClaims, words: Words) -> tuple[FactView, ...]:
    ai, actor = claims.ai, claims.act
    if ai is None:
        return ()
    parts = ", ".join(part for part in (ai.provider, ai.model) if part)
    notes = [parts] if parts else []
    if actor is not None:  # whose system it is says nothing where there is one operator
        owner = actor.name if ai.of_actor else claims.op.name
        notes.append(words.label("ai_system_of", operator=owner))
    return (FactView(label=words.label("ai_system"), value=ai.system, notes=tuple(notes)),)
