"""The customer's pages on their own: a world whose answer is chosen by the test, and what its pages say."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from html.parser import HTMLParser
from typing import Any, Final
from zoneinfo import ZoneInfo

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from registry.model import (
    AiSystem,
    Environment,
    Evidence,
    EvidenceKind,
    Operator,
    OperatorId,
    StateChange,
)
from sigill.report.answers import TABLE, Answer, Reason
from sigill.report.judge import Report, report_without_seal
from sigill.report.standing import State
from sigill.vocabulary import Industry
from tests.builders_seal import ISSUER, NOW, Case, make_case
from verification.service import Verdict, VerifyRequest
from web import SourceLink, WebWorld, make_blueprint

ZONE: Final = ZoneInfo("Europe/Stockholm")
DECISION: Final[dict[str, Any]] = {
    "enquiry": "complaint",
    "eff": "allow_with_obligations",
    "rules": ["bank.complaint.ai"],
    "obl": [
        {"id": "disclose_ai", "basis": "law"},
        {"id": "offer_human", "basis": "default", "minutes": 3},
        {"id": "route_to_emergency", "basis": "law", "minutes": 0},
    ],
    "texts": [],
}
DECIDED: Final[dict[str, Any]] = {
    "rules": [
        {
            "id": "bank.complaint.ai",
            "why": "A person decides.",
            "basis": "law",
            "sources": ["eu-aia-50-1", "own-choice"],
        }
    ]
}
SOURCES: Final = {"eu-aia-50-1": SourceLink("AI Act, Art. 50(1)", "https://eur-lex.europa.eu/eli/reg/2024/1689/oj")}
ANSWERS: Final = {row.reason: row.answer for row in TABLE} | {
    Reason.UNSIGNED: Answer.CANNOT_SAY,
    Reason.SEAL_UNREADABLE: Answer.CANNOT_SAY,
    Reason.CODE_UNKNOWN: Answer.CANNOT_SAY,
}
_VOID: Final = frozenset({"meta", "link", "input", "br", "path", "circle", "rect"})


@dataclass
class Site:
    """A site whose verifier answers as `answer` says and remembers what it was asked."""

    answer: Callable[[VerifyRequest], Verdict]
    asked: list[VerifyRequest] = field(default_factory=list)
    demonstration: bool = False

    @property
    def world(self) -> WebWorld:
        return WebWorld(
            verify=self._verify,
            base_url="http://127.0.0.1:8000",
            issuer=ISSUER,
            demonstration=self.demonstration,
            zone=ZONE,
            now=lambda: NOW,
            sources=SOURCES,
        )

    @property
    def client(self) -> FlaskClient:
        app = Flask("pages", static_folder=None)
        app.register_blueprint(make_blueprint(self.world))
        return app.test_client()

    def check(self, **fields: str) -> TestResponse:
        """Send the form."""
        return self.client.post("/check", data=fields)

    def _verify(self, request: VerifyRequest) -> Verdict:
        self.asked.append(request)
        return self.answer(request)


def site(verdict: Verdict) -> Site:
    """Return a site that always answers `verdict`."""
    return Site(lambda _: verdict)


def verdict_of(report: Report, **changes: Any) -> Verdict:
    """Return a verdict on a report at NOW, with an operator and a decision unless overruled."""
    values: dict[str, Any] = {"at": NOW, "operator": bank(), "decision": DECISION, "decided": DECIDED} | changes
    return Verdict(report=report, **values)


def verdict_for(reason: Reason, *, case: Case | None = None) -> Verdict:
    """Return a verdict with this reason and the answer that goes with it; the checks are those of a genuine seal."""
    if reason in {Reason.UNSIGNED, Reason.SEAL_UNREADABLE, Reason.CODE_UNKNOWN}:
        return Verdict(report=report_without_seal(reason), at=NOW)
    report = (case or make_case()).judge()
    return verdict_of(replace(report, reason=reason, answer=ANSWERS[reason]))


def bank(**changes: Any) -> Operator:
    """Return a verified bank with evidence that counts, evidence that no longer does, and two AI systems."""
    values: dict[str, Any] = {
        "id": OperatorId("exempelbanken"),
        "name": "Exempelbanken",
        "identifier": "NTRSE-5560000001",
        "industry": Industry.BANK,
        "environment": Environment.LIVE,
        "markets": ("SE", "UK", "US-CA", "EEA"),
        "flags": (),
        "phone": "+46 8 402 00 00",
        "wait_minutes": 3,
        "website": "https://www.exempelbanken.example",
        "history": (
            StateChange(state=State.APPLIED, since=NOW - timedelta(days=20), reason="sent its papers"),
            StateChange(state=State.VERIFIED, since=NOW - timedelta(days=10), reason="papers and domain agree"),
        ),
        "evidence": (
            evidence("E1", EvidenceKind.DOMAIN, days=300),
            evidence("E2", EvidenceKind.REGISTER, days=300),
            evidence("E3", EvidenceKind.LEI, days=-1),
        ),
        "ai_systems": (
            AiSystem(ref="saga", name="Saga", provider="Exempel AI", model="saga-1", active=True),
            AiSystem(ref="old", name="Olle", provider=None, model=None, active=False),
        ),
    }
    return Operator(**(values | changes))


def evidence(evidence_id: str, kind: EvidenceKind, *, days: int) -> Evidence:
    """Return evidence that counts for `days` more days."""
    return Evidence(
        id=evidence_id,
        kind=kind,
        method="looked up by hand",
        checked_by="the registrar",
        valid_from=NOW - timedelta(days=10),
        valid_until=NOW + timedelta(days=days),
    )


class Page(HTMLParser):
    """What a page is made of: its tags in order, their attributes, and its visible text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.unclosed: list[str] = []
        self.text = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attrs]
        assert len(names) == len(set(names)), f"an attribute twice in <{tag}>"
        self.tags.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in _VOID:
            self.unclosed.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        assert self.unclosed.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data

    def all(self, *names: str) -> Iterator[dict[str, str]]:
        """Yield the attributes of every such tag."""
        return (attributes for tag, attributes in self.tags if tag in names)

    def names(self, *names: str) -> list[str]:
        """Return which of these tags stand there, in order."""
        return [tag for tag, _ in self.tags if tag in names]


def check_page(html: str, *, language: str = "en", scripts: bool = False) -> Page:
    """Return the page; fails unless it is whole, in its language, usable by keyboard and ear, and all its own.

    `scripts` allows those of our own; nothing ever stands between a script's tags.
    """
    page = Page(html)
    assert page.unclosed == []
    assert next(page.all("html"))["lang"] == language
    headings = page.names("h1", "h2", "h3")
    assert headings[0] == "h1"
    assert headings.count("h1") == 1
    assert "h3" not in headings
    ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    for _, attributes in page.tags:
        assert not {name for name in attributes if name.startswith("on") or name == "style"}
        for name in ("aria-labelledby", "aria-describedby"):
            assert set(attributes.get(name, "").split()) <= set(ids)
    labelled = {attributes["for"] for attributes in page.all("label")}
    typed = [item for item in page.all("input", "textarea", "select") if item.get("type") != "hidden"]
    assert {item["id"] for item in typed} == labelled
    assert not list(page.all(*(() if scripts else ("script",)), "iframe", "object", "base", "style", "img"))
    loaded = [item.get("href", "") for item in page.all("link")] + [item["src"] for item in page.all("script")]
    loaded += [item["action"] for item in page.all("form")]
    assert all(address.startswith("/") and not address.startswith("//") for address in loaded)
    assert {item["method"] for item in page.all("form")} <= {"post"}
    return page
