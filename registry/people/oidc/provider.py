"""The identity provider: what it says of itself, its keys, and what it gives for a code. Over HTTP, and bounded.

Its metadata (OpenID Connect Discovery 1.0) and keys are kept for an hour; keys are fetched again where a token names
one that is not among them, at most once a minute. One that does not answer is left alone for some seconds: anybody can
open the page that asks it.
"""

import base64
import hashlib
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from threading import Lock
from typing import Any, Final
from urllib.parse import quote, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import ec

from registry.asking.configured import ConfiguredFetch, Limits
from registry.asking.exchange import Answered, NoAnswer, Question
from registry.errors import ProviderRefused
from sigill.encoding.base64url import format_base64url
from sigill.encoding.strict_json import parse_json
from sigill.errors import MalformedEncoding

KEPT_S: Final = 3600.0
AGAIN_S: Final = 60.0
LEFT_ALONE_S: Final = 5.0
_LIMITS: Final = Limits(whole_s=6.0, try_s=5.0, tries=2)
_MAX_BYTES: Final = 262_144
_OK: Final = 200
_ASSERTION_S: Final = 60
_ASSERTION: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_ENDPOINTS: Final = ("authorization_endpoint", "token_endpoint", "jwks_uri")


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """What this service is to the provider: its id, a secret or a private key, and where people come back to."""

    issuer: str
    client_id: str
    redirect_uri: str
    secret: str | None = field(default=None, repr=False)
    key: ec.EllipticCurvePrivateKey | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Metadata:
    """Where to send people, where to bring a code, where the keys are; `names_itself`: answers carry `iss`."""

    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    names_itself: bool


class Provider:
    """One provider; any number of threads. Its methods raise ProviderRefused."""

    def __init__(self, client: Client, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self.client = client
        self._monotonic = monotonic
        self._lock = Lock()
        self._metadata: tuple[float, Metadata] | None = None
        self._keys: tuple[float, Mapping[str, Any]] | None = None
        self._failed: tuple[float, ProviderRefused] | None = None

    def metadata(self) -> Metadata:
        """Return what the provider says of itself, if it says it under the very issuer that was configured."""
        with self._lock:
            now_s = self._monotonic()
            if self._metadata is None or now_s - self._metadata[0] >= KEPT_S:
                url = f"{self.client.issuer.removesuffix('/')}/.well-known/openid-configuration"
                self._metadata = (now_s, read_metadata(self._asked(url), issuer=self.client.issuer))
            return self._metadata[1]

    def keys(self, kid: str | None) -> Mapping[str, Any]:
        """Return the provider's JWKS, fetched anew where `kid` is not among them and they are not brand-new."""
        uri = self.metadata().jwks_uri
        with self._lock:
            now_s = self._monotonic()
            known = self._keys
            if known is not None and now_s - known[0] < (KEPT_S if _has(known[1], kid) else AGAIN_S):
                return known[1]
            found = self._asked(uri)
            self._keys = (now_s, found)
            return found

    def redeem(self, code: str, *, verifier: str, jti: str) -> str:
        """Return the ID token given for a code (RFC 6749 section 4.1.3, RFC 7636)."""
        endpoint = self.metadata().token_endpoint
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self.client.redirect_uri,
            "code_verifier": verifier,
        }
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
        if self.client.key is not None:
            form |= {"client_id": self.client.client_id, "client_assertion_type": _ASSERTION}
            form["client_assertion"] = self._assertion(self.client.key, jti)
        else:
            headers["Authorization"] = self._basic()
        answer = _ask(Question(url=endpoint, headers=headers, body=urlencode(form).encode()))
        token = answer.get("id_token")
        if not isinstance(token, str):
            raise ProviderRefused("no_id_token", "the identity provider gave no ID token")
        return token

    def _asked(self, url: str) -> dict[str, Any]:
        """Ask for what is kept afterwards, unless asking failed just now; with the lock."""
        if self._failed is not None and self._monotonic() - self._failed[0] < LEFT_ALONE_S:
            raise ProviderRefused(self._failed[1].reason, str(self._failed[1]))
        try:
            return _ask(Question(url=url))
        except ProviderRefused as error:
            self._failed = (self._monotonic(), error)
            raise

    def _assertion(self, key: ec.EllipticCurvePrivateKey, jti: str) -> str:
        now = int(time.time())
        who = {"iss": self.client.client_id, "sub": self.client.client_id, "aud": self.client.issuer}
        claims = {**who, "jti": jti, "iat": now, "exp": now + _ASSERTION_S}
        return jwt.encode(claims, key, algorithm="ES256")

    def _basic(self) -> str:
        secret = self.client.secret or ""
        pair = f"{quote(self.client.client_id, safe='')}:{quote(secret, safe='')}"
        return "Basic " + base64.b64encode(pair.encode()).decode("ascii")


def read_metadata(value: Mapping[str, Any], *, issuer: str) -> Metadata:
    """Return a provider's metadata. Raises ProviderRefused unless `issuer` is its exact name, and all is by https.

    A provider on this very machine may use http, as may its endpoints.
    """
    if value.get("issuer") != issuer:
        raise ProviderRefused("wrong_issuer", "the identity provider calls itself something else")
    scheme = urlsplit(issuer).scheme
    places = {name: value.get(name) for name in _ENDPOINTS}
    for place in places.values():
        if not isinstance(place, str) or urlsplit(place).scheme not in {"https", scheme}:
            raise ProviderRefused("bad_metadata", "the identity provider's metadata lacks an address")
    return Metadata(**places, names_itself=value.get("authorization_response_iss_parameter_supported") is True)  # type: ignore[arg-type]


def challenge_of(verifier: str) -> str:
    """Return the S256 challenge of a PKCE verifier (RFC 7636 section 4.2)."""
    return format_base64url(hashlib.sha256(verifier.encode("ascii")).digest())


def _has(keys: Mapping[str, Any], kid: str | None) -> bool:
    listed = keys.get("keys")
    return isinstance(listed, list) and any(isinstance(key, dict) and key.get("kid") == kid for key in listed)


def _ask(question: Question) -> dict[str, Any]:
    try:
        fetch = ConfiguredFetch([question.url], limits=_LIMITS)
        try:
            answered: Answered = fetch(question)
        finally:
            fetch.close()
    except (NoAnswer, ValueError) as error:
        code = error.code if isinstance(error, NoAnswer) else "bad_address"
        raise ProviderRefused(f"no_answer_{code}", "the identity provider does not answer just now") from None
    if answered.status != _OK:
        raise ProviderRefused(f"status_{answered.status}", "the identity provider did not give what was asked for")
    try:
        value = parse_json(answered.body, max_bytes=_MAX_BYTES)
    except MalformedEncoding:
        raise ProviderRefused("no_json", "the identity provider's answer cannot be read") from None
    if not isinstance(value, dict):
        raise ProviderRefused("no_json", "the identity provider's answer cannot be read")
    return value
