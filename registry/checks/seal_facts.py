"""What a check of a seal certificate found, as facts and words: printable, bounded, from the issuer's own spelling."""

from collections.abc import Mapping

from cryptography import x509
from cryptography.hazmat.primitives import hashes

from registry.checks.qc_statements import QcStatements
from registry.checks.seal_identity import SealSubject, names_agree, shown_name


def certificate_facts(leaf: x509.Certificate) -> dict[str, str]:
    """Return what a certificate says of itself, printable and bounded; nothing of it is verified."""
    return {
        "subject": shown_name(leaf.subject),
        "issuer": shown_name(leaf.issuer),
        "serial": f"{leaf.serial_number:x}"[:80],
        "sha256": leaf.fingerprint(hashes.SHA256()).hex(),
        "valid_from": f"{leaf.not_valid_before_utc:%Y-%m-%dT%H:%M:%SZ}",
        "valid_until": f"{leaf.not_valid_after_utc:%Y-%m-%dT%H:%M:%SZ}",
    }


def stated_facts(stated: QcStatements) -> dict[str, str]:
    """Return what the issuer states: qualified or not, where the key is, and what a bank may do under PSD2."""
    facts = {"qualified": "yes" if stated.qualified_seal else "no", "device": "yes" if stated.device else "not stated"}
    if (bank := stated.payment_services) is not None:
        facts["psd2_roles"] = " ".join(bank.roles)[:200]
        facts["psd2_authority"] = f"{bank.authority} ({bank.authority_id})"[:200]
    return facts


def subject_facts(subject: SealSubject, name: str) -> dict[str, str]:
    """Return whose certificate it is, and whether that is called what the operator applied as."""
    return {
        "organisation": subject.organisation,
        "identifier": subject.identifier,
        "country": subject.country,
        "name_agrees": "yes" if names_agree(subject.organisation, name) else "no",
    }


def passed_in_words(facts: Mapping[str, str]) -> str:
    """Return the sentence for a certificate that passed, from all of its facts."""
    sentence = f"The certificate is valid, not revoked, and that of {facts['organisation']} ({facts['identifier']})."
    if facts["name_agrees"] == "yes":
        return sentence
    return f"{sentence} That name is not the one applied for: a registrar compares them."
