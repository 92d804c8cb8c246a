"""Where the web server of a domain may point for the file of a challenge: the same file on `www.`, nowhere else.

A redirect to any other path could lead to what visitors of the site may write, one to another host to somebody else.
"""

from typing import Final
from urllib.parse import urljoin, urlsplit

from registry.asking.exchange import Answered
from registry.checks.domain_challenge import HTTPS, Challenge

_STATUSES: Final = frozenset({301, 302, 303, 307, 308})
_MAX_LOCATION: Final = 2048


def is_redirect(answered: Answered) -> bool:
    """Return whether the answer points elsewhere."""
    return answered.status in _STATUSES


def find_target(challenge: Challenge, answered: Answered, *, port: int = HTTPS) -> str | None:
    """Return where the answer leads that may be followed, spelt anew from the challenge; None for nowhere."""
    location = answered.headers.get("location", "")
    if not is_redirect(answered) or not location or len(location) > _MAX_LOCATION:
        return None
    try:
        target = urlsplit(urljoin(answered.url, location))
        host, at_port = target.hostname, target.port
    except ValueError:
        return None
    own = {challenge.domain, f"www.{challenge.domain}"}
    if target.scheme != "https" or host not in own or (at_port or HTTPS) != port or "@" in target.netloc:
        return None
    if target.path != challenge.file_path or target.query or target.fragment:
        return None
    return challenge.file_url(host=host, port=port)
