"""Reading domain names that people give, and telling whose they can be.

Names are IDNA 2008 in lower case (RFC 5891), in the spelling of the name servers (`xn--…`). Whether a name is one
registrant's or everybody's is said by Mozilla's Public Suffix List (https://publicsuffix.org), as shipped with the
library.
"""

import re
import unicodedata
from functools import cache
from typing import Final

import idna
from publicsuffixlist import PublicSuffixList

from registry.errors import ApplicationInvalid

MAX_DOMAIN: Final = 253
"""The most characters of a name, without a dot at its end (RFC 1035 section 2.3.4)."""

_SHOWN: Final = 80
_NUMBER: Final = re.compile(r"[0-9]+|0x[0-9a-f]*")


def read_domain(text: str, *, unlisted: bool = False) -> str:
    """Return the domain of one registrant that `text` names, as name servers spell it: `köp.se` is `xn--kp-fka.se`.

    Raises ApplicationInvalid for what is no domain name, for an address, and for a public suffix such as `se`, `co.uk`
    or `github.io`. Names under a top level that is on no list pass only where `unlisted` (one's own networks, tests).
    """
    name = _read_name(text)
    suffixes = _suffixes()
    if suffixes.publicsuffix(name, accept_unknown=False) is None and not unlisted:
        raise _refuse(text, "is under no top level that anybody can register a name under")
    if suffixes.privatesuffix(name) is None:
        raise _refuse(
            text,
            "is a public suffix: its names belong to many owners, so it stands for none. Give the name under it that "
            "is yours",
        )
    return name


def registrable_domain(domain: str) -> str:
    """Return the part of a read domain that its owner registered: `example.co.uk` for `www.shop.example.co.uk`.

    A public suffix, which nobody registered, is returned as it is.
    """
    return _suffixes().privatesuffix(domain) or domain


def _read_name(text: str) -> str:
    if not text or len(text) > MAX_DOMAIN + 1:
        raise _refuse(text, f"is no domain name, which has 1 to {MAX_DOMAIN} characters")
    if "*" in text:
        raise _refuse(text, "stands for many names. Give the name itself, without the star")
    if any(sign in text for sign in ":/@") or text.endswith(".."):
        raise _refuse(text, "is no domain name. Give the name alone, as in example.se")
    lowered = unicodedata.normalize("NFC", text.lower()).removesuffix(".")
    try:
        name = idna.encode(lowered, strict=True).decode("ascii")
    except (idna.IDNAError, UnicodeError):
        raise _refuse(text, "is no domain name as in example.se") from None
    if _NUMBER.fullmatch(name.rpartition(".")[2]):
        raise _refuse(text, "is an address of a machine. Give the domain's name, as in example.se")
    return name


def _refuse(text: str, why: str) -> ApplicationInvalid:
    shown = text[:_SHOWN]
    return ApplicationInvalid(f"The domain {shown!r} {why}.")


@cache
def _suffixes() -> PublicSuffixList:
    return PublicSuffixList()
