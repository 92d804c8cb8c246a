"""`sigill policy check | explain | diff | test | schema`: policies for people who read and write them.

Exit codes: 0 all well, 1 something differs or a case fails, 2 a file or an argument that cannot be used.
"""

import argparse
import json
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Final, TypeAlias

from sigill.errors import PolicyInvalid
from sigill.policy.cases import load_cases, run_case
from sigill.policy.decision import Decision, Obligation
from sigill.policy.errors import FactNotAllowed
from sigill.policy.evaluate import evaluate
from sigill.policy.facts import ConversationFacts, Facts
from sigill.policy.folder import PATTERNS, PolicyFolder, assemble, vocabulary_of
from sigill.policy.load_packs import load_overlay, load_pack
from sigill.policy.load_vocabulary import load_vocabulary
from sigill.policy.model import Parameters, Source
from sigill.policy.pack_schema import pack_schema
from sigill.policy.texts import load_texts
from sigill.policy.words import Basis, OperatorFlag, Scope
from sigill.policy.yaml_tree import parse_yaml
from sigill.vocabulary import (
    AttestationLevel,
    Authorship,
    Channel,
    Direction,
    Enquiry,
    Industry,
    Language,
    Purpose,
    Role,
)

_Subparsers: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"  # noqa: SLF001 - it has no other name
_Handler: TypeAlias = Callable[[argparse.Namespace], int]

_WELL: Final = 0
_DIFFERS: Final = 1
_UNUSABLE: Final = 2

_BASIS: Final[Mapping[Basis, str]] = {
    Basis.LAW: "law",
    Basis.LAW_IN_SOME_CASES: "law in some cases",
    Basis.GUIDANCE: "guidance of an authority",
    Basis.DEFAULT: "our default",
}


def add_parser(subparsers: _Subparsers) -> None:
    """Add `policy` and its commands; each sets `handler`, which takes the namespace and returns the exit code."""
    commands = subparsers.add_parser("policy", help="check, explain, compare and test policies").add_subparsers(
        required=True, metavar="COMMAND"
    )
    check = _command(commands, "check", "read files strictly, against the folder's sources and obligations", run_check)
    check.add_argument("files", nargs="+", type=Path, metavar="FILE")
    explain = _command(commands, "explain", "say what is decided, why, and what is owed", run_explain)
    explain.add_argument("industry", choices=[*Industry], metavar="INDUSTRY")
    explain.add_argument("enquiry", choices=[*Enquiry], metavar="ENQUIRY")
    explain.add_argument("authorship", choices=[*Authorship], metavar="AUTHORSHIP")
    explain.add_argument("--jurisdiction", action="append", metavar="CODE", help="default EU; may be repeated")
    explain.add_argument("--channel", choices=[*Channel], default=Channel.CHAT.value)
    explain.add_argument("--scope", action="append", choices=[*Scope], default=[], metavar="SCOPE")
    explain.add_argument("--flag", action="append", choices=[*OperatorFlag], default=[], metavar="FLAG")
    explain.add_argument("--on", type=date.fromisoformat, metavar="YYYY-MM-DD", help="default today")
    diff = _command(commands, "diff", "compare two folders of policies decision by decision", run_diff)
    diff.add_argument("a", type=Path, metavar="A")
    diff.add_argument("b", type=Path, metavar="B")
    diff.add_argument("--jurisdiction", action="append", metavar="CODE", help="default EU; may be repeated")
    diff.add_argument("--on", type=date.fromisoformat, metavar="YYYY-MM-DD", help="default today")
    _command(commands, "test", "run the folder's cases", run_test)
    _command(commands, "schema", "print the JSON Schema of a pack, for editors", run_schema)


def _command(commands: _Subparsers, name: str, text: str, handler: _Handler) -> argparse.ArgumentParser:
    parser = commands.add_parser(name, help=text, description=f"{text[0].upper()}{text[1:]}.")
    parser.add_argument(
        "--folder", type=Path, default=Path("policies"), help="the folder of policies (default: %(default)s)"
    )
    parser.set_defaults(handler=lambda arguments: _guarded(handler, arguments))
    return parser


def _guarded(handler: _Handler, arguments: argparse.Namespace) -> int:
    try:
        return handler(arguments)
    except FactNotAllowed as error:
        _complain(f"{error}; allowed: {', '.join(error.allowed)}")
    except (PolicyInvalid, OSError) as error:
        _complain(str(error))
    return _UNUSABLE


def run_check(arguments: argparse.Namespace) -> int:
    """Check each file; prints one line per file."""
    outcome = _WELL
    for path in arguments.files:
        try:
            kind = _check(path, folder=arguments.folder)
        except PolicyInvalid as error:
            _complain(str(error))
            outcome = _UNUSABLE
        else:
            _say(f"{path}: {kind}, well-formed")
    return outcome


def _check(path: Path, *, folder: Path) -> str:
    vocabulary_files = _read(folder, PATTERNS[:2])
    text = _text(path)
    keys = parse_yaml(text, file=str(path)).table()
    if "sources" in keys and "pack" not in keys and "overlay" not in keys:
        load_vocabulary(sources=text, obligations=vocabulary_files.get("obligations.yaml", ""))
        return "sources"
    if "obligations" in keys:
        load_vocabulary(sources=vocabulary_files.get("sources.yaml", ""), obligations=text)
        return "obligations"
    if "language" in keys:
        texts = _read(folder, ["texts/*.yaml"])
        others = {name: other for name, other in texts.items() if Path(name).name != path.name}
        load_texts({**others, str(path): text})
        return "texts"
    if "cases" in keys:
        return f"{len(load_cases(text, file=str(path)))} cases"
    vocabulary = vocabulary_of(vocabulary_files)
    if "overlay" in keys:
        return f"overlay {load_overlay(text, file=str(path), vocabulary=vocabulary).name}"
    return f"pack {load_pack(text, file=str(path), vocabulary=vocabulary).name}"


def run_explain(arguments: argparse.Namespace) -> int:
    """Print one decision in words."""
    folder = assemble(_read(arguments.folder, PATTERNS))
    facts = _facts(
        industry=Industry(arguments.industry),
        enquiry=Enquiry(arguments.enquiry),
        authorship=Authorship(arguments.authorship),
        arguments=arguments,
    )
    for line in _explanation(evaluate(folder.policies, facts), folder):
        _say(line)
    return _WELL


def _explanation(decision: Decision, folder: PolicyFolder) -> Iterator[str]:
    sources = folder.policies.vocabulary.sources
    yield f"{decision.verdict}  ({decision.name})"
    for rule in decision.rules:
        yield f"  because {rule.id} [{_BASIS[rule.basis]}]: {rule.why}"
        yield f"    {_sources(rule.sources, sources)}"
    for obligation in decision.obligations:
        yield from _obligation(obligation, sources)
    if decision.text_keys:
        yield f"  shows: {', '.join(decision.text_keys)}"
    for instead in decision.instead:
        yield f"  instead, {instead.kind} {instead.value}: {instead.why}"
    yield "Not legal advice."


def _obligation(obligation: Obligation, sources: Mapping[str, Source]) -> Iterator[str]:
    yield f"  owes {obligation.id}: {obligation.title}{_parameters(obligation.parameters)} [{_BASIS[obligation.basis]}]"
    for asked in obligation.asked:
        yield f"    {_BASIS[asked.basis]}{_parameters(asked.parameters)}: {_sources(asked.sources, sources)}"


def _parameters(parameters: Parameters) -> str:
    shown = [f"{name}={'/'.join(value) if isinstance(value, tuple) else value}" for name, value in parameters.items()]
    return f" ({', '.join(shown)})" if shown else ""


def _sources(names: Iterable[str], sources: Mapping[str, Source]) -> str:
    return "; ".join(f"{sources[name].title}{'' if sources[name].verified else ' (unverified)'}" for name in names)


def run_diff(arguments: argparse.Namespace) -> int:
    """Print what two folders decide differently, for every industry, kind of enquiry and authorship."""
    first, second = (assemble(_read(path, PATTERNS)) for path in (arguments.a, arguments.b))
    changes = list(_changes(first, second, arguments))
    for line in changes:
        _say(line)
    _say(f"{len(changes)} decisions differ" if changes else "no decision differs")
    return _DIFFERS if changes else _WELL


def _changes(first: PolicyFolder, second: PolicyFolder, arguments: argparse.Namespace) -> Iterator[str]:
    for industry in Industry:
        for enquiry in Enquiry:
            for authorship in Authorship:
                facts = _facts(industry=industry, enquiry=enquiry, authorship=authorship, arguments=arguments)
                before, after = _summary(first, facts), _summary(second, facts)
                if before != after:
                    yield f"{industry} {enquiry} {authorship}"
                    yield from (f"  - {line}" for line in before if line not in after)
                    yield from (f"  + {line}" for line in after if line not in before)


def _summary(folder: PolicyFolder, facts: Facts) -> list[str]:
    try:
        decision = evaluate(folder.policies, facts)
    except FactNotAllowed as error:
        return [str(error)]
    owed = (f"{each.id}{_parameters(each.parameters)} [{_BASIS[each.basis]}]" for each in decision.obligations)
    return [decision.verdict, *owed, *(f"instead {each.kind} {each.value}" for each in decision.instead)]


def run_test(arguments: argparse.Namespace) -> int:
    """Run all cases; prints those that fail."""
    folder = assemble(_read(arguments.folder, PATTERNS))
    failed = 0
    for case in folder.cases:
        differences = run_case(case, policies=folder.policies, texts=folder.texts)
        failed += bool(differences)
        for difference in differences:
            _say(f"{case.file}, line {case.line}: {case.title}: {difference}")
    _say(f"{len(folder.cases) - failed} of {len(folder.cases)} cases pass")
    return _DIFFERS if failed or not folder.cases else _WELL


def run_schema(arguments: argparse.Namespace) -> int:
    """Print the JSON Schema of a pack over the folder's sources and obligations."""
    _say(json.dumps(pack_schema(vocabulary_of(_read(arguments.folder, PATTERNS[:2]))), indent=2))
    return _WELL


def _facts(*, industry: Industry, enquiry: Enquiry, authorship: Authorship, arguments: argparse.Namespace) -> Facts:
    """Facts of a first message; what the command line does not say is the plainest there is."""
    return Facts(
        industry=industry,
        jurisdictions=tuple(sorted(set(arguments.jurisdiction or ["EU"]))),
        enquiry=enquiry,
        authorship=authorship,
        channel=Channel(getattr(arguments, "channel", Channel.CHAT)),
        direction=Direction.INBOUND,
        purpose=Purpose.SERVICE,
        role=Role.OPERATOR,
        language=Language.EN,
        scope=tuple(sorted(set(getattr(arguments, "scope", [])))),
        draft=None,
        disclosure=None,
        attestation=AttestationLevel.C,
        vulnerable=False,
        ai_system_registered=True,
        operator_flags=tuple(sorted(set(getattr(arguments, "flag", [])))),
        assurance_level=2,
        conversation=ConversationFacts(
            first_ai_message=authorship is Authorship.AI,
            disclosure_shown=False,
            human_requested_minutes_ago=None,
            last_authorship=None,
            handoff_recorded=False,
        ),
        on=arguments.on or datetime.now(tz=UTC).date(),
    )


def _read(folder: Path, patterns: Iterable[str]) -> dict[str, str]:
    if not folder.is_dir():
        raise PolicyInvalid(f"no folder of policies at {folder}; name one with --folder")
    paths = sorted(path for pattern in patterns for path in folder.glob(pattern))
    return {path.relative_to(folder).as_posix(): _text(path) for path in paths}


def _text(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8")
    except UnicodeDecodeError:
        raise PolicyInvalid(f"{path}, line 1: not UTF-8") from None


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")


def _complain(line: str) -> None:
    sys.stderr.write(f"{line}\n")
