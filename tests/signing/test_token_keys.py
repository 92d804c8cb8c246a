"""Keys on a PKCS#11 token: a real SoftHSM that goes away, comes back, has another PIN, another key, several of them."""

import os
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pkcs11
import pytest
from pkcs11 import Attribute, KeyType, ObjectClass

from settings.key_stores import KeyStores
from sigill.keys.p256 import check_signature
from signing.errors import KeyUnusable
from signing.keys import remote, token
from signing.keys.listing import KeyKind, ListedKey
from signing.keys.places import Home, TokenPlace, parse_place
from signing.keys.protocol import P256Signer
from signing.keys.stores import Stores
from tests.builders_token import MODULE, PIN, SoftHsm, soft_hsm

pytestmark = pytest.mark.servers
SEAL_2 = ListedKey(kind=KeyKind.SEAL, generation=2, valid_from=datetime(2026, 11, 29, tzinfo=UTC))


class Desk:
    """A token, and one process's way to it."""

    def __init__(self, hsm: SoftHsm) -> None:
        self.hsm = hsm
        self.stores = self.new_stores()

    def new_stores(self) -> Stores:
        return Stores(KeyStores(pkcs11_module=MODULE, pkcs11_pin_file=self.hsm.pin_file))

    def settle(self, text: str = "pkcs11:token=sigill") -> Home:
        place = parse_place(text)
        assert place is not None
        return self.stores.settle(SEAL_2, place, random=os.urandom)

    def signer(self) -> P256Signer:
        return self.stores.open_p256("seal-2", self.settle())


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    monkeypatch.setattr(remote, "REST_S", 0.05)
    with soft_hsm(tmp_path / "hsm") as hsm:
        yield Desk(hsm)


def works(signer: P256Signer) -> bool:
    time.sleep(0.06)
    check_signature(signer.public_key, signature=signer.sign(b"message"), message=b"message")
    return True


def refusal_of(signer: P256Signer) -> str:
    time.sleep(0.06)
    with pytest.raises(KeyUnusable) as raised:
        signer.sign(b"message")
    assert PIN not in str(raised.value)
    return str(raised.value)


def objects(place: TokenPlace, half: ObjectClass) -> tuple[pkcs11.Session, list[pkcs11.Object]]:
    session = pkcs11.lib(str(MODULE)).get_token(token_label="sigill").open(rw=True)
    return session, list(session.get_objects({Attribute.ID: place.id, Attribute.CLASS: half}))


def test_a_key_is_made_on_the_token_never_to_leave_it(desk: Desk) -> None:
    home = desk.settle()
    assert isinstance(home.place, TokenPlace)
    assert home.place.object == "sigill seal-2"
    assert works(desk.stores.open_p256("seal-2", home))
    _, (key,) = objects(home.place, ObjectClass.PRIVATE_KEY)
    assert key[Attribute.KEY_TYPE] is KeyType.EC
    assert key[Attribute.SENSITIVE]
    assert not key[Attribute.EXTRACTABLE]
    assert key[Attribute.NEVER_EXTRACTABLE]


def test_a_token_that_is_taken_away_is_told_and_signs_again_when_it_is_back(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    signer = desk.signer()
    assert works(signer)
    for _ in range(2):
        desk.hsm.take_away()
        assert refusal_of(signer).startswith("seal-2: the token ")
        assert refusal_of(signer).startswith("seal-2: the token ")
        desk.hsm.bring_back()
        assert works(signer)
    told = [record.getMessage() for record in caplog.records if record.name == "sigill.keys"]
    assert told.count("seal-2 signs again") == 2


def test_a_token_that_is_not_there_at_first_is_found_when_it_is(desk: Desk) -> None:
    home = desk.settle()
    desk.hsm.take_away()
    signer = desk.new_stores().open_p256("seal-2", home)
    assert signer.kid
    assert refusal_of(signer) == "seal-2: the token is not there"
    desk.hsm.bring_back()
    assert works(signer)


def test_a_session_that_somebody_closed_is_opened_again_within_the_same_request(desk: Desk) -> None:
    signer = desk.signer()
    assert works(signer)
    pkcs11.lib(str(MODULE)).finalize()
    assert works(signer)
    pkcs11.lib(str(MODULE)).reinitialize()
    assert works(signer)


def test_two_users_of_one_module_in_one_process_do_not_stop_each_other(desk: Desk) -> None:
    home = desk.settle()
    one, other = desk.stores.open_p256("a", home), desk.new_stores().open_p256("b", home)
    for _ in range(3):
        assert works(one)
        assert works(other)


def test_a_wrong_pin_is_tried_once_and_again_only_when_its_file_was_written_anew(desk: Desk) -> None:
    home = desk.settle()
    pkcs11.lib(str(MODULE)).finalize()  # whoever is logged in has not to be again
    desk.hsm.write_pin("000000")
    signer = desk.new_stores().open_p256("seal-2", home)
    assert refusal_of(signer) == "seal-2: the token refused the PIN"
    for _ in range(20):  # more often than any token lets somebody try
        assert refusal_of(signer).endswith("it is tried again when its file was written anew")
    desk.hsm.write_pin(PIN)
    assert works(signer)


@pytest.mark.parametrize(
    ("content", "mode", "said"),
    [
        (b"123456", 0o644, "can be read by others"),
        (b"\n", 0o600, "holds none"),
        (b"9" * 256, 0o600, "holds none"),
        (b"\xff\xfe", 0o600, "not UTF-8"),
        (None, 0o600, "is missing"),
    ],
)
def test_a_pin_file_that_cannot_be_one_is_told(desk: Desk, content: bytes | None, mode: int, said: str) -> None:
    home = desk.settle()
    signer = desk.new_stores().open_p256("seal-2", home)
    if content is None:
        desk.hsm.pin_file.unlink()
    else:
        desk.hsm.pin_file.write_bytes(content)
        desk.hsm.pin_file.chmod(mode)
    assert said in refusal_of(signer)


def test_without_module_or_package_the_reason_is_told(desk: Desk, tmp_path: Path) -> None:
    home = desk.settle()
    no_module = Stores(KeyStores(pkcs11_module=tmp_path / "none.so", pkcs11_pin_file=desk.hsm.pin_file))
    assert "module cannot be loaded" in refusal_of(no_module.open_p256("seal-2", home))
    assert "SIGILL_PKCS11_MODULE is not set" in refusal_of(Stores().open_p256("seal-2", home))
    no_pin = Stores(KeyStores(pkcs11_module=MODULE))
    assert "SIGILL_PKCS11_PIN_FILE is not set" in refusal_of(no_pin.open_p256("seal-2", home))


def test_another_key_under_the_same_id_signs_nothing_that_anybody_sees(desk: Desk) -> None:
    home, other = desk.settle(), desk.settle()
    signer = desk.stores.open_p256("seal-2", Home(home.place, other.public))
    assert refusal_of(signer) == "seal-2 signs with another key than the list says"


def test_a_key_made_by_others_is_used_by_its_name_and_listed_by_its_id(desk: Desk) -> None:
    made = desk.settle().place
    assert isinstance(made, TokenPlace)
    found = desk.settle("pkcs11:token=sigill;object=sigill%20seal-2")
    assert found.place == made
    assert works(desk.stores.open_p256("seal-2", found))
    desk.settle()  # another one of the same name
    with pytest.raises(KeyUnusable, match="several such keys; name one by its id="):
        desk.settle("pkcs11:token=sigill;object=sigill%20seal-2")


@pytest.mark.parametrize(
    ("place", "said"),
    [
        ("pkcs11:token=other", "the token is not there"),
        ("pkcs11:token=sigill;serial=none", "the token is not there"),
        ("pkcs11:token=sigill;object=none", "the token has no such key"),
        ("pkcs11:token=sigill;id=%00", "the token has no such key"),
    ],
)
def test_a_place_where_nothing_is_is_told(desk: Desk, place: str, said: str) -> None:
    with pytest.raises(KeyUnusable, match=said):
        desk.settle(place)


def test_of_two_tokens_of_one_name_the_serial_number_tells_which(desk: Desk) -> None:
    desk.hsm.add_token("sigill")
    pkcs11.lib(str(MODULE)).reinitialize()
    with pytest.raises(KeyUnusable, match="several tokens have that name"):
        desk.settle()
    serials = [token.serial.decode().strip() for token in pkcs11.lib(str(MODULE)).get_tokens(token_label="sigill")]
    homes = [desk.settle(f"pkcs11:token=sigill;serial={serial}") for serial in serials]
    assert all(works(desk.stores.open_p256("seal-2", home)) for home in homes)
    with pytest.raises(KeyUnusable, match="has no such key"):
        desk.settle(str(homes[0].place).replace(serials[0], serials[1]))


@pytest.mark.parametrize("length", [32, 65])
def test_public_keys_are_read_wrapped_as_pkcs11_says_and_bare_as_some_modules_have_them(length: int) -> None:
    point = b"\x04" + bytes(range(length - 1))
    assert token._point(bytes([4, length]) + point, length) == token._point(point, length) == point


def test_a_session_does_not_cross_a_fork(desk: Desk) -> None:
    signer = desk.signer()
    assert works(signer)
    pid = os.fork()
    if pid == 0:  # the child says by its exit code how it went
        try:
            os._exit(0 if works(signer) and works(signer) else 1)
        finally:
            os._exit(2)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    assert works(signer)
