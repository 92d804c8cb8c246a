"""What Norway's Enhetsregisteret (Brønnøysund) says of an organisation number.

`GET https://data.brreg.no/enhetsregisteret/api/enheter/{organisasjonsnummer}` answers

    {"organisasjonsnummer": "923609016", "navn": "EQUINOR ASA", "organisasjonsform": {"kode": "ASA", …},
     "konkurs": false, "underAvvikling": false, "underTvangsavviklingEllerTvangsopplosning": false, …}

with 200; for a deleted unit 200 too, with little but `organisasjonsnummer`, `navn`, `organisasjonsform` and
`slettedato`; 404 where there is none; 410 with `organisasjonsnummer` and `slettedato` where it was removed for legal
reasons. Sources: https://data.brreg.no/enhetsregisteret/api/dokumentasjon/no/index.html and its OpenAPI file,
https://github.com/brreg/openAPI/blob/master/specs/enhetsregisteret.json.
"""

from collections.abc import Mapping
from typing import Any, Final

from registry.checks.outcome import CheckResult
from registry.checks.register import (
    GONE,
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
from registry.checks.told import Unreadable, flag_of, needed_text, read_object, text_of
from registry.model import EvidenceKind

ENHETSREGISTERET: Final = Register(
    name="Enhetsregisteret (Brønnøysund)",
    kind=EvidenceKind.REGISTER,
    method="Organisation number and name compared with Norway's company register (Enhetsregisteret)",
)
_COUNTRY: Final = "NO"
_INSOLVENT_ABROAD: Final = "underUtenlandskInsolvensbehandlingDato"


def judge_enhet(answer: RegisterAnswer, *, applied: Applied, register: Register = ENHETSREGISTERET) -> CheckResult:
    """Return what the answer about the applied number proves. Facts: name, number, country, standing, legal_form."""
    try:
        if answer.status == NOT_FOUND:
            return _not_found(register, answer)
        if answer.status not in {OK, GONE}:
            return unusable(register, answer)
        told = read_object(answer.body)
        if needed_text(told, "organisasjonsnummer") != applied.identifier.reference:
            return another_number(register, answer)
        if answer.status == GONE or text_of(told, "slettedato") is not None:
            return _deleted(register, answer, told)
        return _judge_existing(register, answer, told, applied=applied)
    except Unreadable as error:
        return unreadable(register, answer, str(error))


def _not_found(register: Register, answer: RegisterAnswer) -> CheckResult:
    if answer.body.strip():
        read_object(answer.body)  # a page that says 404 is no register's answer
    return failed(
        register,
        answer,
        Reason.NOT_FOUND,
        f"{register.name} has no organisation with this number. Use the number of the organisation itself, not of one "
        "of its sub-units (underenhet).",
    )


def _deleted(register: Register, answer: RegisterAnswer, told: Mapping[str, Any]) -> CheckResult:
    when = text_of(told, "slettedato")
    facts = _facts(told, standing="deleted") | ({"deleted_on": when} if when else {})
    return failed(
        register,
        answer,
        Reason.DELETED,
        f"{register.name} has deleted this organisation{f' on {when}' if when else ''}. Apply with the number of the "
        "organisation that exists now.",
        facts=facts,
    )


def _judge_existing(
    register: Register, answer: RegisterAnswer, told: Mapping[str, Any], *, applied: Applied
) -> CheckResult:
    name = needed_text(told, "navn")
    bankrupt = flag_of(told, "konkurs") or text_of(told, _INSOLVENT_ABROAD) is not None
    winding_up = flag_of(told, "underAvvikling")
    dissolved = flag_of(told, "underTvangsavviklingEllerTvangsopplosning")
    if bankrupt:
        return failed(
            register,
            answer,
            Reason.BANKRUPT,
            f"{register.name} says that {name} is bankrupt.",
            facts=_facts(told, standing="bankrupt"),
        )
    if winding_up or dissolved:
        return failed(
            register,
            answer,
            Reason.WINDING_UP,
            f"{register.name} says that {name} is being wound up{' by force' if dissolved else ''}.",
            facts=_facts(told, standing="winding_up"),
        )
    facts = _facts(told, standing="active")
    differs = compare_name(register, answer, applied=applied, names=(name,), facts=facts)
    return differs or passed(register, answer, facts=facts)


def _facts(told: Mapping[str, Any], *, standing: str) -> dict[str, str]:
    found = {
        "name": text_of(told, "navn"),
        "number": text_of(told, "organisasjonsnummer"),
        "country": _COUNTRY,
        "standing": standing,
        "legal_form": text_of(told, "organisasjonsform", "kode"),
    }
    return {name: value for name, value in found.items() if value is not None}
