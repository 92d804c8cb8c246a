"""The hash of a link target: SHA-256 over `link1`, LF and its UTF-8, so that a swapped target is seen.

Browsers rewrite a target a little when a mail is copied; what every one of them writes alike is folded first:
blanks around it and line ends and tabs in it go; for http and https, scheme and host are lower-case, the default
port goes, and an empty path is `/`. Path, query and fragment stay as they are.
"""

import hashlib
import re
from typing import Final

from sigill.errors import MalformedHtml

_DOMAIN: Final = b"link1\n"
_AROUND: Final = "".join(map(chr, range(0x21)))
_WITHIN: Final = str.maketrans("", "", "\t\n\r")
_WEB: Final = re.compile(r"(https?)://([^/?#]*@)?([^/?#@]*)(.*)\Z", re.IGNORECASE | re.DOTALL)
_DEFAULT_PORTS: Final = {"http": ":80", "https": ":443"}


def normalise_link(href: str) -> str:
    """Return the one spelling of a link target that is hashed."""
    target = href.strip(_AROUND).translate(_WITHIN)
    web = _WEB.match(target)
    if web is None:
        return target
    scheme = web[1].lower()
    host = web[3].lower().removesuffix(_DEFAULT_PORTS[scheme])
    rest = web[4] if web[4].startswith("/") else "/" + web[4]
    return f"{scheme}://{web[2] or ''}{host}{rest}"


def link_hash(href: str) -> bytes:
    """Return the 32-byte hash of a link target. Raises MalformedHtml for a lone surrogate."""
    try:
        return hashlib.sha256(_DOMAIN + normalise_link(href).encode("utf-8")).digest()
    except UnicodeEncodeError:
        raise MalformedHtml("a link target with half of a surrogate pair") from None
