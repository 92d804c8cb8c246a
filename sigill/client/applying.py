"""Applying to a guarantor: the key is proven to be held, and what comes back is read, not trusted for more."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, TypedDict

from sigill.client.answers import object_of, text_of
from sigill.client.errors import UnexpectedAnswer
from sigill.client.exchange import Call, Exchange, format_body
from sigill.keys.client_statements import prove_key
from sigill.keys.private_key import PrivateKey

_PATH: Final = "/v1/applications"
_JTI_BYTES: Final = 18


class Applicant(TypedDict, total=False):
    """Who applies; `name`, `environment`, `industry` and `markets` are needed, `identifier` too for live."""

    name: str
    environment: str
    industry: str
    markets: Sequence[str]
    id: str
    identifier: str
    lei: str
    website: str
    phone: str
    domains: Sequence[str]


@dataclass(frozen=True, slots=True)
class Application:
    """An application that was taken. `admin_key` and `signer_key` (None for live) are shown this once."""

    operator: str
    environment: str
    state: str
    client_id: str
    admin_key: str
    signer_key: str | None
    next: tuple[str, ...]
    members: Mapping[str, Any]


def send_application(applicant: Applicant, *, key: PrivateKey, issuer: str, exchange: Exchange) -> Application:
    """Apply with a key of one's own. Raises what every call does."""
    jti = secrets.token_urlsafe(_JTI_BYTES)
    proven = prove_key(key, operator=applicant.get("id", issuer), issuer=issuer, at=datetime.now(UTC), jti=jti)
    body = {**applicant, "key": proven.members}
    return read_application(exchange.send(Call(path=_PATH, body=format_body(body), status=201)))


def read_application(members: Mapping[str, Any]) -> Application:
    """Read the answer to an application. Raises UnexpectedAnswer."""
    keys = object_of(members, "api_keys")
    steps = members.get("next")
    if not isinstance(steps, list) or not all(isinstance(step, str) for step in steps):
        raise UnexpectedAnswer("The answer does not say what is to be done next.")
    return Application(
        operator=text_of(members, "operator"),
        environment=text_of(members, "environment"),
        state=text_of(members, "state"),
        client_id=text_of(members, "client_id"),
        admin_key=text_of(keys, "admin"),
        signer_key=None if keys.get("signer") is None else text_of(keys, "signer"),
        next=tuple(steps),
        members=members,
    )
