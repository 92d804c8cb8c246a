"""What of a message is sealed: hashes of its text, exact bytes, links and attachments. The text is forgotten."""

from dataclasses import dataclass

from sigill.encoding.base64url import format_base64url
from sigill.seal.disclosures import MAX_HASHES
from sigill.text.html import read_html
from sigill.text.links import link_hash
from sigill.text.nu1 import canonicalise, exact
from signing.errors import RequestInvalid
from signing.request import SignRequest


@dataclass(frozen=True, slots=True)
class SealedContent:
    """Hashes as base64url; `n` is the length in bytes of the exact text."""

    h: str
    hx: str
    n: int
    links: tuple[str, ...]
    files: tuple[str, ...]


def hash_content(request: SignRequest) -> SealedContent:
    """Hash what the request carries. Raises RequestInvalid, NotCanonicalisable, MalformedHtml."""
    given = [name for name in ("text", "html", "digest") if getattr(request, name) is not None]
    if len(given) != 1:
        raise RequestInvalid("/text", f"exactly one of text, html and digest is needed; this has {len(given)}")
    if request.digest is not None:
        digest = request.digest
        return SealedContent(digest.h, digest.hx, digest.n, digest.links, request.files)
    if request.html is not None:
        return _hash_html(request.html, request.files)
    return _hash_text(request.text or "", (), request.files, pointer="/text")


def _hash_html(html: str, files: tuple[str, ...]) -> SealedContent:
    visible = read_html(html)
    if len(visible.links) > MAX_HASHES:
        raise RequestInvalid("/html", f"{len(visible.links)} links; at most {MAX_HASHES} can be sealed")
    links = tuple(format_base64url(link_hash(target)) for target in visible.links)
    return _hash_text(visible.text, links, files, pointer="/html")


def _hash_text(text: str, links: tuple[str, ...], files: tuple[str, ...], *, pointer: str) -> SealedContent:
    canonical = canonicalise(text)
    if not canonical.text:
        raise RequestInvalid(pointer, "there is no visible text to seal")
    if canonical.code is not None:
        raise RequestInvalid(pointer, "the text already carries a Sigill code; seal the text without it")
    hx, length = exact(text)
    return SealedContent(format_base64url(canonical.h), format_base64url(hx), length, links, files)
