"""Writing seals by the thousand: what seals of one kind share is formatted once, the rest is put between.

`format_claims` and `make_disclosure` say what a seal looks like. What stands here writes the same bytes from parts,
for values that can need no escape (hashes, ULIDs, numbers); tests hold it to that.
"""

import hashlib
from binascii import b2a_base64
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from sigill.encoding.base64url import TO_URL_SAFE, encode_base64url
from sigill.encoding.strict_json import format_canonical_json
from sigill.seal.claims import DIGESTS, SealClaims, format_claims
from sigill.seal.jws import format_header
from sigill.seal.salts import DECOY_BYTES, DECOYS_BEGIN, SALT_BYTES
from sigill.seal.token import TYP

_VARIES: Final = frozenset(
    ["_sd", "conv", "edits", "exp", "iat", "jti", "late", "pol", "rcp", "sent", "status"]
)  # from seal to seal of one kind; of `pol` only `fd` does


@dataclass(slots=True)
class OwnClaims:
    """What is one seal's own: times in Unix seconds, hashes in base64url; None for claims it does not carry.

    `conv` is (id, seq, prev); `status` is (index, address of the list); `sd` is sorted.
    """

    jti: bytes
    iat: int
    exp: int
    fd: bytes
    sd: Sequence[bytes]
    conv: tuple[str, int, str | None] | None = None
    rcp: bytes | None = None
    sent: int | None = None
    late: bool = False
    edits: str | None = None
    status: tuple[int, str] | None = None


@lru_cache(maxsize=64)  # a key's are the same in all its seals
def seal_head(kid: str) -> bytes:
    """Return how every seal of a key begins: its header and the dot."""
    return f"{format_header(kid=kid, typ=TYP)}.".encode("ascii")


class SealWriter:
    """Writes the payloads of seals that share everything but their `OwnClaims`."""

    def __init__(self, sample: SealClaims) -> None:
        payload = format_claims(sample)
        const = {name: _member(name, value) for name, value in payload.items() if name not in _VARIES}
        early = ("_sd_alg", "act", "ai", "att", "aud", "auth", "ch")
        self._sd_to_conv = b'"],' + b",".join([const[name] for name in early if name in const]) + b","
        self._dir = const["dir"] + b","
        self._iss_to_jti = b"," + const["iss"] + b',"jti":"'
        before, _, after = _member("pol", payload["pol"] | {"fd": "\0"}).partition(b'"\\u0000"')
        self._op_to_fd = const["op"] + b"," + before + b'"'
        self._fd_to_pur = b'"' + after + b"," + const["pur"]
        self._end = b"," + const["sub"] + b"}"

    def signing_input(self, own: OwnClaims, *, head: bytes) -> bytes:
        """Return `<header>.<payload>` of the seal, ready to sign with the key whose `seal_head` this is."""
        parts = [b'{"_sd":["', b'","'.join(own.sd), self._sd_to_conv]
        if own.conv is not None:
            parts.append(_conversation(*own.conv))
        parts.append(self._dir)
        if own.edits is not None:
            parts.append(b'"edits":"%b",' % own.edits.encode("ascii"))
        parts += (b'"exp":%d,"iat":%d' % (own.exp, own.iat), self._iss_to_jti, own.jti, b'",')
        if own.late:
            parts.append(b'"late":true,')
        parts += (self._op_to_fd, own.fd, self._fd_to_pur)
        if own.rcp is not None:
            parts.append(b',"rcp":"%b"' % own.rcp)
        if own.sent is not None:
            parts.append(b',"sent":%d' % own.sent)
        if own.status is not None:
            parts.append(b',"status":{"status_list":{"idx":%d,"uri":"%b"}}' % (own.status[0], own.status[1].encode()))
        parts.append(self._end)
        return head + encode_base64url(b"".join(parts))


def write_disclosures(values: Sequence[tuple[int, bytes, bytes]], *, block: bytes) -> tuple[list[bytes], list[bytes]]:
    """Return the disclosures' texts, in order, and `_sd`: their digests, decoys to make eight, sorted.

    `values` are places in `sigill.seal.salts.NAMES`, the names that stand there, and canonical JSON values; `block`
    is the seal's, with at least as many decoys as are needed.
    """
    decoys = DIGESTS - len(values)
    sha256, base64, url_safe = hashlib.sha256, b2a_base64, TO_URL_SAFE
    texts, digests = [], []
    for place, name, value in values:
        salt = block[SALT_BYTES * place : SALT_BYTES * (place + 1)]
        plain = b'["%b","%b",%b]' % (base64(salt, newline=False).translate(url_safe, b"="), name, value)
        text = base64(plain, newline=False).translate(url_safe, b"=")
        digests.append(base64(sha256(text).digest(), newline=False).translate(url_safe, b"="))
        texts.append(text)
    places = range(DECOYS_BEGIN, DECOYS_BEGIN + DECOY_BYTES * decoys, DECOY_BYTES)
    digests += [encode_base64url(block[begin : begin + DECOY_BYTES]) for begin in places]
    digests.sort()
    return texts, digests


def _member(name: str, value: Any) -> bytes:  # noqa: ANN401 - any JSON value
    return format_canonical_json({name: value})[1:-1]


def _conversation(conversation_id: str, seq: int, prev: str | None) -> bytes:
    if prev is None:
        return f'"conv":{{"id":"{conversation_id}","seq":{seq}}},'.encode("ascii")
    return f'"conv":{{"id":"{conversation_id}","prev":"{prev}","seq":{seq}}},'.encode("ascii")
