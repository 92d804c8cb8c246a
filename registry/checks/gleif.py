"""What the Global Legal Entity Identifier Foundation says of a LEI.

`GET https://api.gleif.org/api/v1/lei-records/{lei}` answers in JSON:API (`application/vnd.api+json`):

    {"meta": {…}, "data": {"type": "lei-records", "id": "529900W18LQJJN6SJ336", "attributes": {
        "lei": "529900W18LQJJN6SJ336",
        "entity": {"legalName": {"name": "Société Générale Effekten GmbH", "language": "fr"}, "otherNames": [],
                   "transliteratedOtherNames": [{"name": …, "type": …}], "legalAddress": {"country": "DE", …},
                   "registeredAt": {"id": "RA000242", …}, "registeredAs": "HRB 32283", "jurisdiction": "DE",
                   "category": "GENERAL", "status": "ACTIVE", …},
        "registration": {"status": "ISSUED", "nextRenewalDate": "2026-10-17T22:00:00Z",
                         "corroborationLevel": "FULLY_CORROBORATED", …}, …}}}

and 404 with `{"errors": [{"status": "404", …}]}` where there is no such LEI. The words of `status` are those of the LEI
common data file format 3.1. Sources: https://www.gleif.org/en/lei-data/gleif-api, https://documenter.getpostman.com/
view/7679680/SVYrrxuU, https://www.gleif.org/en/about-lei/common-data-file-format; a whole recorded answer stands at
https://m-muecke.github.io/gleifr/reference/lei_record_by_id.html.
"""

from collections.abc import Mapping
from typing import Any, Final

from registry.checks.identifiers import Scheme
from registry.checks.outcome import CheckResult
from registry.checks.register import (
    NOT_FOUND,
    OK,
    Applied,
    Reason,
    Register,
    RegisterAnswer,
    another_number,
    compare_name,
    failed,
    passed,
    unreadable,
    unusable,
)
from registry.checks.told import Unreadable, needed_text, read_object, text_of, time_of
from registry.model import EvidenceKind

GLEIF: Final = Register(
    name="GLEIF",
    kind=EvidenceKind.LEI,
    method="LEI and name compared with the global register of legal entities (GLEIF)",
)
_TYPE: Final = "lei-records"
_IN_FORCE: Final = frozenset({"ISSUED", "PENDING_TRANSFER", "PENDING_ARCHIVAL"})  # the last two: it changes its issuer
_LAPSED: Final = "LAPSED"
_ENDED: Final = frozenset(
    {"MERGED", "RETIRED", "ANNULLED", "CANCELLED", "DUPLICATE", "TRANSFERRED", "PENDING_VALIDATION"}
)
_ACTIVE: Final = "ACTIVE"
_INACTIVE: Final = "INACTIVE"
_MOST_NAMES: Final = 50
_NAMES_IN_USE: Final = frozenset(
    {
        "ALTERNATIVE_LANGUAGE_LEGAL_NAME",
        "TRADING_OR_OPERATING_NAME",
        "PREFERRED_ASCII_TRANSLITERATED_LEGAL_NAME",
        "AUTO_ASCII_TRANSLITERATED_LEGAL_NAME",
    }
)  # not PREVIOUS_LEGAL_NAME


def lei_of(applied: Applied) -> str | None:
    """Return the LEI that the operator named, as its identifier or beside it."""
    return applied.identifier.reference if applied.identifier.scheme is Scheme.LEI else applied.lei


def judge_lei_record(answer: RegisterAnswer, *, applied: Applied, register: Register = GLEIF) -> CheckResult:
    """Return what the answer about the operator's LEI proves.

    Where the operator's identifier is of a company register, the LEI must be of that country and, if it names a
    register number, of that number. Facts: name, number, country, standing, registration, registered_as, category.
    """
    try:
        if answer.status == NOT_FOUND:
            return _not_found(register, answer)
        if answer.status != OK:
            return unusable(register, answer)
        told = read_object(answer.body)
        asked = lei_of(applied)
        if needed_text(told, "data", "type") != _TYPE:
            return unreadable(register, answer, "data is no LEI record")
        if {needed_text(told, "data", "id"), needed_text(told, "data", "attributes", "lei")} != {asked}:
            return another_number(register, answer)
        record: Mapping[str, Any] = told["data"]["attributes"]
        return _judge_standing(register, answer, record) or _compare(register, answer, record, applied=applied)
    except Unreadable as error:
        return unreadable(register, answer, str(error))


def _not_found(register: Register, answer: RegisterAnswer) -> CheckResult:
    if "errors" not in read_object(answer.body):
        raise Unreadable("a 404 without errors")
    return failed(
        register,
        answer,
        Reason.NOT_FOUND,
        "GLEIF knows no such LEI. A new one appears there within a day of being issued; copy it from your certificate.",
    )


def _judge_standing(register: Register, answer: RegisterAnswer, record: Mapping[str, Any]) -> CheckResult | None:
    registration, entity = needed_text(record, "registration", "status"), needed_text(record, "entity", "status")
    if registration not in _IN_FORCE | _ENDED | {_LAPSED} or entity not in {_ACTIVE, _INACTIVE}:
        raise Unreadable("status is no word of the LEI data format")
    due = time_of(record, "registration", "nextRenewalDate")
    facts = _facts(record)
    if entity == _INACTIVE:
        return failed(register, answer, Reason.INACTIVE, "GLEIF says that this company exists no more.", facts=facts)
    if registration in _ENDED:
        return failed(
            register,
            answer,
            Reason.NOT_IN_FORCE,
            f"This LEI is not in force (GLEIF: {registration}). Apply with the company's LEI that is.",
            facts=facts,
        )
    if registration == _LAPSED or (due is not None and due <= answer.stored.at):
        return failed(
            register,
            answer,
            Reason.LAPSED,
            "This LEI was not renewed in time, so nobody has confirmed its record since. Renew it with its issuer.",
            facts=facts,
        )
    return None


def _compare(register: Register, answer: RegisterAnswer, record: Mapping[str, Any], *, applied: Applied) -> CheckResult:
    facts = _facts(record)
    differs = _compare_register(register, answer, facts, applied=applied) or compare_name(
        register, answer, applied=applied, names=_names(record), facts=facts
    )
    return differs or passed(register, answer, facts=facts, until=time_of(record, "registration", "nextRenewalDate"))


def _compare_register(
    register: Register, answer: RegisterAnswer, facts: Mapping[str, str], *, applied: Applied
) -> CheckResult | None:
    """Hold the record against an identifier of a company register."""
    identifier = applied.identifier
    if identifier.scheme is not Scheme.REGISTER:
        return None
    if facts["country"] != identifier.country:
        return failed(
            register,
            answer,
            Reason.COUNTRY_DIFFERS,
            f"GLEIF has this company in {facts['country']}; the application says {identifier.country}.",
            facts=facts,
        )
    registered_as = facts.get("registered_as")
    if identifier.checked and registered_as is not None and _bare(registered_as) != _bare(identifier.reference):
        return failed(
            register,
            answer,
            Reason.NUMBER_DIFFERS,
            f"GLEIF has this LEI with the register number “{registered_as}”; the application says "
            f"“{identifier.reference}”. If both are of one company, a registrar can say so.",
            facts=facts,
        )
    return None


def _names(record: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the legal name first, then others in use. Raises Unreadable."""
    names = [needed_text(record, "entity", "legalName", "name")]
    for member in ("otherNames", "transliteratedOtherNames"):
        listed = record["entity"].get(member) or []
        if not isinstance(listed, list) or not all(isinstance(item, dict) for item in listed):
            raise Unreadable(f"{member} is no list of names")
        used = (item for item in listed[:_MOST_NAMES] if text_of(item, "type") in _NAMES_IN_USE)
        names += [name for item in used if (name := text_of(item, "name")) is not None]
    return tuple(names)


def _facts(record: Mapping[str, Any]) -> dict[str, str]:
    entity = needed_text(record, "entity", "status")
    found = {
        "name": needed_text(record, "entity", "legalName", "name"),
        "number": needed_text(record, "lei"),
        "country": needed_text(record, "entity", "legalAddress", "country"),
        "standing": entity.lower(),
        "registration": needed_text(record, "registration", "status").lower(),
        "registered_as": text_of(record, "entity", "registeredAs"),
        "category": text_of(record, "entity", "category"),
    }
    return {name: value for name, value in found.items() if value is not None}


def _bare(number: str) -> str:
    return "".join(character for character in number.upper() if character.isalnum())
