"""What of a message is sealed: hashes of its text, exact bytes, links and attachments. The text is forgotten."""

from typing import NamedTuple

from sigill.encoding.base64url import encode_base64url, format_base64url
from sigill.seal.disclosures import MAX_HASHES
from sigill.text.html import read_html
from sigill.text.links import link_hash
from sigill.text.nu1 import canonicalise, exact, hash_plain
from signing.errors import RequestInvalid
from signing.request import SignRequest


class SealedContent(NamedTuple):
    """Hashes as base64url, those of the text as bytes; `n` is the exact text's length in bytes. Files are sorted."""

    h: bytes
    hx: bytes
    n: int
    links: tuple[str, ...]
    files: tuple[str, ...]


def hash_content(request: SignRequest) -> SealedContent:
    """Hash what the request carries. Raises RequestInvalid, NotCanonicalisable, MalformedHtml."""
    files = tuple(sorted(request.files)) if request.files else ()
    given = sum(each is not None for each in (request.text, request.html, request.digest))
    if given != 1:
        raise RequestInvalid("/text", f"exactly one of text, html and digest is needed; this has {given}")
    if request.digest is not None:
        digest = request.digest
        return SealedContent(digest.h.encode(), digest.hx.encode(), digest.n, digest.links, files)
    if request.html is not None:
        return _hash_html(request.html, files)
    return _hash_text(request.text or "", (), files, pointer="/text")


def _hash_html(html: str, files: tuple[str, ...]) -> SealedContent:
    visible = read_html(html)
    if len(visible.links) > MAX_HASHES:
        raise RequestInvalid("/html", f"{len(visible.links)} links; at most {MAX_HASHES} can be sealed")
    links = tuple(format_base64url(link_hash(target)) for target in visible.links)
    return _hash_text(visible.text, links, files, pointer="/html")


def _hash_text(text: str, links: tuple[str, ...], files: tuple[str, ...], *, pointer: str) -> SealedContent:
    plain = hash_plain(text)
    if plain is not None:
        return SealedContent(encode_base64url(plain[0]), encode_base64url(plain[1]), plain[2], links, files)
    canonical = canonicalise(text)
    if not canonical.text:
        raise RequestInvalid(pointer, "there is no visible text to seal")
    if canonical.code is not None:
        raise RequestInvalid(pointer, "the text already carries a Sigill code; seal the text without it")
    hx, length = exact(text)
    return SealedContent(encode_base64url(canonical.h), encode_base64url(hx), length, links, files)
