"""Where a key lives when it is no file: how `keys.json` and `--to` spell it.

    pkcs11:token=sigill;id=%a1%b2…;object=sigill%20seal-2;type=private      RFC 7512; without id and object: a new key
    kms:arn:aws:kms:eu-north-1:111122223333:key/1234abcd-…                  also kms:alias/…; kms:new is a new key

A PKCS#11 URI says which token and key. Module and PIN are settings of each host (`settings.key_stores`), never part of
a list that is backed up: attributes that name them are refused, like all that could not be obeyed.
"""

import re
from dataclasses import dataclass
from typing import Final, TypeAlias
from urllib.parse import quote, unquote_to_bytes

FILE: Final = "file"
_MAX_CHARS: Final = 1000
_PKCS11: Final = "pkcs11:"
_KMS: Final = "kms:"
_NEW: Final = "new"
_TEXTS: Final = ("token", "serial", "manufacturer", "model", "object")
_ELSEWHERE: Final = frozenset({"pin-value", "pin-source", "module-name", "module-path"})
_PART: Final = re.compile(r"(?:[A-Za-z0-9:\[\]@!$'()*+,=&._~-]|%[0-9A-Fa-f]{2})+\Z", re.ASCII)
_UNESCAPED: Final = ":[]@!$'()*+,=&"  # of RFC 7512's pk11-path-res-avail and reserved, what our reader takes
_KEY_ID: Final = r"(?:mrk-[0-9a-f]{32}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})"
_ALIAS: Final = r"alias/[A-Za-z0-9/_-]{1,250}"
_REGION: Final = r"arn:aws[a-z-]*:kms:(?P<region>[a-z0-9-]{1,30}):[0-9]{12}:"
_KMS_KEY: Final = re.compile(rf"(?:{_REGION})?(?:key/{_KEY_ID}|{_ALIAS})\Z|{_KEY_ID}\Z", re.ASCII)
_KMS_ARN: Final = re.compile(rf"{_REGION}key/{_KEY_ID}\Z", re.ASCII)


class PlaceMalformed(ValueError):
    """A place of a key that cannot be read; says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenPlace:
    """A key on a PKCS#11 token, or (with neither `id` nor `object`) the token alone."""

    token: str | None = None
    serial: str | None = None
    manufacturer: str | None = None
    model: str | None = None
    object: str | None = None
    id: bytes | None = None

    @property
    def names_key(self) -> bool:
        """Whether it is one key's place, and not that of a token for new ones."""
        return self.object is not None or self.id is not None

    def __str__(self) -> str:
        parts = [(name, getattr(self, name)) for name in _TEXTS]
        spelt = [f"{name}={quote(text, safe=_UNESCAPED)}" for name, text in parts if text is not None]
        if self.id is not None:
            spelt.append("id=" + "".join(f"%{byte:02x}" for byte in self.id))
        return _PKCS11 + ";".join([*spelt, "type=private"] if self.names_key else spelt)


@dataclass(frozen=True, slots=True)
class KmsPlace:
    """A key of AWS KMS by its ARN, id or alias; None: a new one, in the region `new_in` or that of AWS's settings."""

    key: str | None = None
    new_in: str | None = None

    @property
    def names_key(self) -> bool:
        """Whether it is one key's place, and not that of new ones."""
        return self.key is not None

    @property
    def is_lasting(self) -> bool:
        """Whether it names one key for good: an alias may come to mean another one."""
        return self.key is not None and _KMS_ARN.match(self.key) is not None

    @property
    def region(self) -> str | None:
        """The region of an ARN; of other names what AWS's own settings say."""
        found = None if self.key is None else _KMS_KEY.match(self.key)
        return self.new_in if found is None else found["region"]

    def __str__(self) -> str:
        return f"{_KMS}{_NEW if self.key is None else self.key}"


Place: TypeAlias = TokenPlace | KmsPlace


@dataclass(frozen=True, slots=True)
class Home:
    """Where a key lives, and its public half: 65 bytes (X9.62, uncompressed) of P-256, 32 bytes of Ed25519.

    With it, keys are published and everything is verified while the place itself does not answer.
    """

    place: Place
    public: bytes


def parse_place(text: str) -> Place | None:
    """Read a place; inverse of `str`. None is a file. Raises PlaceMalformed."""
    if text == FILE:
        return None
    if len(text) > _MAX_CHARS:
        raise PlaceMalformed(f"a place has at most {_MAX_CHARS} characters")
    if text.startswith(_PKCS11):
        return _parse_token(text.removeprefix(_PKCS11))
    if text.startswith(_KMS):
        return _parse_kms(text.removeprefix(_KMS))
    raise PlaceMalformed("a place is file, pkcs11:… (RFC 7512), kms:<ARN, alias/… or key id> or kms:new")


def _parse_kms(name: str) -> KmsPlace:
    if name == _NEW:
        return KmsPlace()
    if not _KMS_KEY.match(name):
        raise PlaceMalformed("after kms: comes a key's ARN or id, alias/…, or new")
    return KmsPlace(name)


def _parse_token(path: str) -> TokenPlace:
    path, _, query = path.partition("?")
    found: dict[str, bytes] = {}
    for part in [*filter(None, path.split(";")), *filter(None, query.split("&"))]:
        name, equals, value = part.partition("=")
        if name in _ELSEWHERE:
            raise PlaceMalformed(f"{name} does not belong in a key's place: module and PIN are settings of the service")
        if not equals or name in found or name not in {*_TEXTS, "id", "type"} or not _PART.match(value):
            raise PlaceMalformed(f"a PKCS#11 URI has {', '.join(_TEXTS)}, id and type, each once and percent-encoded")
        found[name] = unquote_to_bytes(value)
    if query or found.pop("type", b"private") != b"private":
        raise PlaceMalformed("a PKCS#11 URI without a query, of type private")
    try:
        texts = {name: found[name].decode("utf-8") for name in _TEXTS if name in found}
    except UnicodeDecodeError:
        raise PlaceMalformed("a PKCS#11 URI is UTF-8 but for its id") from None
    if not texts.keys() & {"token", "serial"}:
        raise PlaceMalformed("a PKCS#11 URI names its token, by token= or serial=")
    if not all(text.isprintable() for text in texts.values()):
        raise PlaceMalformed("the names in a PKCS#11 URI are printable")
    return TokenPlace(**texts, id=found.get("id"))
