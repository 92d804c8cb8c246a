"""Checking again what is due, one after the other; what is due stays so until what came of it is committed."""

import logging
from typing import Final

from registry.applying.checking import ask_domain, by_machine, read_applied, register_subject
from registry.applying.domains import find_domain
from registry.applying.errors import DomainUnknown, SourceMissing
from registry.applying.kept_checks import (
    Due,
    find_passed,
    list_due,
    load_answers,
    schedule,
    unschedule,
)
from registry.applying.recording import record_check
from registry.applying.world import ApplyingWorld
from registry.asking.registers import check_in_registers
from registry.asking.seal_certificate import recheck_certificate
from registry.checks.conclusion import LONGEST_PAUSE, LOOK_AGAIN, AskedBy, Checking
from registry.checks.kept import KeptCheck
from registry.checks.licence import METHOD as LICENCE_METHOD
from registry.checks.outcome import CheckResult, Outcome
from registry.checks.register_record import METHOD as REGISTER_METHOD
from registry.model import EvidenceKind
from registry.operators import load_operator
from sigill.errors import SigillError
from sigill.report.standing import State
from storage.engine import reading, writing

BY: Final = "re-check"
_CHAIN: Final = "application/pem-certificate-chain"
_LOGGER: Final = logging.getLogger("sigill.worker")


def recheck_due(world: ApplyingWorld, *, limit: int) -> int:
    """Make at most `limit` of the checks that are due; return how many. Raises StoreUnavailable, SQLAlchemyError.

    One that fails by an error of ours is told, and tried again half a day later, so that it keeps no other back.
    """
    with reading(world.engine) as connection:
        found = list_due(connection, at=world.now(), limit=limit)
    for due in found:
        try:
            _recheck(due, world=world)
        except SigillError as error:
            _LOGGER.warning("%s of %s could not be checked again: %s", due.kind, due.operator_id, type(error).__name__)
            _put_off(due, world=world)
    return len(found)


def _recheck(due: Due, *, world: ApplyingWorld) -> None:
    with reading(world.engine) as connection:
        over = load_operator(connection, due.operator_id).state is State.REVOKED
    result = None if over else _ask(due, world=world)
    if result is None:
        with writing(world.engine) as connection:
            unschedule(connection, due.operator_id, kind=due.kind, subject=due.subject)
        return
    checking = Checking(
        subject=due.subject, asked_by=AskedBy.SCHEDULE, by=BY, checked_by=by_machine(world), tries=due.tries
    )
    kept = record_check(due.operator_id, result, checking, world=world)
    _tell(kept)


def _ask(due: Due, *, world: ApplyingWorld) -> CheckResult | None:
    """Return what a check comes to now; None for one that nothing is left to be asked about."""
    match due.kind:
        case EvidenceKind.DOMAIN:
            return _ask_domain(due, world=world)
        case EvidenceKind.REGISTER if _was_seen(due, world=world):
            return _ask_registrar(EvidenceKind.REGISTER, REGISTER_METHOD, world=world)
        case EvidenceKind.REGISTER | EvidenceKind.LEI:
            return _ask_registers(due, world=world)
        case EvidenceKind.SEAL_CERTIFICATE:
            return _ask_issuers(due, world=world)
        case EvidenceKind.LICENCE:
            return _ask_registrar(EvidenceKind.LICENCE, LICENCE_METHOD, world=world)
        case _:
            return None


def _ask_domain(due: Due, *, world: ApplyingWorld) -> CheckResult | None:
    try:
        with reading(world.engine) as connection:
            challenge = find_domain(connection, due.operator_id, due.subject)
    except DomainUnknown:
        return None
    return ask_domain(due.operator_id, challenge, world=world)


def _ask_registers(due: Due, *, world: ApplyingWorld) -> CheckResult | None:
    try:
        applied = read_applied(due.operator_id, world=world)
    except SourceMissing:
        return None
    results = check_in_registers(applied, sources=world.sources, now=world.now)
    about = [
        result for result in results if (result.kind, register_subject(result, applied)) == (due.kind, due.subject)
    ]
    if about:
        return about[0]
    return CheckResult(
        kind=due.kind,
        outcome=Outcome.COULD_NOT_BE_CHECKED,
        method="company register",
        reason="no_register",
        detail="The register that said so is not among those that this guarantor asks any more.",
        checked_at=world.now(),
    )


def _ask_issuers(due: Due, *, world: ApplyingWorld) -> CheckResult | None:
    with reading(world.engine) as connection:
        operator = load_operator(connection, due.operator_id)
        made = find_passed(connection, due.operator_id, kind=due.kind, subject=due.subject)
        answers = () if made is None else load_answers(connection, made.id)
    chain = next((each.body for each in answers if each.media_type == _CHAIN and each.body is not None), None)
    if chain is None:
        return None
    return recheck_certificate(
        chain,
        identifier=operator.identifier,
        name=operator.name,
        policy=world.seal_policy,
        fetch=world.seal_fetch,
        at=world.now(),
        random_bytes=world.random,
    )


def _was_seen(due: Due, *, world: ApplyingWorld) -> bool:
    """Tell whether it was a registrar who saw what is due, and no machine."""
    with reading(world.engine) as connection:
        made = find_passed(connection, due.operator_id, kind=due.kind, subject=due.subject)
    return made is not None and made.method == REGISTER_METHOD


def _ask_registrar(kind: EvidenceKind, method: str, *, world: ApplyingWorld) -> CheckResult:
    """Return the check that only a person can make: it puts the operator where a registrar sees it."""
    return CheckResult(
        kind=kind,
        outcome=Outcome.COULD_NOT_BE_CHECKED,
        method=method,
        reason=LOOK_AGAIN,
        detail="What a registrar saw ends soon. A registrar looks at the register again and enters it anew.",
        checked_at=world.now(),
    )


def _put_off(due: Due, *, world: ApplyingWorld) -> None:
    later = Due(
        operator_id=due.operator_id,
        kind=due.kind,
        subject=due.subject,
        due_at=world.now() + LONGEST_PAUSE,
        tries=due.tries,
    )
    with writing(world.engine) as connection:
        schedule(connection, later)


def _tell(kept: KeptCheck) -> None:
    if kept.outcome is Outcome.FAILED:
        _LOGGER.warning("%s: evidence of kind %s has ended: %s", kept.operator_id, kept.kind, kept.reason)
