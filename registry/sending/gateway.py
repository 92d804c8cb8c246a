"""Handing codes to the deployment's telephony or SMS gateway: one POST, signed as Standard Webhooks are.

    webhook-id: ct-…-1796032800000
    webhook-timestamp: 1796032800
    webhook-signature: v1,<base64 of HMAC-SHA256 over "id.timestamp.body">
    {"data":{"code":"123456","language":"sv","text":"…","to":"+46846500410","way":"call"},
     "timestamp":"2026-12-01T10:00:00Z","type":"code.send"}

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md. The POST is tried once: a
second one might call twice. The code is in no error and no log.
"""

import base64
import binascii
import hmac
from collections.abc import Callable
from datetime import UTC, datetime
from hashlib import sha256
from typing import Final

from registry.asking.configured import ConfiguredFetch, Limits
from registry.asking.exchange import NoAnswer, Question
from registry.sending.errors import GatewayFailed
from sigill.encoding.strict_json import format_canonical_json

PREFIX: Final = "whsec_"
_GOOD: Final = range(200, 300)
_MOST_BYTES: Final = 65_536
_LEAST_SECRET_BYTES: Final = 24
_TEXTS: Final = {
    "sv": "Sigill: koden är {code}. Den som begärde den vill visa att numret är företagets eget. Lämna den bara dit.",
    "en": "Sigill: the code is {code}. Whoever asked for it wants to show that this number is the firm's own. "
    "Give it to nobody else.",
}


def read_secret(text: str) -> bytes:
    """Return the bytes of a secret in the form `whsec_` and base64, 24 bytes at least. Raises ValueError."""
    try:
        secret = base64.b64decode(text.removeprefix(PREFIX).encode("ascii"), validate=True)
    except (binascii.Error, UnicodeEncodeError):
        secret = b""
    if not text.startswith(PREFIX) or len(secret) < _LEAST_SECRET_BYTES:
        raise ValueError(f"a webhook's secret is {PREFIX} and the base64 of at least {_LEAST_SECRET_BYTES} bytes")
    return secret


def sign_webhook(body: bytes, *, message_id: str, at_s: int, secret: bytes) -> str:
    """Return the value of `webhook-signature`."""
    signed = f"{message_id}.{at_s}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(secret, signed, sha256).digest()).decode("ascii")


class WebhookGateway:
    """Hands codes to one address. Threads may share it; neither address nor secret is ever shown."""

    def __init__(self, url: str, *, secret: bytes, now: Callable[[], datetime], ca_file: str | None = None) -> None:
        self._url = url
        self._secret = secret
        self._now = now
        self._fetch = ConfiguredFetch([url], limits=Limits(whole_s=10.0, try_s=10.0, tries=1), ca_file=ca_file)

    def __call__(self, *, number: str, code: str, way: str, language: str, message_id: str) -> None:
        """Hand a code over. Raises GatewayFailed."""
        at = self._now()
        spoken = ", ".join(code) if way == "call" else code
        body = format_canonical_json(
            {
                "type": "code.send",
                "timestamp": f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
                "data": {
                    "to": number,
                    "way": way,
                    "code": code,
                    "language": language,
                    "text": _TEXTS[language].format(code=spoken),
                },
            }
        )
        at_s = int(at.timestamp())
        headers = {
            "Content-Type": "application/json",
            "webhook-id": message_id,
            "webhook-timestamp": str(at_s),
            "webhook-signature": sign_webhook(body, message_id=message_id, at_s=at_s, secret=self._secret),
        }
        try:
            answered = self._fetch(Question(url=self._url, headers=headers, body=body, most_bytes=_MOST_BYTES))
        except NoAnswer as error:
            raise GatewayFailed(f"the gateway to phones is not reached ({error.code})") from None
        if answered.status not in _GOOD:
            raise GatewayFailed(f"the gateway to phones answers {answered.status}")
