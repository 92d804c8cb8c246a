"""The whole check: a signed application goes in, one result comes out."""

from dataclasses import replace
from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from registry.asking.exchange import Answered, Fetch, NoAnswer, Question
from registry.asking.seal_certificate import SealPolicy, check_application, recheck_certificate
from registry.checks.outcome import CheckResult, Outcome
from registry.checks.signed_application import ExpectedApplication, statement_to_sign
from registry.model import EvidenceKind
from sigill.application.algorithms import algorithm_of, sign
from sigill.application.signed import format_application, make_signing_input
from sigill.application.statement import format_statement
from tests.builders_seal_authority import Authority, Issued
from tests.builders_seal_trust import IDENTIFIER, NAME, TrustWorld, fetch

pytestmark = [pytest.mark.servers, pytest.mark.slow]

EXPECTED = ExpectedApplication(
    guarantor="https://guarantor.example",
    operator="exempelbanken",
    identifier=IDENTIFIER,
    name=NAME,
    domains=("exempelbanken.example", "bank.example"),
    keys=("b" * 43, "a" * 43),
    nonce="n" * 22,
)


def signed(
    trust: TrustWorld,
    issued: Issued,
    *,
    expected: ExpectedApplication = EXPECTED,
    key: Issued | None = None,
    age: timedelta = timedelta(0),
) -> str:
    leaf = trust.certificate(issued)
    private = serialization.load_pem_private_key((key or issued).key.read_bytes(), None)
    chain = [each.public_bytes(serialization.Encoding.DER) for each in (leaf, trust.certificate(trust.issuing))]
    payload = format_statement(statement_to_sign(expected, at=trust.at - age))
    data = make_signing_input(payload, alg=algorithm_of(leaf.public_key()), chain=chain)
    return format_application(data, sign(private, data))  # type: ignore[arg-type]


def check(
    trust: TrustWorld,
    jws: str,
    *,
    expected: ExpectedApplication = EXPECTED,
    policy: SealPolicy | None = None,
    by: Fetch = fetch,
) -> CheckResult:
    return check_application(jws, expected=expected, policy=policy or trust.policy, fetch=by, at=trust.at)


@pytest.mark.parametrize("key", ["p256", "p384", "rsa2048", "ed25519"])
def test_an_application_signed_with_a_good_seal_passes(trust: TrustWorld, key: str) -> None:
    issued = trust.issuing.issue(f"applies-{key}", key=key, extra=trust.extra())
    trust.publish_lists()
    result = check(trust, signed(trust, issued))
    assert (result.kind, result.outcome) == (EvidenceKind.SEAL_CERTIFICATE, Outcome.PASSED)
    assert result.facts["qualified"] == "yes"
    assert result.facts["organisation"] == NAME
    assert result.facts["name_agrees"] == "yes"
    assert result.facts["serial"] == f"{trust.certificate(issued).serial_number:x}"
    assert result.valid_until == result.checked_at + timedelta(days=7)
    assert [answer.media_type for answer in result.answers] == [
        "application/jose",
        "application/pem-certificate-chain",
        "application/pkix-crl",
        "application/pkix-crl",
    ]


def test_evidence_never_outlives_the_certificate(trust: TrustWorld) -> None:
    end = (trust.at + timedelta(days=2)).replace(microsecond=0)
    issued = trust.issuing.issue("short", extra=trust.extra(), end=f"{end:%Y%m%d%H%M%SZ}")
    trust.publish_lists()
    assert check(trust, signed(trust, issued)).valid_until == end


def test_what_passed_can_be_checked_again_from_what_was_kept_until_it_is_revoked(trust: TrustWorld) -> None:
    issued = trust.issuing.issue("kept", extra=trust.extra())
    trust.publish_lists()
    first = check(trust, signed(trust, issued))
    kept = next(each.body for each in first.answers if each.media_type.endswith("certificate-chain"))

    def again() -> CheckResult:
        return recheck_certificate(
            kept, identifier=IDENTIFIER, name="Exempel", policy=trust.policy, fetch=fetch, at=trust.at
        )

    assert again().outcome is Outcome.PASSED
    assert "registrar compares" in again().detail
    trust.issuing.revoke(issued)
    trust.publish_lists()
    revoked = again()
    assert (revoked.outcome, revoked.reason) == (Outcome.FAILED, "revoked")
    assert "keyCompromise" in revoked.detail


def test_what_was_kept_and_can_no_longer_be_read_fails(trust: TrustWorld) -> None:
    result = recheck_certificate(
        b"junk", identifier=IDENTIFIER, name=NAME, policy=trust.policy, fetch=fetch, at=trust.at
    )
    assert (result.outcome, result.reason) == (Outcome.FAILED, "unreadable")


@pytest.mark.parametrize("jws", ["", "a.b.c", "\ud800", "x" * 1024 * 1024])
def test_what_is_no_application_fails_with_a_sentence(trust: TrustWorld, jws: str) -> None:
    result = check(trust, jws)
    assert (result.outcome, result.reason) == (Outcome.FAILED, "application_unreadable")


def _down(question: Question) -> Answered:
    raise NoAnswer("timeout", f"no answer in time from {question.url}")


def test_nothing_passes_while_its_issuer_cannot_be_asked(trust: TrustWorld) -> None:
    issued = trust.issuing.issue("unasked", extra=trust.extra())
    result = check(trust, signed(trust, issued), by=_down)
    assert (result.outcome, result.reason) == (Outcome.COULD_NOT_BE_CHECKED, "revocation_unknown")
    assert result.valid_until is None


def test_a_revoked_leaf_fails_even_where_its_issuer_cannot_be_asked(trust: TrustWorld) -> None:
    issued = trust.issuing.issue("half-asked", extra=trust.extra())
    trust.issuing.revoke(issued)
    trust.publish_lists()
    del trust.files["/root.crl"]
    assert check(trust, signed(trust, issued)).reason == "revoked"


def test_without_anchors_nothing_is_decided(trust: TrustWorld) -> None:
    issued = trust.issuing.issue("no-anchors", extra=trust.extra())
    result = check(trust, signed(trust, issued), policy=SealPolicy(anchors=()))
    assert (result.outcome, result.reason) == (Outcome.COULD_NOT_BE_CHECKED, "no_anchors")


def test_somebody_elses_certificate_cannot_be_used_to_apply(trust: TrustWorld) -> None:
    bank, thief = trust.issuing.issue("bank-seal", extra=trust.extra()), trust.issuing.issue("thief-seal")
    assert check(trust, signed(trust, bank, key=thief)).reason == "signature_invalid"


def test_an_own_certificate_cannot_be_used_to_apply_as_somebody_else(trust: TrustWorld) -> None:
    thief = trust.issuing.issue("own-seal", subject="/C=SE/O=Tjuven AB/2.5.4.97=NTRSE-5590000000/CN=T")
    result = check(trust, signed(trust, thief))
    assert (result.outcome, result.reason) == (Outcome.FAILED, "identifier_differs")
    assert result.facts["organisation"] == "Tjuven AB"


@pytest.mark.parametrize(
    "changed",
    [
        {"guarantor": "https://another.example"},
        {"operator": "another"},
        {"identifier": "NTRSE-5590000000"},
        {"name": "Another AB"},
        {"domains": ("another.example",)},
        {"keys": ("c" * 43,)},
        {"nonce": "m" * 22},
    ],
)
def test_a_signature_over_another_application_is_refused_and_says_what_differs(
    trust: TrustWorld, changed: dict[str, str]
) -> None:
    issued = trust.issuing.issue("differs", extra=trust.extra())
    result = check(trust, signed(trust, issued, expected=replace(EXPECTED, **changed)))  # type: ignore[arg-type]
    assert result.reason == "statement_differs"
    assert f"differs in: {next(iter(changed))}" in result.detail


def test_applications_that_are_old_or_from_the_future_are_refused(trust: TrustWorld) -> None:
    issued = trust.issuing.issue("aged", extra=trust.extra())
    assert check(trust, signed(trust, issued, age=timedelta(days=8))).reason == "statement_too_old"
    assert check(trust, signed(trust, issued, age=-timedelta(hours=1))).reason == "statement_in_future"


def test_a_flipped_bit_anywhere_in_an_application_is_refused(trust: TrustWorld) -> None:
    issued = trust.issuing.issue("flips", extra=trust.extra())
    good = signed(trust, issued)
    for position in range(0, len(good), 13):
        changed = chr(ord(good[position]) ^ 1)
        result = check(trust, good[:position] + changed + good[position + 1 :], by=_down)
        assert result.outcome is Outcome.FAILED, position


def test_a_key_of_another_kind_cannot_sign_for_the_certificate(trust: TrustWorld) -> None:
    issued = trust.issuing.issue("alg", extra=trust.extra())
    leaf = trust.certificate(issued).public_bytes(serialization.Encoding.DER)
    private = ec.generate_private_key(ec.SECP384R1())
    data = make_signing_input(format_statement(statement_to_sign(EXPECTED, at=trust.at)), alg="ES384", chain=[leaf])
    result = check(trust, format_application(data, sign(private, data)))
    assert result.reason == "signature_invalid"
    assert "signs with ES256" in result.detail


def test_an_authority_cannot_apply(trust: TrustWorld) -> None:
    root = trust.root
    der = x509.load_pem_x509_certificate(root.pem).public_bytes(serialization.Encoding.DER)
    private = serialization.load_pem_private_key(root.key.read_bytes(), None)
    data = make_signing_input(format_statement(statement_to_sign(EXPECTED, at=trust.at)), alg="ES256", chain=[der])
    application = format_application(data, sign(private, data))  # type: ignore[arg-type]
    assert check(trust, application).reason == "no_seal_certificate"


def test_a_home_made_certificate_that_says_all_the_right_things_is_refused(trust: TrustWorld) -> None:
    home_made = Authority.root(trust.folder / "home-made", name="Root")
    issued = home_made.issue("seal", extra=trust.extra())
    assert check(trust, signed(trust, issued)).reason in {"unknown_issuer", "chain_invalid"}
