"""Keys in AWS KMS: how it is asked, and what becomes of a signature when it does not answer as it should."""

import logging
import os
import time
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from settings.key_stores import KeyStores
from sigill.keys.p256 import check_signature
from signing.errors import KeyUnusable
from signing.keys import remote
from signing.keys.listing import KeyKind, ListedKey
from signing.keys.places import Home, KmsPlace
from signing.keys.protocol import P256Signer
from signing.keys.stores import Stores
from tests.builders_kms import ACCOUNT, PlayedKms, played_kms

SEAL_2 = ListedKey(kind=KeyKind.SEAL, generation=2, valid_from=datetime(2026, 11, 29, tzinfo=UTC))


class Desk:
    """A played KMS and what reaches it."""

    def __init__(self, kms: PlayedKms, address: str) -> None:
        self.kms = kms
        self.stores = Stores(KeyStores(kms_endpoint=address))

    def settle(self, key: str | None) -> Home:
        return self.stores.settle(SEAL_2, KmsPlace(key), random=os.urandom)

    def signer(self) -> P256Signer:
        return self.stores.open_p256("seal-2", self.settle(None))


@pytest.fixture
def desk() -> Iterator[Desk]:
    kms = PlayedKms()
    with played_kms(kms) as address:
        yield Desk(kms, address)


def test_up_to_4096_bytes_go_raw_and_longer_ones_as_their_digest(desk: Desk) -> None:
    signer = desk.signer()
    for size, wanted in ((1, "RAW"), (4096, "RAW"), (4097, "DIGEST"), (100_000, "DIGEST")):
        message = b"m" * size
        check_signature(signer.public_key, signature=signer.sign(message), message=message)
        action, body = desk.kms.asked[-1]
        assert (action, body["MessageType"], body["SigningAlgorithm"]) == ("Sign", wanted, "ECDSA_SHA_256")


def test_an_alias_is_listed_as_the_key_it_means_now(desk: Desk) -> None:
    first, second = desk.kms.make(), desk.kms.make()
    desk.kms.aliases["alias/seal"] = first
    home = desk.settle("alias/seal")
    assert home.place == KmsPlace(first)
    desk.kms.aliases["alias/seal"] = second
    assert desk.settle("alias/seal").place == KmsPlace(second)
    signer = desk.stores.open_p256("seal-2", home)
    check_signature(desk.kms.keys[first].public_key(), signature=signer.sign(b"m"), message=b"m")


def test_a_key_of_another_curve_or_none_at_all_is_refused(desk: Desk) -> None:
    with pytest.raises(KeyUnusable, match="not one of ECC_NIST_P256"):
        desk.settle(desk.kms.make(ec.SECP384R1()))
    with pytest.raises(KeyUnusable, match=r"KMS refused \(NotFoundException\)"):
        desk.settle(f"{ACCOUNT}key/1234abcd-12ab-34cd-56ef-1234567890ab")


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ("AccessDeniedException", r"KMS refused \(AccessDeniedException\)"),
        ("ThrottlingException", r"KMS refused \(ThrottlingException\)"),
        ("DisabledException", r"KMS refused \(DisabledException\)"),
        ("KMSInternalException", r"KMS refused \(KMSInternalException\)"),
        ("garbles", "KMS answered something else than was asked"),
        ("swaps", "seal-2 signs with another key than the list says"),
        pytest.param("hangs", r"KMS does not answer \(ReadTimeoutError\)", marks=pytest.mark.slow),
    ],
)
def test_every_failure_is_told_and_over_a_second_after_it_ended(
    desk: Desk, fault: str, said: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(remote, "REST_S", 0.1)
    signer = desk.signer()
    desk.kms.fault = fault
    begun = time.monotonic()
    with pytest.raises(KeyUnusable, match=said) as raised:
        signer.sign(b"message")
    assert time.monotonic() - begun < 10
    assert "111122223333" not in str(raised.value)  # the account is nobody's business
    time.sleep(0.11)
    with pytest.raises(KeyUnusable, match=said):
        signer.sign(b"message")
    desk.kms.fault = None
    time.sleep(0.11)
    check_signature(signer.public_key, signature=signer.sign(b"message"), message=b"message")
    told = [record.getMessage() for record in caplog.records if record.name == "sigill.keys"]
    assert len(told) == 2  # once when it ended, once when it was back
    assert told[1] == "seal-2 signs again"


def test_whoever_does_not_answer_is_not_asked_by_each_request(desk: Desk) -> None:
    signer = desk.signer()
    desk.kms.fault = "AccessDeniedException"
    for _ in range(50):
        with pytest.raises(KeyUnusable, match="AccessDenied"):
            signer.sign(b"message")
    assert sum(action == "Sign" for action, _ in desk.kms.asked) == 1


def test_without_a_network_a_key_is_opened_published_and_does_not_sign(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL)
    kms = PlayedKms()
    with played_kms(kms) as address:
        desk = Desk(kms, address)
        home = desk.settle(None)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ACCESS_KEY_ID", "nobody")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "nothing")
        signer = Stores(KeyStores(kms_endpoint=address)).open_p256("seal-2", home)
        assert signer.kid
        with pytest.raises(KeyUnusable, match=r"KMS does not answer \(EndpointConnectionError\)"):
            signer.sign(b"message")
