"""`nu1`: the one canonical form of a message text, and its hash `h`: SHA-256 over `nu1`, LF and the UTF-8.

1. Strict UTF-8, at most `MAX_TEXT_BYTES`.
2. Every well-formed invisible carrier goes, and the code line at the end (`sigill.text.codes`).
3. CRLF, CR, VT, FF, U+0085, U+2028 and U+2029 become LF.
4. NFC of Unicode 18.0.0; never NFKC, by which `10²` would become `102`.
5. TAB and every Zs become U+0020, runs of it one; lines are trimmed, empty lines dropped at both ends, several
   empty lines become one.
6. Nothing else is folded: quotes, dashes, case and digits are content.
7. What people cannot see, or not all see alike, is refused with its place (`sigill.text.hidden`).

A text of blanks only has the canonical form "": whether that may be sealed is the signer's question.
Canonical text is its own canonical form.
"""

import hashlib
import re
from dataclasses import dataclass
from typing import Final

from sigill.errors import NotCanonicalisable
from sigill.text.carrier import find_carriers, remove_codes, split_plain
from sigill.text.characters import BLANK, LINE_END, is_plain, nfc, squeeze
from sigill.text.codes import Code
from sigill.text.hidden import Finding, Kind, find_hidden, place_findings

__all__ = [
    "MAX_TEXT_BYTES",
    "Canonical",
    "Finding",
    "HiddenCharacters",
    "Kind",
    "canonical_h",
    "canonicalise",
    "exact",
    "hash_plain",
]

MAX_TEXT_BYTES: Final = 256 * 1024
_MAX_BYTES_A_CHARACTER: Final = 4
NU1_DOMAIN: Final = b"nu1\n"
_EMPTY_LINES: Final = re.compile("\n{3,}")


@dataclass(frozen=True, slots=True)
class Canonical:
    """A canonical text, its hash (32 bytes), the code found beside it, and the `body` that `exact` looks at."""

    text: str
    h: bytes
    code: Code | None
    body: str


class HiddenCharacters(NotCanonicalisable):
    """A text with characters people cannot see, or not all see alike; `findings` says which and where."""

    def __init__(self, findings: tuple[Finding, ...]) -> None:
        first = findings[0]
        super().__init__(f"hidden characters: {first.description} in line {first.line}; {len(findings)} in all")
        self.findings = findings


def canonicalise(text: str | bytes) -> Canonical:
    """Return the canonical form of `text` (bytes are UTF-8).

    Raises HiddenCharacters with its findings (at most `hidden.MAX_FINDINGS`), NotCanonicalisable for a text that is
    too long or not UTF-8.
    """
    given = _decode(text)
    plain = split_plain(given)
    if plain is not None:
        body, code = plain
        return Canonical(body, hash_canonical(body), code, body)
    body, code = remove_codes(given)
    normalised = nfc(LINE_END.sub("\n", body))
    hidden = find_hidden(normalised)
    if hidden:
        carriers = [(start, end) for _, start, end in find_carriers(given)]
        raise HiddenCharacters(place_findings(hidden, given=given, looked_at=normalised, removed=carriers))
    lines = "\n".join(map(squeeze, normalised.split("\n")))
    canonical = _EMPTY_LINES.sub("\n\n", lines).strip("\n")
    _check_size(canonical)
    return Canonical(canonical, hash_canonical(canonical), code, body.rstrip(BLANK))


def hash_plain(text: str) -> tuple[bytes, bytes, int] | None:
    """Return `h`, `hx` and `n` of a text that is its own canonical form and carries no code; None where it may not be.

    The quick way for what most messages are: a test holds it to `canonicalise` and `exact`.
    """
    if not is_plain(text):
        return None
    data = text.encode("utf-8")
    if len(data) > MAX_TEXT_BYTES:
        return None
    return hashlib.sha256(NU1_DOMAIN + data).digest(), hashlib.sha256(data).digest(), len(data)


def canonical_h(text: str | bytes) -> bytes:
    """Return `h`, 32 bytes. Raises as `canonicalise` does."""
    return canonicalise(text).h


def hash_canonical(canonical_text: str) -> bytes:
    """Return `h` of a text known to be canonical; unlike `canonical_h` it looks at nothing."""
    return hashlib.sha256(NU1_DOMAIN + canonical_text.encode("utf-8")).digest()


def exact(text: str | bytes) -> tuple[bytes, int]:
    """Return `hx` (32 bytes) and `n`: SHA-256 and length of the exact UTF-8 bytes.

    Carriers, the code line and blanks at the very end do not count: mail programs add and drop the latter. Raises
    HiddenCharacters for a lone surrogate, NotCanonicalisable for a text that is too long or not UTF-8.
    """
    return hash_exact(remove_codes(_decode(text))[0].rstrip(BLANK))


def hash_exact(body: str) -> tuple[bytes, int]:
    """Return `hx` and `n` of the `body` of a text. Raises HiddenCharacters for a lone surrogate."""
    try:
        data = body.encode("utf-8")
    except UnicodeEncodeError:
        raise HiddenCharacters(place_findings(find_hidden(body), given=body, looked_at=body, removed=[])) from None
    return hashlib.sha256(data).digest(), len(data)


def _decode(text: str | bytes) -> str:
    _check_size(text)
    if isinstance(text, str):
        return text
    try:
        return text.decode("utf-8")
    except UnicodeDecodeError as error:
        raise NotCanonicalisable(f"not UTF-8 at byte {error.start}") from None


def _check_size(text: str | bytes) -> None:
    if len(text) * _MAX_BYTES_A_CHARACTER <= MAX_TEXT_BYTES:
        return
    size = len(text) if isinstance(text, bytes) else len(text.encode("utf-8", "surrogatepass"))
    if size > MAX_TEXT_BYTES:
        raise NotCanonicalisable(f"a text of {size} bytes; at most {MAX_TEXT_BYTES} are canonicalised")
