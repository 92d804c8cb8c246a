"""What an operator publishes to show that a domain is its own, as a DNS record or as a file.

```
_sigill-challenge.example.se. IN TXT "token=FfgQ… expiry=2027-11-29"
https://example.se/.well-known/sigill-challenge/kd3R…   holding   kd3R….NzbL…
```

The record is that of draft-ietf-dnsop-domain-verification-techniques-13 sections 6.1 to 6.3. As in ACME (RFC 8555
sections 8.1, 8.3 and 8.4), what is published names the operator's key: whoever publishes it vouches for that key, and
copying another operator's record gains nothing.
"""

import hashlib
import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from registry.checks.domain_names import MAX_DOMAIN
from registry.errors import ApplicationInvalid
from sigill.encoding.base64url import format_base64url

LASTS: Final = timedelta(days=365)
"""How long a challenge is good for: its first check and every check after it, without another change of the domain."""

HTTPS: Final = 443
PREFIX: Final = "_sigill-challenge"
_PATH: Final = "/.well-known/sigill-challenge/"
_RANDOM_BYTES: Final = 32
_THUMBPRINT: Final = re.compile(r"[A-Za-z0-9_-]{43}")
_PAIR: Final = re.compile(r"([A-Za-z0-9_-]+)(?:=([!#-\[\]-~]+))?")
_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_MOMENT: Final = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,6})?([Zz]|[+-][0-9]{2}:[0-9]{2})"
)
_NEVER: Final = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Challenge:
    """One operator's task for one domain. `thumbprint` is of the operator's key (RFC 7638), `last_day` is in UTC."""

    domain: str
    token: str
    thumbprint: str
    last_day: date

    @property
    def ends(self) -> datetime:
        """The first instant at which the challenge is good for nothing."""
        return _end_of(self.last_day)

    @property
    def record_name(self) -> str:
        """The name of the DNS record."""
        return f"{PREFIX}.{self.domain}"

    @property
    def record_token(self) -> str:
        """What the record's token must be: the digest of the file's content."""
        return format_base64url(hashlib.sha256(self.file_content.encode("ascii")).digest())

    @property
    def record(self) -> str:
        """The text of the DNS record."""
        return f"token={self.record_token} expiry={self.last_day.isoformat()}"

    @property
    def file_path(self) -> str:
        """The path of the file on the domain's web server."""
        return _PATH + self.token

    @property
    def file_content(self) -> str:
        """The text of the file: RFC 8555's key authorisation."""
        return f"{self.token}.{self.thumbprint}"

    def file_url(self, *, host: str | None = None, port: int = HTTPS) -> str:
        """Return where the file is; `host` is the domain itself unless given."""
        return f"https://{host or self.domain}{'' if port == HTTPS else f':{port}'}{self.file_path}"


@dataclass(frozen=True, slots=True)
class Record:
    """A TXT record that could be an answer: its token, and the instant from which it no longer counts."""

    token: str
    ends: datetime


def make_challenge(domain: str, *, thumbprint: str, random: bytes, at: datetime, lasts: timedelta = LASTS) -> Challenge:
    """Return a new challenge for a domain that `read_domain` read. `random` is 32 bytes that nobody can foresee.

    Raises ApplicationInvalid for a domain too long to have a record, ValueError for a wrong thumbprint or `random`.
    """
    if len(random) != _RANDOM_BYTES or not _THUMBPRINT.fullmatch(thumbprint):
        raise ValueError("a challenge needs 32 random bytes and the thumbprint of a key")
    if len(PREFIX) + 1 + len(domain) > MAX_DOMAIN:
        raise ApplicationInvalid("The domain is too long for a record beside it. Give a shorter one above it.")
    return Challenge(
        domain=domain,
        token=format_base64url(random),
        thumbprint=thumbprint,
        last_day=(at + lasts).astimezone(UTC).date(),
    )


def parse_record(data: bytes) -> Record | None:
    """Read the text of a TXT record, its strings joined; None for one that is no answer to any challenge.

    Attributes other than `token` and `expiry` are passed over. A text that does not begin with `token=` is all token.
    """
    try:
        text = data.decode("ascii")
    except UnicodeDecodeError:
        return None
    if not text.lower().startswith("token="):
        return Record(text, _NEVER)
    pairs = [_PAIR.fullmatch(part) for part in text.strip(" ").split(" ") if part]
    values = [(pair[1].lower(), pair[2] or "") for pair in pairs if pair]
    ends = [_parse_expiry(value) for key, value in values if key == "expiry"]
    tokens = [value for key, value in values if key == "token"]
    if len(values) != len(pairs) or len(tokens) != 1 or len(ends) > 1 or None in ends:
        return None
    return Record(tokens[0], (ends[0] if ends else None) or _NEVER)


def _parse_expiry(value: str) -> datetime | None:
    """Return the instant from which a record no longer counts; a day counts whole (RFC 3339 section 5.6)."""
    if value.lower() == "never":
        return _NEVER
    try:
        if _DAY.fullmatch(value):
            return _end_of(date.fromisoformat(value))
        if _MOMENT.fullmatch(value):
            return datetime.fromisoformat(value.upper()).astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    return None


def _end_of(day: date) -> datetime:
    return datetime.combine(day, time.min, tzinfo=UTC) + timedelta(days=1)
