"""Binding a seal to one recipient without saying who.

`rcp` is in the clear: HMAC(the month's salt key, `rcp1` ‖ jti ‖ type ‖ address), different in every seal, so it shows
that a message is meant for one person and nothing else. `rcp_open` is a disclosure the recipient alone holds: with
its salt she can check her own address without the service.
"""

import hashlib
import hmac
from typing import Final

from sigill.encoding.base64url import format_base64url
from sigill.encoding.strict_json import Json
from sigill.seal.disclosures import AddressType

_DIVIDER: Final = b"\n"


def commit_recipient(salt_key: bytes, *, jti: str, kind: AddressType, address: str) -> str:
    """Return `rcp` for a normalised address."""
    message = recipient_message(jti=jti.encode("ascii"), kind=kind, address=address)
    return format_base64url(hmac.digest(salt_key, message, "sha256"))


def recipient_message(*, jti: bytes, kind: AddressType, address: str) -> bytes:
    """Return what `rcp` is the HMAC of."""
    return _DIVIDER.join([b"rcp1", jti, kind.value.encode(), address.encode("utf-8")])


def open_recipient(salt: bytes, *, kind: AddressType, address: str) -> Json:
    """Return the value of `rcp_open`: the type and SHA-256 over salt and address."""
    return {"t": kind.value, "h": hash_recipient(salt, kind=kind, address=address)}


def hash_recipient(salt: bytes, *, kind: AddressType, address: str) -> str:
    """Return the hash in `rcp_open`."""
    message = _DIVIDER.join([b"rcpo1", salt, kind.value.encode(), address.encode("utf-8")])
    return format_base64url(hashlib.sha256(message).digest())
