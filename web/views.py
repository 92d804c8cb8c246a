"""From a verdict to what the result page shows: frozen values in the customer's words. Pure.

Nothing is said about the sender unless issuer and signature passed. Where the message itself was not brought, or is
another one, only what a code reveals is shown: who, human or AI, in which channel, and when.
"""

from dataclasses import dataclass
from typing import Final

from sigill.report.answers import Answer, Reason
from sigill.report.checks import Check, Detail, Outcome
from sigill.report.content import ContentFinding
from sigill.report.judge import Report
from sigill.report.words import Words
from sigill.seal.claims import SealClaims
from verification.service import Verdict
from web.dates import tell_day, tell_time
from web.facts import FactView, tell_facts
from web.owed import DutyView, RuleView, tell_duties, tell_rules
from web.sending import SendingView, view_sending
from web.technical import DetailView, tell_technical
from web.world import WebWorld


@dataclass(frozen=True, slots=True)
class PieceView:
    """A part of the pasted text, and whether the seal covers it."""

    text: str
    covered: bool


@dataclass(frozen=True, slots=True)
class CheckView:
    """One check: what it is called, how it ended, and, where it was not passed, what it guards against."""

    name: str
    detail: str
    guards: str | None


@dataclass(frozen=True, slots=True)
class CheckGroupView:
    """The checks that ended alike; never empty."""

    outcome: Outcome
    checks: tuple[CheckView, ...]


@dataclass(frozen=True, slots=True)
class SenderView:
    """What the seal says, under its heading; `note` where it says nothing of the message brought."""

    operator: str
    title: str
    note: str | None
    sealed: str
    facts: tuple[FactView, ...]
    more: tuple[FactView, ...]
    duties: tuple[DutyView, ...]
    rules: tuple[RuleView, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultView:
    """A whole answer. `sender` is None where nothing about the sender is proven."""

    answer: Answer
    title: str
    headline: str
    why: str
    next: str
    checked: str
    sender: SenderView | None
    pieces: tuple[PieceView, ...]
    groups: tuple[CheckGroupView, ...]
    technical: tuple[DetailView, ...]
    sending: SendingView | None

    @property
    def step_left(self) -> bool:
        """Whether the form to go on with stands right under the answer."""
        return self.answer is Answer.INCOMPLETE

    @property
    def again(self) -> bool:
        """Whether the form stands at the end, to try with more of the message or another address."""
        return self.answer in {Answer.NOT_GENUINE, Answer.CANNOT_SAY}


_FACTS_TITLES: Final = {Answer.GENUINE: "facts_genuine", Answer.INCOMPLETE: "facts_partial"}
_CONTENT_MATCHED: Final = {Detail.CONTENT_MATCHES, Detail.CONTENT_PARTLY_MATCHES}


def view_verdict(verdict: Verdict, *, words: Words, world: WebWorld, code: str | None = None) -> ResultView:
    """Return the verdict as the page shows it. `code` is the one it was found by, for the technical detail."""
    report = verdict.report
    reason = words.reason(report.reason)
    proven = report.proven
    matched = not _CONTENT_MATCHED.isdisjoint(check.detail for check in report.checks)
    return ResultView(
        answer=report.answer,
        title=words.answer(report.answer),
        headline=_headline(report, words, world),
        why=reason.why,
        next=reason.next,
        checked=words.label("checked_at", time=tell_time(verdict.at, language=words.language, zone=world.zone)),
        sender=None if proven is None else _view_sender(verdict, proven.claims, matched, words, world),
        pieces=_pieces(report.content) if proven is not None else (),
        groups=tuple(_groups(report, words)),
        technical=tell_technical(verdict, matched=matched, words=words, zone=world.zone, code=code),
        sending=view_sending(verdict.sending, words=words, world=world),
    )


def _headline(report: Report, words: Words, world: WebWorld) -> str:
    if report.reason is Reason.WITHDRAWN and report.withdrawn_at is not None:
        day = tell_day(report.withdrawn_at, language=words.language, zone=world.zone)
        return words.label("withdrawn_on", time=day)
    if report.reason is Reason.GENUINE_NEWER_VERSION and report.newer_version_at is not None:
        day = tell_day(report.newer_version_at, language=words.language, zone=world.zone)
        return words.label("newer_version_on", time=day)
    return words.reason(report.reason).headline


def _view_sender(verdict: Verdict, claims: SealClaims, matched: bool, words: Words, world: WebWorld) -> SenderView:  # noqa: FBT001
    answer = verdict.report.answer
    first, more = tell_facts(verdict, claims, matched=matched, words=words, zone=world.zone)
    return SenderView(
        operator=claims.op.name,
        title=words.label(_FACTS_TITLES.get(answer, "facts_other")),
        note=None if answer is Answer.GENUINE else words.label("facts_note"),
        sealed=_sealed(claims, words, world),
        facts=first,
        more=more,
        duties=tell_duties(verdict, words=words) if matched else (),
        rules=tell_rules(verdict, words=words, sources=world.sources) if matched else (),
    )


def _sealed(claims: SealClaims, words: Words, world: WebWorld) -> str:
    time = tell_time(claims.iat, language=words.language, zone=world.zone)
    if claims.sent is None:
        return words.label("sealed_at", time=time)
    sent = tell_time(claims.sent, language=words.language, zone=world.zone)
    return words.label("sent_at", sent=sent, time=time)


def _pieces(content: ContentFinding | None) -> tuple[PieceView, ...]:
    if content is None or content.matched is None:
        return ()
    parts = ((content.before, False), (content.matched, True), (content.after, False))
    return tuple(PieceView(text.strip("\n"), covered) for text, covered in parts if text.strip())


def _groups(report: Report, words: Words) -> list[CheckGroupView]:
    groups = [
        CheckGroupView(outcome, tuple(_view_check(check, words) for check in report.checks if check.outcome is outcome))
        for outcome in (Outcome.FAILED, Outcome.PASSED, Outcome.NOT_CHECKED)
    ]
    return [group for group in groups if group.checks]


def _view_check(check: Check, words: Words) -> CheckView:
    about = words.check(check.check)
    return CheckView(about.name, words.detail(check.detail), None if check.outcome is Outcome.PASSED else about.guards)
