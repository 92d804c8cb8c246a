"""Access tokens for a client with a private key: got with a signed assertion, kept in memory, renewed in time."""

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from threading import Lock
from typing import Any, Final
from urllib.parse import urlencode

from sigill.client.answers import read_success, text_of
from sigill.client.credentials import ApiKey, Bearer, ClientIdentity
from sigill.client.errors import RequestRefused, SettingsRefused, UnexpectedAnswer
from sigill.client.http import HttpAnswer, Transport
from sigill.encoding.strict_json import parse_json
from sigill.errors import MalformedEncoding
from sigill.keys.client_statements import sign_assertion

METADATA_PATH: Final = "/.well-known/oauth-authorization-server"
_TOKEN_PATH: Final = "/oauth/token"  # noqa: S105 - an address
_ASSERTION_TYPE: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_FORM: Final = "application/x-www-form-urlencoded"
_BAD_REQUEST: Final = 400
_OK: Final = 200
_EARLIER_S: Final = 60.0
_EARLIER_PART: Final = 0.2
_JTI_BYTES: Final = 18
_MAX_ANSWER_BYTES: Final = 64 * 1024
_MAX_TOKEN: Final = 2000


@dataclass(frozen=True, slots=True)
class _Held:
    text: str = field(repr=False)
    until_s: float


class AccessTokens:
    """Gets access tokens (RFC 6749 section 4.4) and keeps the newest in memory until shortly before it ends.

    The assertion goes to the service's own address and nowhere that an answer names. `issuer` is whom it is for; where
    that is not known, the service's metadata (RFC 8414) say it: so have a key of its own for each guarantor.
    """

    def __init__(
        self,
        transport: Transport,
        identity: ClientIdentity,
        *,
        issuer: str | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._transport = transport
        self._identity = identity
        self._issuer = issuer
        self._now = now
        self._monotonic = monotonic
        self._held: _Held | None = None
        self._lock = Lock()

    def token(self) -> str:
        """Return a token that is good for a while yet; threads that need a new one wait for one request."""
        with self._lock:
            if self._held is None or self._monotonic() >= self._held.until_s:
                self._held = self._get()
            return self._held.text

    def renew(self, refused: str) -> bool:
        """Forget a token that was refused; the next call of `token` gets another."""
        with self._lock:
            if self._held is not None and self._held.text == refused:
                self._held = None
        return True

    def _get(self) -> _Held:
        if self._issuer is None:
            self._issuer = fetch_issuer(self._transport)
        assertion = sign_assertion(
            self._identity.key,
            client_id=self._identity.client_id,
            issuer=self._issuer,
            at=self._now(),
            jti=secrets.token_urlsafe(_JTI_BYTES),
        )
        form = {
            "grant_type": "client_credentials",
            "client_assertion_type": _ASSERTION_TYPE,
            "client_assertion": assertion,
        }
        asked_s = self._monotonic()
        answer = self._transport.exchange(
            "POST",
            _TOKEN_PATH,
            body=urlencode(form).encode("ascii"),
            headers={"Accept": "application/json", "Content-Type": _FORM},
            max_bytes=_MAX_ANSWER_BYTES,
        )
        return _read_token(answer, asked_s=asked_s)


def choose_bearer(
    transport: Transport, *, api_key: str | None, identity: ClientIdentity | None, issuer: str | None = None
) -> Bearer:
    """Return who asks a service. Raises SettingsRefused for both a key and a client, and for a key that is none."""
    if identity is None:
        return ApiKey(api_key)
    if api_key is not None:
        raise SettingsRefused("There are an API key and a client's private key. Give one of them.")
    return AccessTokens(transport, identity, issuer=issuer)


def fetch_issuer(transport: Transport) -> str:
    """Return who a service says it is, as an authorization server (RFC 8414). Raises UnexpectedAnswer."""
    answer = transport.exchange("GET", METADATA_PATH, headers={"Accept": "application/json"})
    return text_of(read_success(answer, status=_OK), "issuer")


def _read_token(answer: HttpAnswer, *, asked_s: float) -> _Held:
    """Read a token (RFC 6749 section 5.1). Raises RequestRefused for a refusal in OAuth's form (section 5.2)."""
    if answer.status == _BAD_REQUEST:
        raise _refusal(answer)
    members = read_success(answer, status=_OK)
    text, lasts_s = text_of(members, "access_token"), members.get("expires_in")
    if not (text.isascii() and text.isprintable() and 0 < len(text) <= _MAX_TOKEN):
        raise UnexpectedAnswer("The service gave no access token that can be sent. Check the address.")
    if isinstance(lasts_s, bool) or not isinstance(lasts_s, int | float) or lasts_s <= 0:
        raise UnexpectedAnswer("The service does not say how long its access token lasts. Check the address.")
    return _Held(text, asked_s + lasts_s - min(_EARLIER_S, lasts_s * _EARLIER_PART))


def _refusal(answer: HttpAnswer) -> RequestRefused | UnexpectedAnswer:
    try:
        members: Any = parse_json(answer.body, max_bytes=_MAX_ANSWER_BYTES)
    except MalformedEncoding:
        members = None
    error = members.get("error") if isinstance(members, dict) else None
    if not isinstance(error, str):
        return UnexpectedAnswer("The service refuses an access token and does not say why. Check the address.")
    says = members.get("error_description")
    return RequestRefused(
        problem=error,
        status=answer.status,
        detail=f"No access token is given to this client ({error}): {says}" if isinstance(says, str) else error,
        advice="Check the client's id and key, and that this machine's clock is right.",
    )
