"""The two files packs rest on: `sources.yaml` (laws, guidance, surveys, our own choice) and `obligations.yaml`."""

from hashlib import sha256
from typing import Final

from sigill.policy.jurisdictions import PARENT
from sigill.policy.model import (
    Confidence,
    ObligationDefinition,
    ParameterDefinition,
    ParameterKind,
    Seen,
    Source,
    SourceStatus,
    TextMoment,
    TextUse,
    Vocabulary,
)
from sigill.policy.words import Doer
from sigill.policy.yaml_tree import Node, parse_yaml
from sigill.vocabulary import Channel

FOREIGN: Final = frozenset({"CA-QC", "KR", "CN", "IN"})
"""Jurisdictions with sources but without customers yet."""

_FORMS: Final = frozenset({*Channel, "phone_outbound", "any"})
_LISTS: Final = frozenset({ParameterKind.ADDS, ParameterKind.LIMITS, ParameterKind.NARROWS})
_PLACELESS: Final = frozenset({SourceStatus.EVIDENCE, SourceStatus.OWN_CHOICE})


def load_vocabulary(*, sources: str, obligations: str) -> Vocabulary:
    """Read the texts of `sources.yaml` and `obligations.yaml`. Raises PolicyInvalid."""
    source_file = parse_yaml(sources, file="sources.yaml").members(required=["version", "sources"])
    duty_file = parse_yaml(obligations, file="obligations.yaml").members(required=["version", "obligations"])
    return Vocabulary(
        sources={key: _source(key, node) for key, node in source_file["sources"].table().items()},
        obligations={key: _obligation(key, node) for key, node in duty_file["obligations"].table().items()},
        sources_version=source_file["version"].text(),
        obligations_version=duty_file["version"].text(),
        sources_digest=sha256(sources.encode()).digest(),
        obligations_digest=sha256(obligations.encode()).digest(),
    )


def _source(key: str, node: Node) -> Source:
    found = node.members(
        required=["title", "status", "seen", "confidence", "says"],
        optional=["jurisdictions", "from", "to", "url", "binds", "sanctions", "note"],
    )
    status = found["status"].word(SourceStatus)
    starts, ends = period(found)
    if (status in _PLACELESS) == ("jurisdictions" in found):
        raise node.fault("a law or guidance names its jurisdictions; evidence and our own choice have none")
    for name in ("binds", "sanctions"):
        if name in found:
            found[name].text()
    return Source(
        id=key,
        title=found["title"].text(),
        jurisdictions=_jurisdictions(found["jurisdictions"]) if "jurisdictions" in found else frozenset(),
        status=status,
        starts=starts,
        ends=ends,
        url=found["url"].text() if "url" in found else None,
        seen=found["seen"].word(Seen),
        confidence=found["confidence"].word(Confidence),
        says=found["says"].text(),
        note=found["note"].text() if "note" in found else None,
    )


def period(found: dict[str, Node]) -> tuple[str | None, str | None]:
    """Return the optional members `from` and `to` as the half-open [from, to)."""
    starts = found["from"].date() if "from" in found else None
    ends = found["to"].date() if "to" in found else None
    if starts is not None and ends is not None and ends <= starts:
        raise found["to"].fault("ends before it begins")
    return starts, ends


def _jurisdictions(node: Node) -> frozenset[str]:
    codes = node.identifiers()
    for code in codes:
        if code not in PARENT and code not in FOREIGN:
            raise node.fault(f"unknown jurisdiction {code!r}")
    return frozenset(codes)


def _obligation(key: str, node: Node) -> ObligationDefinition:
    found = node.members(required=["title", "asks", "who"], optional=["parameters", "measure", "deadline", "texts"])
    table = found["parameters"].table() if "parameters" in found else {}
    parameters = {name: _parameter(each) for name, each in table.items()}
    for role in ("measure", "deadline"):
        if role in found and found[role].text() not in parameters:
            raise found[role].fault(f"{found[role].text()!r} is no parameter of {key}")
    return ObligationDefinition(
        id=key,
        title=found["title"].text(),
        asks=found["asks"].text(),
        doer=found["who"].word(Doer),
        parameters=parameters,
        measure=found["measure"].text() if "measure" in found else None,
        deadline=found["deadline"].text() if "deadline" in found else None,
        texts=tuple(_text_use(each) for each in found["texts"].items()) if "texts" in found else (),
    )


def _parameter(node: Node) -> ParameterDefinition:
    found = node.members(required=["strictest"], optional=["words"])
    kind = found["strictest"].word(ParameterKind)
    words = found["words"].identifiers() if "words" in found else ()
    if kind is ParameterKind.WORD and not words:
        raise node.fault("a word needs the list of words, strictest first")
    if words and kind not in _LISTS and kind is not ParameterKind.WORD:
        raise node.fault("only words and lists of words have a list of words")
    return ParameterDefinition(kind=kind, words=words)


def _text_use(node: Node) -> TextUse:
    found = node.members(required=["when", "show"])
    forms = found["show"].table()
    for form, each in forms.items():
        if form not in _FORMS:
            raise each.fault(f"unknown form {form!r}; known: {', '.join(sorted(_FORMS))}")
    keys = {form: each.identifier() for form, each in forms.items()}
    return TextUse(moment=found["when"].word(TextMoment), keys=keys)
