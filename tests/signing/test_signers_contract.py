"""One contract for every place where a key can live: files, a PKCS#11 token (SoftHSM), AWS KMS (moto's server)."""

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from settings.key_stores import KeyStores
from sigill.keys.jwks import thumbprint
from sigill.keys.p256 import check_signature, is_low_s
from signing.errors import KeyUnusable
from signing.keys.files import open_ed25519, open_p256
from signing.keys.listing import KeyKind, ListedKey
from signing.keys.places import FILE, Home, parse_place
from signing.keys.protocol import Ed25519Signer, P256Signer
from signing.keys.stores import Stores
from tests.builders_kms import kms_credentials
from tests.builders_publishing import moto_server
from tests.builders_token import MODULE, soft_hsm

AT: Final = datetime(2026, 11, 29, tzinfo=UTC)
TOKEN, KMS = "pkcs11:token=sigill", "kms:new"
ON_TOKEN = pytest.param(TOKEN, marks=pytest.mark.servers)
MAKES: Final = {KMS: 4096}
"""The longest message where it is not unlimited: moto hashes a digest once more."""


def listed(kind: KeyKind, generation: int = 2) -> ListedKey:
    return ListedKey(kind=kind, generation=generation, valid_from=AT)


class Opened:
    """The keys of one place, made and opened again."""

    def __init__(self, text: str, folder: Path, stores: Stores) -> None:
        self.text, self.folder, self.stores = text, folder, stores
        self.longest = MAKES.get(text, 100_000)
        self.signer = self.p256(make=True)

    def p256(self, *, make: bool = False) -> P256Signer:
        if self.text == FILE:
            return open_p256(self.folder / "key.pem", make=make)
        if make:
            self.home = self.settle(KeyKind.SEAL)
        return self.stores.open_p256("seal-2", self.home)

    def settle(self, kind: KeyKind) -> Home:
        place = parse_place(self.text)
        assert place is not None
        return self.stores.settle(listed(kind), place, random=os.urandom)


@pytest.fixture(scope="module", params=[FILE, ON_TOKEN, KMS])
def opened(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Opened]:
    folder = tmp_path_factory.mktemp("keys")
    with ExitStack() as stack:
        configured = KeyStores()
        if request.param == TOKEN:
            hsm = stack.enter_context(soft_hsm(folder / "hsm"))
            configured = KeyStores(pkcs11_module=MODULE, pkcs11_pin_file=hsm.pin_file)
        if request.param == KMS:
            stack.enter_context(kms_credentials())
            configured = KeyStores(kms_endpoint=stack.enter_context(moto_server()))
        yield Opened(request.param, folder, Stores(configured))


def test_its_name_is_the_thumbprint_of_its_public_key(opened: Opened) -> None:
    assert opened.signer.kid == thumbprint(opened.signer.public_key)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(min_size=1, max_size=4096))
def test_every_signature_has_64_bytes_is_low_s_and_verifies(opened: Opened, message: bytes) -> None:
    signature = opened.signer.sign(message)
    assert is_low_s(signature)
    check_signature(opened.signer.public_key, signature=signature, message=message)


@pytest.mark.parametrize("size", [1, 4095, 4096, 4097, 100_000])
def test_messages_of_any_length_are_signed_or_refused_and_never_signed_wrongly(opened: Opened, size: int) -> None:
    message = b"m" * size
    if size > opened.longest:
        with pytest.raises(KeyUnusable):
            opened.p256().sign(message)
        return
    check_signature(opened.signer.public_key, signature=opened.p256().sign(message), message=message)


def test_opened_again_it_is_the_same_key(opened: Opened) -> None:
    again = opened.p256()
    assert again.kid == opened.signer.kid
    check_signature(opened.signer.public_key, signature=again.sign(b"hej"), message=b"hej")


def test_several_threads_sign_at_the_same_time(opened: Opened) -> None:
    made: list[tuple[bytes, bytes]] = []

    def sign(number: int) -> None:
        made.extend((message, opened.signer.sign(message)) for n in range(10) if (message := b"%d.%d" % (number, n)))

    threads = [threading.Thread(target=sign, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 40
    for message, signature in made:
        check_signature(opened.signer.public_key, signature=signature, message=message)


def test_the_private_half_is_nowhere_to_be_asked_for(opened: Opened) -> None:
    offered = {name for name in dir(opened.signer) if not name.startswith("_")}
    assert offered == {"kid", "public_key", "sign"}
    public = opened.signer.public_key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    assert opened.text == FILE or opened.home.public == public


@pytest.fixture
def log_key(opened: Opened) -> Callable[[], Ed25519Signer]:
    if opened.text == FILE:
        return lambda: open_ed25519(opened.folder / "log.pem", make=True)
    home = opened.settle(KeyKind.LOG)
    return lambda: opened.stores.open_ed25519("log-2", home)


def test_a_log_s_key_signs_as_rfc_8032_has_it_and_not_in_kms(opened: Opened, request: pytest.FixtureRequest) -> None:
    if opened.text == KMS:
        with pytest.raises(KeyUnusable, match="the log's keys live in files or on a PKCS#11 token"):
            opened.settle(KeyKind.LOG)
        return
    log_key: Callable[[], Ed25519Signer] = request.getfixturevalue("log_key")
    signer = log_key()
    signature = signer.sign(b"checkpoint")
    assert len(signature) == 64
    assert signature == log_key().sign(b"checkpoint")  # deterministic: receipts are given again byte for byte
    Ed25519PublicKey.from_public_bytes(signer.public_bytes).verify(signature, b"checkpoint")
