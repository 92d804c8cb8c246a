"""What a forger would try: real seals signed anew, claims changed, parts of two seals put together."""

import json
from collections.abc import Callable
from typing import Any

from sigill.encoding.base64url import format_base64url
from sigill.encoding.strict_json import format_canonical_json
from sigill.seal.token import parse_seal
from tests.builders_seal import MemorySigner, header_of, sign_raw

Payload = dict[str, Any]
FORGER = MemorySigner(4711)


def sign_again(
    seal: str, *, signer: Any = FORGER, change: Callable[[Payload], Payload] = dict, disclosures: str | None = None
) -> str:
    """Return `seal` with its claims changed and signed by `signer` (a key nobody published, unless given)."""
    payload = change(payload_of(seal))
    shown = "~" + seal.split("~", 1)[1] if disclosures is None else disclosures
    return sign_raw(header_of(signer), payload, signer=signer) + shown


def change_claims(seal: str, change: Callable[[Payload], Payload]) -> str:
    """Return `seal` with its claims changed under its old signature."""
    jws, shown = seal.split("~", 1)
    header, _, signature = jws.split(".")
    payload = format_base64url(format_canonical_json(change(payload_of(seal))))
    return f"{header}.{payload}.{signature}~{shown}"


def payload_of(seal: str) -> Payload:
    """Return a copy of a seal's claims."""
    copied: Payload = json.loads(json.dumps(parse_seal(seal).jws.payload))
    return copied
