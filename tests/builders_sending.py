"""A played gateway to phones: a real HTTP server that checks every signature, and a world of the sending policy."""

import base64
import hmac
import json
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any, Final

from registry.sending.gateway import WebhookGateway, read_secret
from registry.sending.world import SendingWorld
from tests.builders_deployment import Deployment
from tests.builders_http import serving

SECRET: Final = "whsec_" + base64.b64encode(b"k" * 32).decode()
PHONE: Final = "+46 8 465 004 10"


@dataclass
class Gateway:
    """Where codes arrive. `status` is what it answers; what is not signed rightly is 401."""

    url: str = ""
    status: int = 204
    calls: list[dict[str, Any]] = field(default_factory=list)

    @property
    def code(self) -> str:
        """The code that came last."""
        code: str = self.calls[-1]["data"]["code"]
        return code

    def settings(self, folder: Path) -> dict[str, str]:
        """Settings of a deployment that sends its codes here."""
        path = folder / "gateway.secret"
        path.write_text(SECRET)
        return {"SIGILL_GATEWAY_URL": self.url, "SIGILL_GATEWAY_SECRET_FILE": str(path)}


@contextmanager
def played_gateway() -> Iterator[Gateway]:
    """Run a gateway until the block ends."""
    gateway = Gateway()

    class Handler(_Handler):
        played = gateway

    with serving(Handler) as address:
        gateway.url = f"{address}/codes"
        yield gateway


class _Handler(BaseHTTPRequestHandler):
    played: Gateway

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        good = self._is_signed(body)
        if good:
            self.played.calls.append(json.loads(body))
        self.send_response(self.played.status if good else 401)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _is_signed(self, body: bytes) -> bool:
        """Check as the specification says, written apart from what signs."""
        key = base64.b64decode(SECRET.removeprefix("whsec_"))
        told = ".".join([self.headers["webhook-id"], self.headers["webhook-timestamp"], body.decode()])
        wanted = base64.b64encode(hmac.digest(key, told.encode(), sha256)).decode()
        late = abs(datetime.now(UTC).timestamp() - int(self.headers["webhook-timestamp"])) > 300
        return not late and f"v1,{wanted}" in self.headers["webhook-signature"].split(" ")

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it
        """Say nothing."""


@dataclass
class Clock:
    """A clock that a test moves."""

    at: datetime = field(default_factory=lambda: datetime.now(UTC))

    def __call__(self) -> datetime:
        return self.at

    def pass_(self, **span: float) -> None:
        self.at += timedelta(**span)


def world_of(made: Deployment, *, gateway: Gateway | None = None, **changes: Any) -> SendingWorld:
    """Return a deployment's world, with a gateway where one is given, and changed."""
    changes = {"random": secrets.token_bytes, "unlisted": True, **changes}
    if gateway is not None:
        changes["gateway"] = WebhookGateway(gateway.url, secret=read_secret(SECRET), now=lambda: datetime.now(UTC))
    return replace(made.services.sending, **changes)
