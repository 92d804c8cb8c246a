"""The technical detail for whoever wants it. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from sigill.report.words import Words
from sigill.seal.token import ParsedSeal
from verification.service import Verdict
from web.dates import tell_time


@dataclass(frozen=True, slots=True)
class DetailView:
    """One detail, exactly as on the wire; a `block` keeps its line ends."""

    label: str
    value: str
    block: bool = False


def tell_technical(
    verdict: Verdict, *, matched: bool, words: Words, zone: ZoneInfo, code: str | None
) -> tuple[DetailView, ...]:
    """Return the details; of a seal whose message did not come along, only who signed it."""
    report = verdict.report
    details = [DetailView("technical_answer", f"{report.answer} · {report.reason}")]
    if code is not None:
        details.append(DetailView("technical_code", code))
    if report.proven is not None:
        details += _of_seal(report.proven)
        if matched:
            details += _of_message(report.proven, verdict, words, zone)
    return tuple(DetailView(words.label(item.label), item.value, item.block) for item in details)


def _of_seal(seal: ParsedSeal) -> Iterator[DetailView]:
    claims = seal.claims
    yield DetailView("technical_issuer", claims.iss)
    yield DetailView("technical_seal_id", claims.jti)
    yield DetailView("technical_key", seal.jws.kid)
    yield DetailView("technical_attestation", f"{claims.att.lvl} · {claims.att.m}")
    if claims.act is not None:
        yield DetailView("technical_mandate", f"{claims.act.mandate} · {claims.act.id}")


def _of_message(seal: ParsedSeal, verdict: Verdict, words: Words, zone: ZoneInfo) -> Iterator[DetailView]:
    claims = seal.claims
    yield DetailView("technical_expires", tell_time(claims.exp, language=words.language, zone=zone))
    yield DetailView("technical_policy", f"{claims.pol.pack} · {claims.pol.ver} · {claims.pol.dig}")
    if verdict.decision is not None and verdict.decision["rules"]:
        yield DetailView("technical_rules", ", ".join(verdict.decision["rules"]))
    if claims.conv is not None:
        yield DetailView("technical_conversation", f"{claims.conv.id} · {claims.conv.seq}")
    for label, value in (("technical_seal", verdict.report.shown), ("technical_proof", verdict.receipt)):
        if value is not None:
            yield DetailView(label, value, block=True)
