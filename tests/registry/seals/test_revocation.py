"""Revocation by a real `openssl ocsp` responder and real lists over HTTP."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.x509 import ocsp

from registry.asking.exchange import Question
from registry.asking.revocation import Asked, ask_chain
from registry.checks.certificates import read_bundle
from registry.checks.chain import VerifiedChain, check_chain
from registry.checks.crl import MAX_CRL_BYTES, judge_crl
from registry.checks.ocsp import judge_ocsp, make_request
from registry.checks.revocation import Unusable, UnusableCode, addresses_of
from tests.builders_seal_authority import SEAL, Authority, Issued
from tests.builders_seal_trust import TrustWorld, fetch

pytestmark = [pytest.mark.servers, pytest.mark.slow]

RESPONDER = {**SEAL, "extendedKeyUsage": "OCSPSigning", "noCheck": "ignored"}
NONCE = bytes(range(32))


def ask(trust: TrustWorld, issued: Issued) -> tuple[Asked, ...]:
    chain = check_chain(trust.read(issued), anchors=trust.anchors, at=trust.at)
    return ask_chain(chain, fetch=fetch, at=trust.at, random_bytes=bytes)


def responder(trust: TrustWorld, name: str, **changed: str) -> Issued:
    return trust.issuing.issue(name, subject=f"/C=SE/CN={name}", base={**RESPONDER, **changed}, extra={})


def unusable(judge: Callable[[], object]) -> UnusableCode:
    with pytest.raises(Unusable) as error:
        judge()
    return error.value.code


def judge_list(trust: TrustWorld, issued: Issued, data: bytes, *, later: timedelta = timedelta(0)) -> object:
    read = trust.certificate(issued)
    return judge_crl(data, certificate=read, issuer=trust.certificate(trust.issuing), at=trust.at + later)


def test_a_certificate_that_is_on_no_list_is_good_and_its_issuer_too(trust: TrustWorld) -> None:
    issued = trust.issuing.issue("listed-good", extra=trust.extra())
    trust.publish_lists()
    asked = ask(trust, issued)
    assert [one.standing is not None and one.standing.good for one in asked] == [True, True]
    assert [answer.source for one in asked for answer in one.answers] == [
        f"{trust.url}/issuing.crl",
        f"{trust.url}/root.crl",
    ]


def test_a_revoked_certificate_is_found_on_the_list_with_its_reason(trust: TrustWorld) -> None:
    issued = trust.issuing.issue("listed-revoked", extra=trust.extra())
    trust.issuing.revoke(issued)
    trust.publish_lists()
    (asked,) = ask(trust, issued)
    assert asked.standing is not None
    assert not asked.standing.good
    assert asked.standing.reason == "keyCompromise"


def test_a_certificate_on_hold_counts_as_revoked(trust: TrustWorld) -> None:
    issued = trust.issuing.issue("held", extra=trust.extra())
    trust.issuing.revoke(issued, reason="certificateHold")
    trust.publish_lists()
    (asked,) = ask(trust, issued)
    assert asked.standing is not None
    assert not asked.standing.good


def test_a_revoked_issuer_is_found(trust: TrustWorld) -> None:
    points = {"crlDistributionPoints": f"URI:{trust.url}/root.crl"}
    issuing = trust.root.authority("revoked-issuing", extra=points)
    issued = issuing.issue("seal", extra=trust.extra(crl="/revoked-issuing.crl"))
    trust.root.revoke(issuing)
    trust.publish_lists()
    trust.files["/revoked-issuing.crl"] = issuing.crl()
    chain = check_chain(trust.read(issued, issuing), anchors=trust.anchors, at=trust.at)
    leaf, above = ask_chain(chain, fetch=fetch, at=trust.at, random_bytes=bytes)
    assert leaf.standing is not None
    assert leaf.standing.good
    assert above.standing is not None
    assert not above.standing.good


def test_a_real_responder_is_asked_first_and_believed(trust: TrustWorld) -> None:
    issued = trust.issuing.issue("ocsp-good", extra=trust.extra(ocsp=True))
    revoked = trust.issuing.issue("ocsp-revoked", extra=trust.extra(ocsp=True))
    trust.issuing.revoke(revoked, reason="superseded")
    trust.publish_lists()
    signer = responder(trust, "responder")
    with trust.responder(signer, options=["-ndays", "1"]):
        good, bad = ask(trust, issued)[0], ask(trust, revoked)[0]
    assert good.standing is not None
    assert good.standing.good
    assert good.trouble == ()
    assert good.answers[0].media_type == "application/ocsp-response"
    assert bad.standing is not None
    assert (bad.standing.good, bad.standing.reason) == (False, "superseded")


def test_the_issuer_may_answer_itself(trust: TrustWorld) -> None:
    issued = trust.issuing.issue("ocsp-direct", extra=trust.extra(ocsp=True, crl=None))
    with trust.responder(trust.issuing, options=["-ndays", "1", "-resp_key_id"]):
        good = ask(trust, issued)[0]
    assert good.standing is not None
    assert good.standing.good


@pytest.mark.parametrize("key", ["rsa2048", "p384"])
def test_responders_of_other_keys_are_believed(trust: TrustWorld, key: str) -> None:
    issued = trust.issuing.issue(f"ocsp-by-{key}", extra=trust.extra(ocsp=True, crl=None))
    signer = trust.issuing.issue(f"responder-{key}", subject="/C=SE/CN=other", base=RESPONDER, extra={}, key=key)
    with trust.responder(signer, options=["-ndays", "1"]):
        asked = ask(trust, issued)[0]
    assert asked.standing is not None
    assert asked.standing.good


def test_an_answer_of_a_megabyte_says_nothing(trust: TrustWorld) -> None:
    issued, issuer = trust.certificate(trust.issuing.issue("long-answer")), trust.certificate(trust.issuing)
    code = unusable(
        lambda: judge_ocsp(b"\x30" * 1024 * 1024, certificate=issued, issuer=issuer, nonce=None, at=trust.at)
    )
    assert code is UnusableCode.UNREADABLE


def test_with_the_responder_down_the_list_is_read(trust: TrustWorld) -> None:
    issued = trust.issuing.issue("ocsp-down", extra=trust.extra(ocsp=True))
    trust.publish_lists()
    asked = ask(trust, issued)[0]
    assert asked.standing is not None
    assert asked.standing.good
    assert len(asked.trouble) == 1


def test_with_everything_down_nothing_is_known(trust: TrustWorld) -> None:
    issued = trust.issuing.issue("all-down", extra=trust.extra(ocsp=True))
    trust.files = {}
    leaf, above = ask(trust, issued)
    assert leaf.standing is None
    assert [trouble.rsplit(": ", 1)[-1] for trouble in leaf.trouble] == [
        "answered with status 404",
        "answered with status 404",
    ]
    assert above.standing is None


def test_a_certificate_that_names_nobody_to_ask_is_not_known_to_be_good(trust: TrustWorld) -> None:
    issued = trust.issuing.issue("silent", extra=trust.extra(crl=None))
    trust.publish_lists()
    assert ask(trust, issued)[0].standing is None


@pytest.mark.parametrize(
    ("name", "changed"),
    [
        ("no-purpose", {"extendedKeyUsage": "emailProtection"}),
        ("must-be-asked-about", {"noCheck": ""}),
    ],
)
def test_a_certificate_of_the_issuer_that_is_no_responder_is_not_believed(
    trust: TrustWorld, name: str, changed: dict[str, str]
) -> None:
    issued = trust.issuing.issue(f"asks-{name}", extra=trust.extra(ocsp=True, crl=None))
    with trust.responder(responder(trust, name, **changed)):
        asked = ask(trust, issued)[0]
    assert asked.standing is None
    assert "not signed by the issuer" in asked.trouble[0]


def test_a_responder_of_another_authority_is_not_believed(trust: TrustWorld) -> None:
    issued = trust.issuing.issue("asks-stranger", extra=trust.extra(ocsp=True, crl=None))
    stranger = Authority.root(trust.folder / "strange-root", name="issuing")
    signer = stranger.issue("signer", subject="/C=SE/CN=signer", base=RESPONDER, extra={})
    with trust.responder(signer):
        asked = ask(trust, issued)[0]
    assert asked.standing is None


def test_a_responder_that_does_not_know_the_certificate_says_nothing(trust: TrustWorld) -> None:
    issued = trust.issuing.issue("unknown-there", extra=trust.extra(ocsp=True, crl=None))
    empty = trust.folder / "empty.txt"
    empty.touch()
    with trust.responder(trust.issuing, options=["-index", str(empty), "-ndays", "1"]):
        asked = ask(trust, issued)[0]
    assert asked.standing is None
    assert "does not know" in asked.trouble[0]


def test_answers_are_bound_to_certificate_time_and_nonce(trust: TrustWorld) -> None:
    issued = trust.certificate(trust.issuing.issue("bound"))
    other = trust.certificate(trust.issuing.issue("other"))
    issuer = trust.certificate(trust.issuing)
    question = Question(
        url=f"{trust.url}/ocsp",
        headers={"Content-Type": "application/ocsp-request"},
        body=make_request(issued, issuer, nonce=NONCE),
    )
    with trust.responder(trust.issuing, options=["-ndays", "1", "-resp_no_certs"]):
        body = fetch(question).body
    at = trust.at

    def judged(**changed: object) -> UnusableCode:
        arguments = {"certificate": issued, "issuer": issuer, "nonce": NONCE, "at": at, **changed}
        return unusable(lambda: judge_ocsp(body, **arguments))  # type: ignore[arg-type]

    assert judge_ocsp(body, certificate=issued, issuer=issuer, nonce=NONCE, at=at).good
    assert judge_ocsp(body, certificate=issued, issuer=issuer, nonce=None, at=at).good
    assert judged(nonce=b"\1" * 32) is UnusableCode.ANOTHER_NONCE
    assert judged(certificate=other) is UnusableCode.ANOTHER_CERTIFICATE
    assert judged(issuer=trust.certificate(trust.root)) is UnusableCode.NOT_SIGNED_BY_ISSUER
    assert judged(at=at + timedelta(days=2)) is UnusableCode.STALE
    assert judged(at=at - timedelta(days=2)) is UnusableCode.NOT_YET
    for position in range(0, len(body), 5):
        changed = bytearray(body)
        changed[position] ^= 1 << (position % 8)
        unusable(lambda data=bytes(changed): judge_ocsp(data, certificate=issued, issuer=issuer, nonce=NONCE, at=at))  # type: ignore[misc]
    for length in range(0, len(body), 11):
        unusable(lambda data=body[:length]: judge_ocsp(data, certificate=issued, issuer=issuer, nonce=NONCE, at=at))  # type: ignore[misc]


def test_a_responder_that_declines_says_nothing(trust: TrustWorld) -> None:
    issued, issuer = trust.certificate(trust.issuing.issue("declined")), trust.certificate(trust.issuing)
    declined = ocsp.OCSPResponseBuilder.build_unsuccessful(ocsp.OCSPResponseStatus.TRY_LATER)
    body = declined.public_bytes(serialization.Encoding.DER)
    code = unusable(lambda: judge_ocsp(body, certificate=issued, issuer=issuer, nonce=None, at=trust.at))
    assert code is UnusableCode.NOT_ANSWERED


def test_lists_that_are_stale_early_or_somebody_elses_say_nothing(trust: TrustWorld) -> None:
    issued = trust.issuing.issue("with-list", extra=trust.extra())
    crl = trust.issuing.crl()
    week = timedelta(days=8)
    assert unusable(lambda: judge_list(trust, issued, crl, later=week)) is UnusableCode.STALE
    assert unusable(lambda: judge_list(trust, issued, crl, later=-week)) is UnusableCode.NOT_YET
    roots = trust.root.crl()
    assert unusable(lambda: judge_list(trust, issued, roots)) is UnusableCode.NOT_SIGNED_BY_ISSUER
    weak = trust.issuing.crl(options=["-md", "sha1"])
    assert unusable(lambda: judge_list(trust, issued, weak)) is UnusableCode.WEAK_HASH
    for junk in (b"", b"\x30", crl[:-1], crl + b"\0", b"<html>", b"\0" * (MAX_CRL_BYTES + 1)):
        assert unusable(lambda data=junk: judge_list(trust, issued, data)) is UnusableCode.UNREADABLE  # type: ignore[misc]


def test_a_flipped_bit_in_a_list_makes_it_say_nothing(trust: TrustWorld) -> None:
    issued = trust.issuing.issue("with-flipped-list", extra=trust.extra())
    crl = trust.issuing.crl()
    for position in range(0, len(crl), 3):
        changed = bytearray(crl)
        changed[position] ^= 1 << (position % 8)
        unusable(lambda data=bytes(changed): judge_list(trust, issued, data))  # type: ignore[misc]


@pytest.mark.parametrize(
    ("scope", "code"),
    [
        ("onlyuser:TRUE", None),
        ("onlyCA:TRUE", UnusableCode.PARTIAL),
        ("indirectCRL:TRUE", UnusableCode.PARTIAL),
        ("onlysomereasons:keyCompromise", UnusableCode.PARTIAL),
        ("fullname:URI:http://elsewhere.example/x.crl", UnusableCode.PARTIAL),
    ],
)
def test_lists_of_a_part_are_taken_only_where_the_certificate_is_in_that_part(
    trust: TrustWorld, scope: str, code: UnusableCode | None
) -> None:
    issued = trust.issuing.issue(f"scope-{scope[:8]}", extra=trust.extra())
    name, _, value = scope.partition(":")
    config = trust.issuing.folder / "scope.cnf"
    config.write_text(
        f"{(trust.issuing.folder / 'ca.cnf').read_text()}\n[scoped]\n"
        f"issuingDistributionPoint=critical,@scope\n[scope]\n{name}={value}\n"
    )
    crl = trust.issuing.crl(options=["-config", str(config), "-crlexts", "scoped"])
    if code is None:
        judge_list(trust, issued, crl)
    else:
        assert unusable(lambda: judge_list(trust, issued, crl)) is code


def test_only_a_few_plain_http_addresses_are_taken_from_a_certificate(trust: TrustWorld) -> None:
    points = ",".join(
        f"URI:{url}"
        for url in ["ldap://x.example/", "file:///etc/passwd", *(f"http://{n}.example/crl" for n in range(9))]
    )
    issued = trust.issuing.issue("many-addresses", extra={"crlDistributionPoints": points})
    found = addresses_of(trust.certificate(issued))
    assert found.lists == ("http://0.example/crl", "http://1.example/crl", "http://2.example/crl")
    assert found.responders == ()


def test_a_chain_has_nothing_to_ask_about_its_anchor(trust: TrustWorld) -> None:
    read = read_bundle(trust.issuing.issue("steps").pem)
    chain = VerifiedChain((read.leaf, trust.certificate(trust.issuing)))
    assert chain.steps == ((read.leaf, trust.certificate(trust.issuing)),)
