"""What a certificate says of itself under eIDAS: qcStatements (RFC 3739 section 3.2.6, ETSI EN 319 412-5).

    QCStatements ::= SEQUENCE OF SEQUENCE { statementId OBJECT IDENTIFIER, statementInfo ANY OPTIONAL }

| OID | says |
|---|---|
| 0.4.0.1862.1.1 | qcCompliance: qualified, under eIDAS unless .7 names countries |
| 0.4.0.1862.1.4 | qcSSCD: the key is in a qualified device |
| 0.4.0.1862.1.6 | qcType: for signatures of persons (.1), seals (.2), websites (.3); left out, it is .1 |
| 0.4.0.1862.1.7 | qcCClegislation: qualified under these countries' law instead |
| 0.4.0.19495.2 | PSD2 (ETSI TS 119 495): roles as a payment service provider, and the authority that gave them |

These are the issuer's words, worth what the issuer is: that it may issue qualified certificates is for the guarantor
to see on its country's trusted list before it makes it an anchor.
"""

from dataclasses import dataclass
from typing import Final

from cryptography import x509

from registry.checks.der import Item, MalformedDer, items_of, oid_of, read_sequence, text_of

QC_STATEMENTS: Final = x509.ObjectIdentifier("1.3.6.1.5.5.7.1.3")
FOR_PERSONS: Final = "0.4.0.1862.1.6.1"
FOR_SEALS: Final = "0.4.0.1862.1.6.2"
FOR_WEBSITES: Final = "0.4.0.1862.1.6.3"
_COMPLIANCE: Final = "0.4.0.1862.1.1"
_DEVICE: Final = "0.4.0.1862.1.4"
_TYPE: Final = "0.4.0.1862.1.6"
_LEGISLATION: Final = "0.4.0.1862.1.7"
_PSD2: Final = "0.4.0.19495.2"
_PSD2_ROLES: Final = {
    "0.4.0.19495.1.1": "PSP_AS",
    "0.4.0.19495.1.2": "PSP_PI",
    "0.4.0.19495.1.3": "PSP_AI",
    "0.4.0.19495.1.4": "PSP_IC",
}
_MAX_NAME: Final = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentServices:
    """The roles under PSD2, sorted, and the competent authority's name and id, such as `FINA`."""

    roles: tuple[str, ...]
    authority: str
    authority_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class QcStatements:
    """What is stated. `types` are OIDs; `countries` those of qcCClegislation."""

    compliant: bool = False
    device: bool = False
    types: frozenset[str] = frozenset()
    countries: tuple[str, ...] = ()
    payment_services: PaymentServices | None = None

    @property
    def qualified_seal(self) -> bool:
        """Whether it claims to be a qualified certificate for electronic seals in the European Union."""
        return self.compliant and not self.countries and FOR_SEALS in self.types


def read_qc_statements(certificate: x509.Certificate) -> QcStatements:
    """Return what a certificate states, nothing where it has no such extension. Raises MalformedDer."""
    try:
        extension = certificate.extensions.get_extension_for_oid(QC_STATEMENTS)
    except x509.ExtensionNotFound:
        return QcStatements()
    if not isinstance(extension.value, x509.UnrecognizedExtension):
        raise MalformedDer("qcStatements in a form that is not known")
    return parse_qc_statements(extension.value.value)


def parse_qc_statements(der: bytes) -> QcStatements:
    """Read the extension's value; statements that are not in the table are passed over. Raises MalformedDer."""
    stated: dict[str, Item | None] = {}
    for statement in read_sequence(der):
        name, info = _split(items_of(statement))
        if name in stated:
            raise MalformedDer("one statement twice")
        stated[name] = info
    return QcStatements(
        compliant=_COMPLIANCE in stated,
        device=_DEVICE in stated,
        types=frozenset(map(oid_of, _listed(stated, _TYPE))),
        countries=tuple(text_of(item, at_most=2) for item in _listed(stated, _LEGISLATION)),
        payment_services=_payment_services(_listed(stated, _PSD2)) if _PSD2 in stated else None,
    )


def _split(items: tuple[Item, ...]) -> tuple[str, Item | None]:
    match items:
        case [name]:
            return oid_of(name), None
        case [name, info]:
            return oid_of(name), info
        case _:
            raise MalformedDer("a statement is a name and what is said")


def _listed(stated: dict[str, Item | None], name: str) -> tuple[Item, ...]:
    """Return what is listed in a statement: nothing where it is not made, never nothing where it is."""
    if name not in stated:
        return ()
    info = stated[name]
    if info is None or not (items := items_of(info)):
        raise MalformedDer("a statement that says nothing")
    return items


def _payment_services(items: tuple[Item, ...]) -> PaymentServices:
    match items:
        case [roles, name, authority_id]:
            return PaymentServices(
                roles=tuple(sorted({_role(role) for role in items_of(roles)})),
                authority=text_of(name, at_most=_MAX_NAME),
                authority_id=text_of(authority_id, at_most=_MAX_NAME),
            )
        case _:
            raise MalformedDer("PSD2's statement is roles, an authority and its id")


def _role(item: Item) -> str:
    match items_of(item):
        case [oid, _name]:
            dotted = oid_of(oid)
            return _PSD2_ROLES.get(dotted, dotted)
        case _:
            raise MalformedDer("a role is an OID and a name")
