"""Keys that are no files, by their place: opened, found, made. What is not needed is not imported, nor installed."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from settings.key_stores import KeyStores
from signing.errors import KeyUnusable
from signing.keys.listing import KeyKind, ListedKey
from signing.keys.places import Home, KmsPlace, Place, TokenPlace
from signing.keys.protocol import Ed25519Signer, P256Signer
from signing.keys.remote import RemoteEd25519, RemoteP256, ed25519_of, p256_of

if TYPE_CHECKING:
    from signing.keys.kms import Kms
    from signing.keys.token import TokenModule

NO_LOG_IN_KMS: Final = "the log's keys live in files or on a PKCS#11 token: each commit waits for their signature"


class Stores:
    """How one process reaches its tokens and KMS: connections are made when a key first signs. Any number of threads.

    Opening a key asks nobody: its public half is in the list.
    """

    def __init__(self, settings: KeyStores | None = None) -> None:
        self._settings = settings or KeyStores()
        self._module: TokenModule | None = None
        self._kms: Kms | None = None

    def open_p256(self, name: str, home: Home) -> P256Signer:
        """Return a listed P-256 key. Raises KeyUnusable."""
        place = home.place
        if isinstance(place, KmsPlace):
            return RemoteP256(name, home.public, lambda message: self._the_kms().sign(place, message))
        return RemoteP256(name, home.public, lambda message: self._the_module().sign_p256(place, message))

    def open_ed25519(self, name: str, home: Home) -> Ed25519Signer:
        """Return a listed Ed25519 key. Raises KeyUnusable."""
        place = home.place
        if isinstance(place, KmsPlace):
            raise KeyUnusable(NO_LOG_IN_KMS)
        return RemoteEd25519(name, home.public, lambda message: self._the_module().sign_ed25519(place, message))

    def settle(self, key: ListedKey, place: Place, *, random: Callable[[int], bytes]) -> Home:
        """Return the home of a new generation: the key that the place names, or one made there. Raises KeyUnusable."""
        label = f"sigill {key.kind}-{key.generation}"
        if isinstance(place, KmsPlace):
            home = self._in_kms(place, key, label)
        else:
            home = self._on_token(place, key, label, random)
        (ed25519_of if key.kind is KeyKind.LOG else p256_of)(label, home.public)
        return home

    def _in_kms(self, place: KmsPlace, key: ListedKey, label: str) -> Home:
        if key.kind is KeyKind.LOG:
            raise KeyUnusable(NO_LOG_IN_KMS)
        kms = self._the_kms()
        return Home(*kms.find(place if place.names_key else kms.make(place, label=label)))

    def _on_token(self, place: TokenPlace, key: ListedKey, label: str, random: Callable[[int], bytes]) -> Home:
        module, is_log = self._the_module(), key.kind is KeyKind.LOG
        if not place.names_key:
            place = module.make(place, label=label, is_ed25519=is_log, random=random)
        return Home(*module.find(place, is_ed25519=is_log))

    def _the_module(self) -> "TokenModule":
        if self._module is None:
            path = self._settings.pkcs11_module
            if path is None:
                raise KeyUnusable("the token cannot be reached: SIGILL_PKCS11_MODULE is not set")
            try:
                from signing.keys.token import TokenModule  # noqa: PLC0415 - python-pkcs11 is an extra
            except ImportError:
                raise KeyUnusable("the token cannot be reached: python-pkcs11 is not installed") from None
            self._module = TokenModule(path, self._settings.pkcs11_pin_file)
        return self._module

    def _the_kms(self) -> "Kms":
        if self._kms is None:
            try:
                from signing.keys.kms import Kms  # noqa: PLC0415 - boto3 takes 20 MB, and few need it
            except ImportError:
                raise KeyUnusable("KMS cannot be reached: boto3 is not installed") from None
            self._kms = Kms(self._settings.kms_endpoint)
        return self._kms
