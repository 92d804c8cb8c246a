r"""What the VAT Information Exchange System of the European Union says of a VAT number.

`POST https://ec.europa.eu/taxation_customs/vies/rest-api/check-vat-number` with
`{"countryCode": "FR", "vatNumber": "27552032534"}` answers

    {"countryCode": "FR", "vatNumber": "27552032534", "requestDate": "2026-09-07T14:47:50.391Z", "valid": true,
     "requestIdentifier": "", "name": "SA DANONE", "address": "59 RUE LA FAYETTE\n75009 PARIS", "traderName": "---", …}

A member state that tells no names answers `"name": "---"` (Germany, Spain). Errors come with 200 or another status as
`{"actionSucceed": false, "errorWrappers": [{"error": "MS_MAX_CONCURRENT_REQ"}]}`; the service's other form
(`GET …/ms/{state}/vat/{number}`) has them in `userError`, which is read as well. Greece is EL there.
Sources: https://ec.europa.eu/assets/taxud/vow-information/swagger_publicVAT.yaml and
https://ec.europa.eu/taxation_customs/vies/#/technical-information; recorded errors:
https://github.com/jofme/D365FinanceToolbox/issues/73.
"""

import json
from collections.abc import Mapping
from typing import Any, Final

from registry.checks.identifiers import Identifier, Scheme
from registry.checks.outcome import CheckResult
from registry.checks.register import (
    OK,
    Applied,
    Reason,
    Register,
    RegisterAnswer,
    another_number,
    compare_name,
    failed,
    passed,
    unchecked,
    unreadable,
    unusable,
)
from registry.checks.told import Unreadable, flag_of, needed_text, read_object, text_of
from registry.checks.vat_numbers import UNION
from registry.model import EvidenceKind

VIES: Final = Register(
    name="VIES",
    kind=EvidenceKind.REGISTER,
    method="VAT number and name compared with the European Union's VAT register (VIES)",
)
_HIDDEN: Final = "---"
_VERDICTS: Final = frozenset({"VALID", "INVALID"})
_BUSY: Final = frozenset(
    {
        "GLOBAL_MAX_CONCURRENT_REQ",
        "GLOBAL_MAX_CONCURRENT_REQ_TIME",
        "MS_MAX_CONCURRENT_REQ",
        "MS_MAX_CONCURRENT_REQ_TIME",
    }
)


def can_be_asked(identifier: Identifier) -> bool:
    """Tell whether VIES answers about such an identifier."""
    return identifier.scheme is Scheme.VAT and identifier.country in UNION


def format_question(identifier: Identifier) -> bytes:
    """Return the JSON that asks about a VAT number."""
    return json.dumps({"countryCode": _state(identifier), "vatNumber": identifier.reference}).encode()


def was_processed(body: bytes) -> bool:
    """Tell whether an answer is JSON and none of VIES' errors, which come with status 200."""
    try:
        return _error_code(read_object(body)) is None
    except Unreadable:
        return False


def judge_vat_number(answer: RegisterAnswer, *, applied: Applied, register: Register = VIES) -> CheckResult:
    """Return what the answer about the applied VAT number proves. Facts: name, number, country, standing.

    A valid number under a hidden name is nobody's in particular: unchecked, for a registrar to look elsewhere.
    """
    try:
        told = read_object(answer.body)
        code = _error_code(told)
        if code is not None:
            return _not_processed(register, answer, code)
        if answer.status != OK:
            return unusable(register, answer)
        return _judge(register, answer, told, applied=applied)
    except Unreadable as error:
        return unreadable(register, answer, str(error)) if answer.status == OK else unusable(register, answer)


def _judge(register: Register, answer: RegisterAnswer, told: Mapping[str, Any], *, applied: Applied) -> CheckResult:
    valid = _verdict(told)
    identifier = applied.identifier
    asked = (_state(identifier), identifier.reference)
    if (needed_text(told, "countryCode"), needed_text(told, "vatNumber")) != asked:
        return another_number(register, answer)
    if not valid:
        return failed(
            register,
            answer,
            Reason.NOT_VALID,
            "VIES says that this VAT number is not valid for trade between member states. It may be new, ended or "
            "mistyped; the national tax authority can say which.",
            facts=_facts(identifier, standing="not_registered"),
        )
    name = text_of(told, "name")
    if name is None or name == _HIDDEN:
        return unchecked(
            register,
            answer,
            Reason.NAME_HIDDEN,
            f"The VAT number is valid, but {identifier.country} does not tell whose it is. Name a LEI, or let a "
            "registrar look at the company register.",
            facts=_facts(identifier, standing="registered"),
        )
    facts = {"name": name, **_facts(identifier, standing="registered")}
    differs = compare_name(register, answer, applied=applied, names=(name,), facts=facts)
    return differs or passed(register, answer, facts=facts)


def _verdict(told: Mapping[str, Any]) -> bool:
    return flag_of(told, "valid" if "valid" in told else "isValid")


def _error_code(told: Mapping[str, Any]) -> str | None:
    """Return the code of a question that was not processed, None for one that was. Raises Unreadable."""
    wrappers = told.get("errorWrappers")
    if wrappers is not None or told.get("actionSucceed") is False:
        first = wrappers[0] if isinstance(wrappers, list) and wrappers else {}
        if not isinstance(first, dict):
            raise Unreadable("errorWrappers holds no errors")
        return text_of(first, "error") or "UNKNOWN"
    user_error = text_of(told, "userError")
    return user_error if user_error not in _VERDICTS else None


def _not_processed(register: Register, answer: RegisterAnswer, code: str) -> CheckResult:
    facts = {"source_code": code[:60]}
    if code in _BUSY:
        why = "VIES or the member state's own register has too many questions at this moment. It is asked again later."
        return unchecked(register, answer, Reason.SOURCE_BUSY, why, facts=facts)
    why = f"VIES did not process the question ({code[:60]}), which says nothing of the number. It is asked again later."
    return unchecked(register, answer, Reason.SOURCE_FAILED, why, facts=facts)


def _state(identifier: Identifier) -> str:
    return "EL" if identifier.country == "GR" else identifier.country


def _facts(identifier: Identifier, *, standing: str) -> dict[str, str]:
    return {"number": identifier.reference, "country": identifier.country, "standing": standing}
