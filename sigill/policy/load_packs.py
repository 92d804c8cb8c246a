"""Industry packs and overlays, read strictly from YAML. See `docs/policies.md` for how to read one."""

from hashlib import sha256

from sigill.policy.jurisdictions import PARENT
from sigill.policy.load_rules import RuleReader
from sigill.policy.load_vocabulary import period
from sigill.policy.model import Cell, Duty, Overlay, Pack, ScopeException, Vocabulary
from sigill.policy.words import Doer, OperatorFlag, Posture, Scope, Verdict
from sigill.policy.yaml_tree import Node, parse_yaml
from sigill.vocabulary import Authorship, Enquiry, Industry


def load_pack(text: str, *, file: str, vocabulary: Vocabulary) -> Pack:
    """Read one industry pack. Raises PolicyInvalid with file, line and reason."""
    root = parse_yaml(text, file=file)
    found = root.members(
        required=[
            "pack",
            "version",
            "posture",
            "own_choices",
            "sources",
            "handoff",
            "retention",
            "duties",
            "enquiries",
        ],
        optional=["rules"],
    )
    reader = RuleReader(vocabulary, sources=found["sources"])
    industry = found["pack"].word(Industry)
    duties = {name: reader.duty(node) for name, node in found["duties"].table().items()}
    cells = _Cells(reader, vocabulary, duties)
    pack = Pack(
        industry=industry,
        name=industry.value,
        version=found["version"].text(),
        digest=sha256(text.encode()).digest(),
        posture=found["posture"].word(Posture),
        own_choices=tuple(node.text() for node in found["own_choices"].items()),
        handoff=_inherited(found["handoff"], reader, obligation="offer_human", parameter="within_minutes"),
        retention=_inherited(found["retention"], reader, obligation="retain_record", parameter="days"),
        cells=cells.read(found["enquiries"]),
        rules=reader.rules(found["rules"]) if "rules" in found else (),
    )
    for name, node in found["duties"].table().items():
        if name not in cells.used:
            raise node.fault(f"no cell uses the duty {name!r}")
    reader.check_all_sources_used()
    return pack


def load_overlay(text: str, *, file: str, vocabulary: Vocabulary) -> Overlay:
    """Read one overlay: of a jurisdiction, or of an operator (`operator:` instead of `jurisdiction:`)."""
    root = parse_yaml(text, file=file)
    found = root.members(
        required=["overlay", "version", "from", "about", "sources", "rules"],
        optional=["to", "jurisdiction", "operator"],
    )
    if ("jurisdiction" in found) == ("operator" in found):
        raise root.fault("an overlay is either for a jurisdiction or for an operator")
    jurisdiction = found["jurisdiction"].text() if "jurisdiction" in found else None
    if jurisdiction is not None and jurisdiction not in PARENT:
        raise found["jurisdiction"].fault(f"unknown jurisdiction {jurisdiction[:80]!r}")
    if "operator" in found:
        found["operator"].identifier()
    found["about"].text()
    reader = RuleReader(vocabulary, sources=found["sources"])
    overlay = Overlay(
        name=found["overlay"].identifier(),
        jurisdiction=jurisdiction,
        version=found["version"].text(),
        digest=sha256(text.encode()).digest(),
        starts=found["from"].date(),
        ends=period(found)[1],
        rules=reader.rules(found["rules"]),
    )
    reader.check_all_sources_used()
    return overlay


def _inherited(node: Node, reader: RuleReader, *, obligation: str, parameter: str) -> Duty:
    duty = reader.duty(node)
    if duty.obligation != obligation or parameter not in duty.parameters:
        raise node.fault(f"here belongs the obligation {obligation} with {parameter}")
    return duty


class _Cells:
    """Reads the table of cells; `used` are the duties some cell names."""

    def __init__(self, reader: RuleReader, vocabulary: Vocabulary, duties: dict[str, Duty]) -> None:
        self._reader = reader
        self._vocabulary = vocabulary
        self._duties = duties
        self.used: set[str] = set()

    def read(self, node: Node) -> dict[tuple[Enquiry, Authorship], Cell]:
        cells: dict[tuple[Enquiry, Authorship], Cell] = {}
        for name, row in node.table().items():
            enquiry = Node(row.file, row.line, name).word(Enquiry)
            if enquiry is Enquiry.UNCLASSIFIED:
                raise row.fault("unclassified has no cells of its own; it is merged from others")
            for authorship, cell in row.members(required=list(Authorship)).items():
                cells[enquiry, Authorship(authorship)] = self._cell(cell)
        return cells

    def _cell(self, node: Node) -> Cell:
        found = node.members(
            required=["verdict", "basis", "sources", "why"], optional=["duties", "allowed_scopes", "person_for"]
        )
        verdict = found["verdict"].word(Verdict)
        basis, sources = self._reader.basis(found)
        duties = tuple(self._named(each) for each in found["duties"].items()) if "duties" in found else ()
        self._check_verdict(node, verdict, duties)
        if "allowed_scopes" in found and verdict is not Verdict.DENY:
            raise found["allowed_scopes"].fault("only a deny has allowed scopes")
        if "person_for" in found and verdict is Verdict.DENY:
            raise found["person_for"].fault("a deny asks for a person already")
        exceptions = found["allowed_scopes"].items() if "allowed_scopes" in found else []
        return Cell(
            verdict=verdict,
            basis=basis,
            sources=sources,
            why=found["why"].text(),
            duties=duties,
            allowed_scopes=tuple(_exception(each) for each in exceptions),
            person_for=frozenset(found["person_for"].words(Scope)) if "person_for" in found else frozenset(),
        )

    def _named(self, node: Node) -> Duty:
        name = node.text()
        if name not in self._duties:
            raise node.fault(f"no such duty in this file: {name!r}")
        self.used.add(name)
        return self._duties[name]

    def _check_verdict(self, node: Node, verdict: Verdict, duties: tuple[Duty, ...]) -> None:
        obligations = self._vocabulary.obligations
        owes = any(obligations[duty.obligation].doer is Doer.OPERATOR for duty in duties)
        if verdict is Verdict.ALLOW and owes:
            raise node.fault("an allow that asks something of the operator is allow_with_obligations")
        if verdict is Verdict.ALLOW_WITH_OBLIGATIONS and not owes:
            raise node.fault("allow_with_obligations without an obligation for the operator")


def _exception(node: Node) -> ScopeException:
    if isinstance(node.value, str):
        return ScopeException(scope=node.word(Scope), flag=None)
    found = node.members(required=["scope", "flag"])
    return ScopeException(scope=found["scope"].word(Scope), flag=found["flag"].word(OperatorFlag))
