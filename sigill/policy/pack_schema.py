"""The JSON Schema of a pack, for completion in editors. Loading checks more; see `load_packs.py`."""

from collections.abc import Iterable
from typing import Any, Final

from sigill.policy.model import ObligationDefinition, ParameterDefinition, ParameterKind, Vocabulary
from sigill.policy.words import Basis, OperatorFlag, Posture, Scope, Verdict
from sigill.vocabulary import Authorship, Channel, Direction, Enquiry, Industry, Purpose, Role

_TEXT: Final = {"type": "string", "minLength": 1}
_DATE: Final = {"type": "string", "format": "date"}
_FLAG: Final = {"type": "boolean"}
_SOURCES: Final = {"$ref": "#/$defs/sources"}


def pack_schema(vocabulary: Vocabulary) -> dict[str, Any]:
    """Return the schema (draft 2020-12) of packs over these sources and obligations."""
    enquiries = {enquiry: {"$ref": "#/$defs/row"} for enquiry in Enquiry if enquiry is not Enquiry.UNCLASSIFIED}
    top = {
        "pack": _one_of(Industry),
        "version": _TEXT,
        "posture": _one_of(Posture),
        "own_choices": _list(_TEXT),
        "sources": _SOURCES,
        "handoff": {"$ref": "#/$defs/duty"},
        "retention": {"$ref": "#/$defs/duty"},
        "duties": {"type": "object", "minProperties": 1, "additionalProperties": {"$ref": "#/$defs/duty"}},
        "enquiries": {**_object(enquiries, required=[]), "minProperties": 1},
        "rules": _list({"$ref": "#/$defs/rule"}),
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A policy pack of Sigill",
        **_object(top, required=[name for name in top if name != "rules"]),
        "$defs": {
            "sources": _list(_one_of(vocabulary.sources)),
            "duty": _duty(vocabulary, required=["obligation", "basis", "sources"]),
            "rule_duty": _duty(vocabulary, required=["obligation"]),
            "row": _object({each: {"$ref": "#/$defs/cell"} for each in Authorship}, required=[*Authorship]),
            "cell": _cell(),
            "rule": _rule(),
            "condition": _condition(),
        },
    }


def _cell() -> dict[str, Any]:
    flagged = _object({"scope": _one_of(Scope), "flag": _one_of(OperatorFlag)}, required=["scope", "flag"])
    members = {
        "verdict": _one_of(Verdict),
        "basis": _one_of(Basis),
        "sources": _SOURCES,
        "why": _TEXT,
        "duties": _list(_TEXT),
        "allowed_scopes": _list({"anyOf": [_one_of(Scope), flagged]}),
        "person_for": _list(_one_of(Scope)),
    }
    return _object(members, required=["verdict", "basis", "sources", "why"])


def _rule() -> dict[str, Any]:
    members = {
        "rule": _TEXT,
        "from": _DATE,
        "to": _DATE,
        "when": {"$ref": "#/$defs/condition"},
        "unless": {"$ref": "#/$defs/condition"},
        "verdict": _one_of(Verdict),
        "basis": _one_of(Basis),
        "sources": _SOURCES,
        "why": _TEXT,
        "duties": _list({"$ref": "#/$defs/rule_duty"}),
    }
    return _object(members, required=["rule", "basis", "sources", "why"])


def _condition() -> dict[str, Any]:
    words = {
        "industries": Industry,
        "enquiries": Enquiry,
        "authorship": Authorship,
        "channels": Channel,
        "directions": Direction,
        "purposes": Purpose,
        "roles": Role,
        "flags": OperatorFlag,
        "scopes": Scope,
    }
    members = {name: _list(_one_of(each)) for name, each in words.items()}
    return _object({**members, "vulnerable": _FLAG, "ai_system_registered": _FLAG}, required=[])


def _duty(vocabulary: Vocabulary, *, required: list[str]) -> dict[str, Any]:
    """One alternative per obligation, each with its own parameters."""
    return {"anyOf": [_duty_of(definition, required) for definition in vocabulary.obligations.values()]}


def _duty_of(definition: ObligationDefinition, required: list[str]) -> dict[str, Any]:
    members = {
        "obligation": {"const": definition.id, "description": definition.asks},
        "basis": _one_of(Basis),
        "sources": _SOURCES,
        **{name: _parameter(each) for name, each in definition.parameters.items()},
    }
    return _object(members, required=required)


def _parameter(definition: ParameterDefinition) -> dict[str, Any]:
    word = _one_of(definition.words) if definition.words else _TEXT
    match definition.kind:
        case ParameterKind.SMALLEST | ParameterKind.LARGEST:
            return {"type": "integer", "minimum": 0}
        case ParameterKind.FLAG:
            return _FLAG
        case ParameterKind.WORD:
            return word
        case _:
            return _list(word)


def _one_of(words: Iterable[str]) -> dict[str, Any]:
    return {"enum": [str(word) for word in words]}


def _list(item: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": item, "minItems": 1, "uniqueItems": True}


def _object(members: dict[Any, Any], *, required: list[Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {str(name): member for name, member in members.items()},
        "required": [str(name) for name in required],
        "additionalProperties": False,
    }
