"""Keys on PKCS#11 tokens (an HSM, a smart card, SoftHSM), through python-pkcs11.

A process has a session for each key, opened when its first signature is asked for and never carried over a fork; one
signature at a time is made, as one is in a process anyway (its requests share one thread). After any failure the
module is initialised anew and asked once more: a token that was away, or a session that was lost, mends itself.

A wrong PIN is tried once and not again until its file changed: tokens lock themselves after a few.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from threading import Lock
from typing import Any, Final, TypeVar

import pkcs11
from pkcs11 import Attribute, KeyType, Mechanism, ObjectClass, PKCS11Error, TokenFlag
from pkcs11.util.ec import encode_named_curve_parameters

from signing.errors import KeyUnusable
from signing.keys.files import Mark, mark_of, read_private
from signing.keys.places import TokenPlace

_MAX_PIN_BYTES: Final = 255
_ID_BYTES: Final = 16
_POINTS: Final = {KeyType.EC: 65, KeyType.EC_EDWARDS: 32}
_CURVES: Final = {KeyType.EC: "secp256r1", KeyType.EC_EDWARDS: "1.3.101.112"}
_MAKES: Final = {KeyType.EC: Mechanism.EC_KEY_PAIR_GEN, KeyType.EC_EDWARDS: Mechanism.EC_EDWARDS_KEY_PAIR_GEN}
_OCTET_STRING: Final = 0x04
_PIN_ERRORS: Final = (pkcs11.PinIncorrect, pkcs11.PinInvalid, pkcs11.PinLenRange, pkcs11.PinLocked, pkcs11.PinExpired)
_KEPT_IN: Final = {Attribute.PRIVATE: True, Attribute.SENSITIVE: True, Attribute.EXTRACTABLE: False}

Answer = TypeVar("Answer")


class TokenModule:
    """The tokens of one PKCS#11 module. One per process; any number of threads; may cross a fork unused or used."""

    def __init__(self, module: Path, pin_file: Path | None) -> None:
        self._module = module
        self._pin_file = pin_file
        self._lock = Lock()
        self._library: Any = None
        self._pid = 0
        self._logged_in: set[int] = set()
        self._keys: dict[TokenPlace, tuple[Any, Any]] = {}
        self._refused: Mark | None = None

    def sign_p256(self, place: TokenPlace, message: bytes) -> bytes:
        """Return raw r‖s over SHA-256 of the message, hashed here: not every token can. Raises KeyUnusable."""
        digest = sha256(message).digest()
        return self._sign(place, KeyType.EC, digest, Mechanism.ECDSA)

    def sign_ed25519(self, place: TokenPlace, message: bytes) -> bytes:
        """Return the plain Ed25519 signature of 64 bytes. Raises KeyUnusable."""
        return self._sign(place, KeyType.EC_EDWARDS, message, Mechanism.EDDSA)

    def find(self, place: TokenPlace, *, is_ed25519: bool) -> tuple[TokenPlace, bytes]:
        """Return a key's full place, and its public half as `Home` has it. Raises KeyUnusable."""
        kind = KeyType.EC_EDWARDS if is_ed25519 else KeyType.EC
        return self._twice(lambda: self._found(place, kind))

    def make(self, place: TokenPlace, *, label: str, is_ed25519: bool, random: Callable[[int], bytes]) -> TokenPlace:
        """Make a key on a token, which never leaves it; return its place. Raises KeyUnusable."""
        kind, key_id = KeyType.EC_EDWARDS if is_ed25519 else KeyType.EC, random(_ID_BYTES)
        with self._lock, _told():
            self._begin()
            try:
                with self._open(self._token(place), rw=True) as session:
                    curve = {Attribute.EC_PARAMS: encode_named_curve_parameters(_CURVES[kind])}
                    session.create_domain_parameters(kind, curve, local=True).generate_keypair(
                        id=key_id, label=label, store=True, mechanism=_MAKES[kind], private_template=dict(_KEPT_IN)
                    )
            finally:
                self._end()  # whoever closes the session logs the others out
        return replace(place, object=label, id=key_id)

    def _sign(self, place: TokenPlace, kind: KeyType, data: bytes, mechanism: Mechanism) -> bytes:
        return self._twice(lambda: bytes(self._private(place, kind)[1].sign(data, mechanism=mechanism)))

    def _twice(self, ask: Callable[[], Answer]) -> Answer:
        """Ask, and once more from the beginning where the token or the session is not what it was."""
        with self._lock, _told():
            if self._pid != os.getpid():
                self._begin()
            try:
                return ask()
            except (PKCS11Error, _Absent):
                self._begin()
            try:
                return ask()
            except (PKCS11Error, _Absent):
                self._end()
                raise

    def _begin(self) -> None:
        """Initialise the module for this process, whoever used it before. Raises PKCS11Error, KeyUnusable."""
        self._end()
        self._library = pkcs11.lib(str(self._module))  # loads it once, and initialises it where it is not
        self._pid = os.getpid()

    def _end(self) -> None:
        """Forget all sessions; those of a parent process are its own, and go on."""
        self._pid = 0
        self._logged_in.clear()
        self._keys.clear()
        if self._library is not None:
            with suppress(PKCS11Error):
                self._library.finalize()

    def _private(self, place: TokenPlace, kind: KeyType) -> tuple[Any, Any]:
        """Return a key and the session it was found in: a new one, for a search in a stale one cannot be given up."""
        if place not in self._keys:
            session = self._session(place)
            self._keys[place] = (session, _one_of(session, place, kind, ObjectClass.PRIVATE_KEY))
        return self._keys[place]

    def _found(self, place: TokenPlace, kind: KeyType) -> tuple[TokenPlace, bytes]:
        session, private = self._private(place, kind)
        full = replace(place, object=private[Attribute.LABEL] or None, id=private[Attribute.ID] or None)
        public = _one_of(session, full, kind, ObjectClass.PUBLIC_KEY)
        return full, _point(public[Attribute.EC_POINT], _POINTS[kind])

    def _session(self, place: TokenPlace) -> Any:  # noqa: ANN401 - as above
        token = self._token(place)
        slot = token.slot.slot_id
        if slot in self._logged_in:
            return token.open()  # who has logged in has for all sessions of the process
        session = self._open(token, rw=False)
        self._logged_in.add(slot)
        return session

    def _token(self, place: TokenPlace) -> Any:  # noqa: ANN401 - as above
        wanted = {"label": place.token, "manufacturer_id": place.manufacturer, "model": place.model}
        wanted = {name: text for name, text in wanted.items() if text is not None}
        found = [
            token
            for token in self._library.get_tokens()
            if TokenFlag.TOKEN_INITIALIZED in token.flags
            and all(getattr(token, name) == text for name, text in wanted.items())
            and place.serial in {None, token.serial.decode("ascii", "replace").strip()}
        ]
        if not found:
            raise _Absent("the token is not there")
        if len(found) > 1:
            raise KeyUnusable("several tokens have that name; name one by its serial= too")
        return found[0]

    def _open(self, token: Any, *, rw: bool) -> Any:  # noqa: ANN401 - as above
        if self._pin_file is None:
            raise KeyUnusable("SIGILL_PKCS11_PIN_FILE is not set")
        mark, pin = mark_of(self._pin_file), _read_pin(self._pin_file)
        if mark is not None and mark == self._refused:
            raise KeyUnusable("the token refused the PIN; it is tried again when its file was written anew")
        if token.flags & (TokenFlag.USER_PIN_LOCKED | TokenFlag.USER_PIN_FINAL_TRY):
            raise KeyUnusable("the token's PIN is locked, or one try away from it: log in with the token's own tool")
        try:
            return token.open(rw=rw, user_pin=pin)
        except pkcs11.UserAlreadyLoggedIn:  # by somebody else in this process: that counts for all of it
            return token.open(rw=rw)
        except _PIN_ERRORS:
            self._refused = mark
            raise KeyUnusable("the token refused the PIN") from None


class _Absent(Exception):
    """Something is not there now, and may be when the module is initialised anew."""


@contextmanager
def _told() -> Iterator[None]:
    """Turn the library's errors into ours, by the name of their type: their texts are each module's own."""
    try:
        yield
    except _Absent as error:
        raise KeyUnusable(str(error)) from None
    except PKCS11Error as error:
        is_unloaded = type(error) is PKCS11Error  # all that comes from a token has a type of its own
        why = "its module cannot be loaded" if is_unloaded else type(error).__name__
        raise KeyUnusable(f"the token does not answer ({why})") from error


def _one_of(session: Any, place: TokenPlace, kind: KeyType, half: ObjectClass) -> Any:  # noqa: ANN401 - as above
    wanted: dict[Attribute, Any] = {Attribute.CLASS: half, Attribute.KEY_TYPE: kind}
    if place.id is not None:
        wanted[Attribute.ID] = place.id
    if place.object is not None:
        wanted[Attribute.LABEL] = place.object
    found = list(session.get_objects(wanted))
    what = "public key" if half is ObjectClass.PUBLIC_KEY else "key"
    if not found:
        raise _Absent(f"the token has no such {what}")
    if len(found) > 1:
        raise KeyUnusable(f"the token has several such {what}s; name one by its id=")
    return found[0]


def _point(value: bytes, length: int) -> bytes:
    """Return the point of a public key, which PKCS#11 wraps in an OCTET STRING and some modules do not."""
    if len(value) == length + 2 and value[0] == _OCTET_STRING and value[1] == length:
        return bytes(value[2:])
    return bytes(value)


def _read_pin(path: Path) -> str:
    try:
        pin = read_private(path).rstrip(b"\r\n")
    except FileNotFoundError:
        raise KeyUnusable("the file of the token's PIN is missing") from None
    if not 0 < len(pin) <= _MAX_PIN_BYTES:
        raise KeyUnusable("the file of the token's PIN holds none")
    try:
        return pin.decode("utf-8")
    except UnicodeDecodeError:
        raise KeyUnusable("the token's PIN is not UTF-8") from None
