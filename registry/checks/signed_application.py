"""Is this application the one that was asked for, signed now, with the seal certificate's key?

The signature proves that whoever applies holds the key: certificates themselves are public, and anybody can show one.
A recorded application is of no use to anybody else: the statement names the guarantor, the operator and a nonce that
the guarantor gave out for this one application, and it must be young. The caller keeps the nonce, and takes each once.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from registry.checks.certificates import Bundle, read_chain
from registry.checks.seal_refusal import SealReason, SealRefused
from sigill.application.algorithms import check_signature
from sigill.application.signed import parse_application
from sigill.application.statement import ApplicationStatement, parse_statement
from sigill.errors import MalformedEncoding, MalformedKey, SignatureInvalid

MAX_AGE: Final = timedelta(days=7)
_CLOCK_TOLERANCE: Final = timedelta(minutes=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectedApplication:
    """What the registry has of an application: the operator's signature is to be over exactly that.

    `domains` and `keys` in any order; `nonce` the one given out for this application and not used yet.
    """

    guarantor: str
    operator: str
    identifier: str
    name: str
    domains: tuple[str, ...]
    keys: tuple[str, ...]
    nonce: str


@dataclass(frozen=True, slots=True)
class SignedApplication:
    """A statement that the key of `bundle`'s leaf signed. Whose certificate that is, its chain has yet to say."""

    statement: ApplicationStatement
    bundle: Bundle


def statement_to_sign(expected: ExpectedApplication, *, at: datetime) -> ApplicationStatement:
    """Return the statement that the registry hands the operator to sign; its spelling is `format_statement`'s."""
    return ApplicationStatement(
        guarantor=expected.guarantor,
        operator=expected.operator,
        identifier=expected.identifier,
        name=expected.name,
        domains=tuple(sorted(set(expected.domains))),
        keys=tuple(sorted(set(expected.keys))),
        nonce=expected.nonce,
        signed_at=at.replace(microsecond=0),
    )


def verify_application(
    jws: str, *, expected: ExpectedApplication, at: datetime, max_age: timedelta = MAX_AGE
) -> SignedApplication:
    """Return what was signed, if it is what was expected, in time, and the signature is that of the leaf's key.

    Raises SealRefused: application_unreadable, statement_differs, statement_too_old, statement_in_future,
    signature_invalid, weak_key, and those of `read_chain`.
    """
    try:
        parsed = parse_application(jws)
        statement = parse_statement(parsed.payload)
    except MalformedEncoding as error:
        raise SealRefused(SealReason.APPLICATION_UNREADABLE, str(error)) from None
    bundle = read_chain(parsed.chain)
    try:
        check_signature(
            bundle.leaf.public_key(), alg=parsed.alg, signature=parsed.signature, message=parsed.signing_input
        )
    except MalformedKey:
        raise SealRefused(SealReason.WEAK_KEY) from None
    except SignatureInvalid as error:
        raise SealRefused(SealReason.SIGNATURE_INVALID, str(error)) from None
    _check_statement(statement, expected)
    _check_age(statement, at=at, max_age=max_age)
    return SignedApplication(statement, bundle)


def _check_statement(statement: ApplicationStatement, expected: ExpectedApplication) -> None:
    wanted = statement_to_sign(expected, at=statement.signed_at)
    members = ("guarantor", "operator", "identifier", "name", "domains", "keys", "nonce")
    differing = [each for each in members if getattr(statement, each) != getattr(wanted, each)]
    if differing:
        raise SealRefused(SealReason.STATEMENT_DIFFERS, f"it differs in: {', '.join(differing)}")


def _check_age(statement: ApplicationStatement, *, at: datetime, max_age: timedelta) -> None:
    if statement.signed_at > at + _CLOCK_TOLERANCE:
        raise SealRefused(SealReason.STATEMENT_IN_FUTURE)
    if at - statement.signed_at > max_age:
        raise SealRefused(SealReason.STATEMENT_TOO_OLD, f"{max_age.days} days are allowed")
