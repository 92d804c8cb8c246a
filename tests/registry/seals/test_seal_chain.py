"""Chains made by openssl, judged by us and by `openssl verify`."""

from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives import serialization

from registry.checks.certificates import Bundle, read_anchors, read_bundle, read_certificate
from registry.checks.chain import check_chain
from registry.checks.qc_statements import FOR_SEALS, PaymentServices
from registry.checks.seal_identity import check_identifier, read_subject
from registry.checks.seal_profile import check_profile, check_qualified
from registry.checks.seal_refusal import SealReason, SealRefused
from tests.builders_seal_authority import QC, SUBJECT, Authority, Issued, openssl_accepts
from tests.builders_seal_trust import TrustWorld

pytestmark = pytest.mark.servers

LONG_AGO = {"begin": "20240101000000Z", "end": "20250101000000Z"}


def refusal(trust: TrustWorld, issued: Issued, issuing: Authority | None = None) -> SealReason | None:
    """Return why a certificate is refused, None where it is accepted."""
    try:
        read = trust.read(issued, issuing)
        stated = check_profile(read.leaf, at=trust.at)
        check_chain(read, anchors=trust.anchors, at=trust.at)
        check_qualified(stated, required=True)
        check_identifier(read_subject(read.leaf), identifiers=["NTRSE-5560160680"])
    except SealRefused as refused:
        return refused.reason
    return None


def foreign(trust: TrustWorld, issued: Issued, issuing: Authority | None = None) -> bool:
    return openssl_accepts(
        issued.certificate, anchors=trust.root.certificate, others=[(issuing or trust.issuing).certificate]
    )


@pytest.mark.parametrize("key", ["p256", "p384", "rsa2048", "ed25519"])
def test_a_seal_of_each_kind_of_key_is_accepted_and_openssl_agrees(trust: TrustWorld, key: str) -> None:
    issued = trust.issuing.issue(f"seal-{key}", key=key)
    chain = check_chain(trust.read(issued), anchors=trust.anchors, at=trust.at)
    assert chain.leaf == trust.certificate(issued)
    assert [issuer for _, issuer in chain.steps] == [trust.certificate(trust.issuing), trust.certificate(trust.root)]
    assert refusal(trust, issued) is None
    assert foreign(trust, issued)


@pytest.mark.parametrize("key", ["p384", "p521", "rsa2048"])
def test_authorities_of_other_keys_are_followed(trust: TrustWorld, key: str) -> None:
    issuing = trust.root.authority(f"issuing-{key}", key=key)
    issued = issuing.issue("seal")
    assert refusal(trust, issued, issuing) is None
    assert foreign(trust, issued, issuing)


@pytest.mark.parametrize(
    ("name", "options", "reason"),
    [
        ("web", {"extra": {"extendedKeyUsage": "serverAuth"}}, SealReason.WEB_SERVER_CERTIFICATE),
        ("web-too", {"extra": {"extendedKeyUsage": "serverAuth,emailProtection"}}, SealReason.WEB_SERVER_CERTIFICATE),
        ("web-qc", {"extra": {QC: "ASN1:SEQUENCE:qc_web"}}, SealReason.WEB_SERVER_CERTIFICATE),
        ("stamping", {"extra": {"extendedKeyUsage": "critical,timeStamping"}}, SealReason.WRONG_PURPOSE),
        ("encrypts", {"extra": {"keyUsage": "critical,keyEncipherment"}}, SealReason.WRONG_PURPOSE),
        ("no-usage", {"extra": {"keyUsage": ""}}, SealReason.WRONG_PURPOSE),
        ("person-qc", {"extra": {QC: "ASN1:SEQUENCE:qc_person"}}, SealReason.PERSONAL_SIGNATURE),
        ("person", {"subject": f"{SUBJECT}/GN=Anna/SN=Ek"}, SealReason.PERSONAL_SIGNATURE),
        ("critical-qc", {"extra": {QC: "critical,ASN1:SEQUENCE:qc"}}, SealReason.CRITICAL_QC_STATEMENTS),
        ("broken-qc", {"extra": {QC: "DER:30:03:30:05:06"}}, SealReason.UNREADABLE),
        ("unknown", {"extra": {"1.2.3.4": "critical,DER:05:00"}}, SealReason.UNKNOWN_CRITICAL_EXTENSION),
        ("expired", LONG_AGO, SealReason.EXPIRED),
        ("early", {"begin": "20400101000000Z", "end": "20410101000000Z"}, SealReason.NOT_YET_VALID),
        ("sha1", {"digest": "sha1"}, SealReason.WEAK_HASH),
        ("rsa1024", {"key": "rsa1024"}, SealReason.WEAK_KEY),
        ("p521", {"key": "p521"}, SealReason.WEAK_KEY),
        ("no-qc", {"extra": {}}, SealReason.NOT_QUALIFIED),
        ("elsewhere", {"extra": {QC: "ASN1:SEQUENCE:qc_elsewhere"}}, SealReason.NOT_QUALIFIED),
        ("not-compliant", {"extra": {QC: "ASN1:SEQUENCE:qc_nothing"}}, SealReason.NOT_QUALIFIED),
        ("no-identifier", {"subject": "/C=SE/O=Exempelbanken AB/CN=Seal"}, SealReason.NO_IDENTIFIER),
        (
            "another",
            {"subject": "/C=SE/O=Exempelbanken AB/2.5.4.97=NTRSE-5590000000/CN=Seal"},
            SealReason.IDENTIFIER_DIFFERS,
        ),
        ("two", {"subject": f"{SUBJECT}/2.5.4.97=NTRSE-5590000000"}, SealReason.UNREADABLE),
        (
            "control",
            {"subject": "/C=SE/O=Exempel\u202ebanken AB/2.5.4.97=NTRSE-556016-0680/CN=Seal"},
            SealReason.UNREADABLE,
        ),
        (
            "newline",
            {"subject": "/C=SE/O=Exempelbanken\nAB/2.5.4.97=NTRSE-556016-0680/CN=Seal"},
            SealReason.UNREADABLE,
        ),
    ],
)
def test_each_wrong_certificate_is_refused_for_its_own_reason(
    trust: TrustWorld, name: str, options: dict[str, object], reason: SealReason
) -> None:
    issued = trust.issuing.issue(f"wrong-{name}", **options)  # type: ignore[arg-type]
    assert refusal(trust, issued) is reason


@pytest.mark.parametrize("purpose", ["1.3.6.1.5.5.7.3.36", "emailProtection", "clientAuth,emailProtection"])
def test_purposes_that_seals_have_are_accepted(trust: TrustWorld, purpose: str) -> None:
    issued = trust.issuing.issue(f"purpose-{purpose[:8]}", extra={"extendedKeyUsage": purpose, QC: "ASN1:SEQUENCE:qc"})
    assert refusal(trust, issued) is None


def test_what_a_bank_may_do_is_read(trust: TrustWorld) -> None:
    issued = trust.issuing.issue("bank", extra={QC: "ASN1:SEQUENCE:qc_bank"})
    stated = check_profile(trust.certificate(issued), at=trust.at)
    assert stated.types == {FOR_SEALS}
    assert stated.payment_services == PaymentServices(
        roles=("PSP_AI", "PSP_PI"), authority="Finansinspektionen", authority_id="FINA"
    )


def test_a_certificate_is_valid_at_both_ends_of_its_time_and_not_a_second_beyond(trust: TrustWorld) -> None:
    read = trust.read(trust.issuing.issue("ends", begin="20260101000000Z", end="20280101000000Z"))
    begin, end = datetime(2026, 1, 1, tzinfo=UTC), datetime(2028, 1, 1, tzinfo=UTC)
    check_profile(read.leaf, at=begin)
    check_profile(read.leaf, at=end)
    for at, reason in [
        (begin - timedelta(seconds=1), SealReason.NOT_YET_VALID),
        (end + timedelta(seconds=1), SealReason.EXPIRED),
    ]:
        with pytest.raises(SealRefused) as refused:
            check_profile(read.leaf, at=at)
        assert refused.value.reason is reason


def test_an_issuer_nobody_trusts_is_unknown(trust: TrustWorld) -> None:
    stranger = Authority.root(trust.folder / "stranger", name="issuing")
    issued = stranger.issue("seal")
    assert refusal(trust, issued, stranger) is SealReason.UNKNOWN_ISSUER
    assert not foreign(trust, issued, stranger)


def test_an_issuer_of_a_trusted_name_and_another_key_is_refused(trust: TrustWorld) -> None:
    impostor = Authority.root(trust.folder / "impostor", name="Root")
    issued = impostor.issue("seal")
    assert refusal(trust, issued, impostor) is SealReason.CHAIN_INVALID
    assert not foreign(trust, issued, impostor)


def test_without_the_issuing_certificate_the_chain_cannot_be_found(trust: TrustWorld) -> None:
    read = read_bundle(trust.issuing.issue("alone").pem)
    with pytest.raises(SealRefused) as refused:
        check_chain(read, anchors=trust.anchors, at=trust.at)
    assert refused.value.reason is SealReason.UNKNOWN_ISSUER


def test_an_issuing_authority_may_be_the_anchor_itself(trust: TrustWorld) -> None:
    read = read_bundle(trust.issuing.issue("direct").pem)
    chain = check_chain(read, anchors=read_anchors(trust.issuing.pem), at=trust.at)
    assert len(chain.steps) == 1


def test_an_expired_issuer_is_named_as_the_reason(trust: TrustWorld) -> None:
    issuing = trust.root.authority("expired-issuing", begin="20240101000000Z", end="20250101000000Z")
    issued = issuing.issue("seal")
    assert refusal(trust, issued, issuing) is SealReason.ISSUER_EXPIRED
    assert not foreign(trust, issued, issuing)


def test_an_issuer_signed_over_sha1_is_refused(trust: TrustWorld) -> None:
    issuing = trust.root.authority("sha1-issuing", digest="sha1")
    assert refusal(trust, issuing.issue("seal"), issuing) is SealReason.WEAK_HASH


def test_an_issuer_with_a_short_rsa_key_is_refused(trust: TrustWorld) -> None:
    issuing = trust.root.authority("rsa1024-issuing", key="rsa1024")
    assert refusal(trust, issuing.issue("seal"), issuing) is SealReason.WEAK_KEY


def test_an_authority_that_may_make_no_authorities_has_none_below_it(trust: TrustWorld) -> None:
    deeper = trust.issuing.authority("deeper")
    issued = deeper.issue("seal")
    read = read_bundle(trust.bundle(issued) + deeper.pem)
    with pytest.raises(SealRefused) as refused:
        check_chain(read, anchors=trust.anchors, at=trust.at)
    assert refused.value.reason is SealReason.CHAIN_INVALID
    assert not openssl_accepts(
        issued.certificate,
        anchors=trust.root.certificate,
        others=[trust.issuing.certificate, deeper.certificate],
    )


def test_an_organisation_with_a_seal_certificate_is_no_authority(trust: TrustWorld) -> None:
    seal = trust.issuing.issue("seal-that-issues")
    pretender = trust.issuing.authority("pretender", extra={"keyUsage": "critical,digitalSignature"})
    issued = pretender.issue("seal")
    read = read_bundle(issued.pem + pretender.pem + trust.issuing.pem)
    with pytest.raises(SealRefused) as refused:
        check_chain(read, anchors=trust.anchors, at=trust.at)
    assert refused.value.reason is SealReason.CHAIN_INVALID
    assert refusal(trust, seal) is None


def test_authorities_that_issue_each_other_lead_nowhere(trust: TrustWorld) -> None:
    one = Authority.root(trust.folder / "loop-one", name="loop-one")
    two = one.authority("loop-two", subject="/C=SE/O=Example Trust AB/CN=loop-two")
    back = two.authority("loop-back", subject="/C=SE/O=Example Trust AB/CN=loop-one", existing_key=one.key)
    issued = two.issue("seal")
    read = read_bundle(issued.pem + two.pem + back.pem)
    with pytest.raises(SealRefused) as refused:
        check_chain(read, anchors=trust.anchors, at=trust.at)
    assert refused.value.reason is SealReason.UNKNOWN_ISSUER


def test_an_issuer_that_may_name_some_organisations_only_is_refused_with_its_reason(trust: TrustWorld) -> None:
    norwegian = trust.root.authority("norwegian", extra={"nameConstraints": "critical,@only_norway"})
    issued = norwegian.issue("seal")
    assert refusal(trust, issued, norwegian) is SealReason.NAME_CONSTRAINTS
    assert not foreign(trust, issued, norwegian)


def test_a_flipped_bit_anywhere_in_the_certificate_is_refused(trust: TrustWorld) -> None:
    good = trust.certificate(trust.issuing.issue("flipped")).public_bytes(serialization.Encoding.DER)
    issuing = trust.certificate(trust.issuing)
    for position in range(0, len(good), 7):
        der = bytearray(good)
        der[position] ^= 1 << (position % 8)
        with pytest.raises(SealRefused):
            check_chain(Bundle(read_certificate(bytes(der)), (issuing,)), anchors=trust.anchors, at=trust.at)
