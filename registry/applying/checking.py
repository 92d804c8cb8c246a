"""Checking an operator now, because it asked: a domain, the registers, its seal certificate. What came is kept.

Each check is counted first, then others are asked with no transaction open, then everything is written in one commit.
"""

import secrets
from dataclasses import replace

from registry.applying.domains import find_domain, list_domains
from registry.applying.errors import SourceMissing
from registry.applying.filed import find_filed, own_keys
from registry.applying.kept_checks import held_evidence
from registry.applying.pace import begin_check
from registry.applying.recording import record_check
from registry.applying.statements import find_given, give_out, use_up
from registry.applying.world import ApplyingWorld
from registry.asking.registers import check_in_registers
from registry.asking.seal_certificate import check_application
from registry.checks.conclusion import AskedBy, Checking
from registry.checks.domain import DNS_METHOD, FILE_METHOD
from registry.checks.domain_challenge import Challenge
from registry.checks.identifiers import IdentifierRefused, read_identifier
from registry.checks.kept import KeptCheck
from registry.checks.licence import LicenceRecord, check_licence
from registry.checks.outcome import CheckResult, Outcome
from registry.checks.register import Applied
from registry.checks.register_record import RegisterRecord, check_register_record
from registry.checks.signed_application import ExpectedApplication, statement_to_sign
from registry.domain_control import Way, check_domain
from registry.errors import ApplicationInvalid
from registry.model import EvidenceKind, Operator
from registry.operators import load_operator
from sigill.application.statement import MAX_DOMAINS, MAX_KEYS, ApplicationStatement, format_statement
from sigill.encoding.base64url import format_base64url
from storage.engine import reading, writing

BY_OPERATOR = "the operator"
_ULID_BYTES = 10
_NONCE_BYTES = 32


def check_operators_domain(operator_id: str, domain: str, *, world: ApplyingWorld) -> KeptCheck:
    """Check one of an operator's domains now.

    Raises DomainUnknown, ChecksTooMany, StoreUnavailable.
    """
    with reading(world.engine) as connection:
        challenge = find_domain(connection, operator_id, domain)
    _begin(operator_id, world)
    result = ask_domain(operator_id, challenge, world=world)
    return record_check(operator_id, result, by_operator(challenge.domain, world), world=world)


def check_operators_registers(operator_id: str, *, world: ApplyingWorld) -> tuple[KeptCheck, ...]:
    """Ask every configured register that can say something of an operator.

    Raises SourceMissing (none can), ChecksTooMany, StoreUnavailable.
    """
    applied = read_applied(operator_id, world=world)
    _begin(operator_id, world)
    results = check_in_registers(applied, sources=world.sources, now=world.now)
    if not results:
        raise SourceMissing(
            "no register that this guarantor asks knows identifiers like yours: send your organisation's seal "
            "certificate, or apply again with a new key and your LEI beside the identifier (docs/applying.md)"
        )
    return tuple(
        record_check(operator_id, result, by_operator(register_subject(result, applied), world), world=world)
        for result in results
    )


def make_statement(operator_id: str, *, world: ApplyingWorld) -> bytes:
    """Return a new statement for the operator to sign with its seal certificate, byte for byte as it is to be signed.

    Raises KeyNeeded, StoreUnavailable.
    """
    at = world.now()
    with writing(world.engine) as connection:
        operator = load_operator(connection, operator_id)
        expected = ExpectedApplication(
            guarantor=world.issuer,
            operator=operator.id,
            identifier=operator.identifier,
            name=operator.name,
            domains=tuple(each.domain for each in list_domains(connection, operator_id))[:MAX_DOMAINS],
            keys=own_keys(connection, operator_id, at=at)[:MAX_KEYS],
            nonce=format_base64url(world.random(_NONCE_BYTES)),
        )
        statement = statement_to_sign(expected, at=at)
        give_out(connection, statement)
    return format_statement(statement)


def check_seal_certificate(operator_id: str, jws: str, *, world: ApplyingWorld) -> KeptCheck:
    """Check an application that the operator signed with its seal certificate. The statement counts once.

    Raises StatementUnknown, ChecksTooMany, GuardFailed, StoreUnavailable.
    """
    with reading(world.engine) as connection:
        operator = load_operator(connection, operator_id)
        given = find_given(connection, operator_id, jws)
    _begin(operator_id, world)
    result = check_application(
        jws,
        expected=_expected(given, operator),
        policy=world.seal_policy,
        fetch=world.seal_fetch,
        at=world.now(),
        random_bytes=secrets.token_bytes,
    )
    checking = by_operator(result.facts.get("sha256", "unread"), world)
    return record_check(
        operator_id,
        result,
        checking,
        world=world,
        if_passed=lambda connection: use_up(connection, given.nonce, at=result.checked_at),
    )


def enter_licence(operator_id: str, record: LicenceRecord, *, by: str, world: ApplyingWorld) -> KeptCheck:
    """Keep a licence as a registrar saw it. Raises ApplicationInvalid, OperatorNotFound, StoreUnavailable."""
    at = world.now()
    with reading(world.engine) as connection:
        load_operator(connection, operator_id)
    result = check_licence(record, at=at)
    if result.outcome is not Outcome.PASSED:
        raise ApplicationInvalid(result.detail)
    checking = Checking(
        subject=f"{record.authority}: {record.number}"[:253],
        asked_by=AskedBy.REGISTRAR,
        by=by,
        checked_by=f"{world.issuer}, {by}",
    )
    return record_check(operator_id, result, checking, world=world)


def enter_register_record(operator_id: str, record: RegisterRecord, *, by: str, world: ApplyingWorld) -> KeptCheck:
    """Keep what a registrar saw of an operator in a company register.

    Raises ApplicationInvalid, OperatorNotFound, SourceMissing (its identifier is of no register), StoreUnavailable.
    """
    applied = read_applied(operator_id, world=world)
    result = check_register_record(record, name=applied.name, identifier=applied.identifier, at=world.now())
    if result.outcome is not Outcome.PASSED:
        raise ApplicationInvalid(result.detail)
    checking = Checking(
        subject=f"{record.register}: {record.number}"[:253],
        asked_by=AskedBy.REGISTRAR,
        by=by,
        checked_by=f"{world.issuer}, {by}",
    )
    return record_check(operator_id, result, checking, world=world)


def ask_domain(operator_id: str, challenge: Challenge, *, world: ApplyingWorld) -> CheckResult:
    """Ask whether a domain is its operator's; unchecked where no resolvers are configured.

    A domain that is shown already is asked in the way that showed it: where that says no, it was taken away, though the
    other way may be silent.
    """
    at = world.now()
    if world.askable is not None:
        with reading(world.engine) as connection:
            held = held_evidence(connection, operator_id, kind=EvidenceKind.DOMAIN, subject=challenge.domain, at=at)
        if not held:
            return check_domain(challenge, askable=world.askable, at=at)
        ways = (Way.FILE, Way.RECORD) if held[-1].method == FILE_METHOD else (Way.RECORD, Way.FILE)
        first = check_domain(challenge, askable=world.askable, at=at, way=ways[0])
        if first.outcome is Outcome.PASSED:
            return first
        other = check_domain(challenge, askable=world.askable, at=at, way=ways[1])
        return other if other.outcome is Outcome.PASSED else first
    return CheckResult(
        kind=EvidenceKind.DOMAIN,
        outcome=Outcome.COULD_NOT_BE_CHECKED,
        method=f"{DNS_METHOD} or {FILE_METHOD}",
        reason="no_resolvers",
        detail="This guarantor has named no resolvers, so it checks no domains.",
        checked_at=at,
        facts={"domain": challenge.domain},
    )


def read_applied(operator_id: str, *, world: ApplyingWorld) -> Applied:
    """Return who the operator says it is, as the registers are asked. Raises OperatorNotFound, SourceMissing."""
    with reading(world.engine) as connection:
        operator = load_operator(connection, operator_id)
        filed = find_filed(connection, operator_id)
    try:
        identifier = read_identifier(operator.identifier)
    except IdentifierRefused:  # of the test environment, or entered before identifiers were read
        raise SourceMissing("no register knows this operator's identifier: it is not one of an organisation") from None
    return Applied(name=operator.name, identifier=identifier, lei=None if filed is None else filed.lei)


def register_subject(result: CheckResult, applied: Applied) -> str:
    """Return what a check in a register was about: the LEI, or the identifier."""
    if result.kind is EvidenceKind.LEI and applied.lei is not None:
        return applied.lei
    return applied.identifier.text


def by_operator(subject: str, world: ApplyingWorld) -> Checking:
    """Return a check that the operator asks for and a machine makes."""
    return Checking(subject=subject, asked_by=AskedBy.OPERATOR, by=BY_OPERATOR, checked_by=by_machine(world))


def by_machine(world: ApplyingWorld) -> str:
    """Return who checked, as the public page shows it, where no person did."""
    return f"{world.issuer}, by machine"[:120]


def _begin(operator_id: str, world: ApplyingWorld) -> None:
    with writing(world.engine) as connection:
        begin_check(connection, operator_id, at=world.now(), random=world.random(_ULID_BYTES))


def _expected(given: ApplicationStatement, operator: Operator) -> ExpectedApplication:
    """Return what was given out, for the operator as it is now: renamed since, it asks for a new statement."""
    expected = ExpectedApplication(
        guarantor=given.guarantor,
        operator=given.operator,
        identifier=given.identifier,
        name=given.name,
        domains=given.domains,
        keys=given.keys,
        nonce=given.nonce,
    )
    return replace(expected, identifier=operator.identifier, name=operator.name)
