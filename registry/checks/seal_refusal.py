"""Why a seal certificate, or the application signed with it, is not accepted: a code and a sentence for each reason."""

from enum import StrEnum
from typing import Final


class SealReason(StrEnum):
    """One reason each. The codes are part of the interface; the sentences may be reworded."""

    UNREADABLE = "unreadable"
    TOO_LARGE = "too_large"
    NO_SEAL_CERTIFICATE = "no_seal_certificate"
    SEVERAL_SEAL_CERTIFICATES = "several_seal_certificates"
    EXPIRED = "expired"
    NOT_YET_VALID = "not_yet_valid"
    WEAK_KEY = "weak_key"
    WEAK_HASH = "weak_hash"
    WEB_SERVER_CERTIFICATE = "web_server_certificate"
    PERSONAL_SIGNATURE = "personal_signature"
    WRONG_PURPOSE = "wrong_purpose"
    CRITICAL_QC_STATEMENTS = "critical_qc_statements"
    UNKNOWN_CRITICAL_EXTENSION = "unknown_critical_extension"
    NOT_QUALIFIED = "not_qualified"
    UNKNOWN_ISSUER = "unknown_issuer"
    ISSUER_EXPIRED = "issuer_expired"
    NAME_CONSTRAINTS = "name_constraints"
    CHAIN_INVALID = "chain_invalid"
    NO_IDENTIFIER = "no_identifier"
    IDENTIFIER_DIFFERS = "identifier_differs"
    REVOKED = "revoked"
    APPLICATION_UNREADABLE = "application_unreadable"
    SIGNATURE_INVALID = "signature_invalid"
    STATEMENT_DIFFERS = "statement_differs"
    STATEMENT_TOO_OLD = "statement_too_old"
    STATEMENT_IN_FUTURE = "statement_in_future"


SENTENCES: Final = {
    SealReason.UNREADABLE: "This is not a certificate that can be read. Send it as PEM or DER.",
    SealReason.TOO_LARGE: "This is too long for a certificate and those that issued it.",
    SealReason.NO_SEAL_CERTIFICATE: "There is no organisation's certificate in it, only those of authorities.",
    SealReason.SEVERAL_SEAL_CERTIFICATES: "More than one certificate in it is no authority's. Send your own, and those "
    "that issued it.",
    SealReason.EXPIRED: "The certificate has expired. Ask its issuer for a new one.",
    SealReason.NOT_YET_VALID: "The certificate is not valid yet. Apply again once it is.",
    SealReason.WEAK_KEY: "The key in the certificate is too weak, or of a kind that is not accepted: P-256, P-384, "
    "Ed25519, and RSA of 2048 to 8192 bits are.",
    SealReason.WEAK_HASH: "A certificate is signed with a hash that is no longer safe (SHA-1 or MD5).",
    SealReason.WEB_SERVER_CERTIFICATE: "This is a web server's certificate: it says who runs a website, not who seals.",
    SealReason.PERSONAL_SIGNATURE: "This is a person's signature certificate. An organisation applies with its e-seal.",
    SealReason.WRONG_PURPOSE: "The certificate is not made for sealing: its key may not sign, or only other things.",
    SealReason.CRITICAL_QC_STATEMENTS: "The certificate marks its qualified statements (qcStatements) as critical. "
    "ETSI EN 319 412 has them not critical, and verifiers refuse it. Ask the issuer for one without that mark.",
    SealReason.UNKNOWN_CRITICAL_EXTENSION: "The certificate demands that something be understood which is not.",
    SealReason.NOT_QUALIFIED: "This is not a qualified certificate for electronic seals under eIDAS: it does not state "
    "qcCompliance and the type eseal, or states them under another country's law.",
    SealReason.UNKNOWN_ISSUER: "The certificate does not lead to an issuer that this guarantor trusts. If it should, "
    "send the issuing certificates along.",
    SealReason.ISSUER_EXPIRED: "The certificate of its issuer has expired, or is not valid yet.",
    SealReason.NAME_CONSTRAINTS: "An issuer may only name some organisations (name constraints), and this one is not "
    "among them, or it cannot be told here whether it is.",
    SealReason.CHAIN_INVALID: "The certificates do not make a valid chain: one was not allowed to issue the next.",
    SealReason.NO_IDENTIFIER: "The certificate names no organisation identifier (organizationIdentifier, 2.5.4.97).",
    SealReason.IDENTIFIER_DIFFERS: "The certificate is another organisation's: its identifier is not the applied one.",
    SealReason.REVOKED: "The certificate, or one that issued it, was revoked.",
    SealReason.APPLICATION_UNREADABLE: "The signed application cannot be read.",
    SealReason.SIGNATURE_INVALID: "The application was not signed with the key of this certificate.",
    SealReason.STATEMENT_DIFFERS: "What was signed is not what was applied for.",
    SealReason.STATEMENT_TOO_OLD: "The application was signed too long ago. Ask for a new statement and sign that.",
    SealReason.STATEMENT_IN_FUTURE: "The application was signed in the future. Check the clock of the signing machine.",
}


class SealRefused(Exception):
    """The certificate or application is not accepted, for `reason`. `str()` is the whole sentence for the operator."""

    def __init__(self, reason: SealReason, more: str = "") -> None:
        super().__init__(f"{SENTENCES[reason]} ({more})" if more else SENTENCES[reason])
        self.reason = reason
