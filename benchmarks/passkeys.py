"""What checking a passkey's answer costs: from the browser's JSON to what it proves, no database."""

from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from registry.people.assertion import ProvenAssertion, check_assertion, parse_passkey_assertion
from registry.people.model import Passkey, PersonId
from registry.people.relying_party import RelyingParty
from sigill.encoding.base64url import format_base64url
from tests.builders_passkeys import ORIGIN, PARTY, Authenticator

_CHALLENGE: Final = bytes(48)
_KEYS: Final[dict[str, Callable[[], Any]]] = {
    "passkey_es256": partial(ec.generate_private_key, ec.SECP256R1()),
    "passkey_eddsa": ed25519.Ed25519PrivateKey.generate,
    "passkey_rs256": partial(rsa.generate_private_key, 65537, 2048),
}


def passkey_calls() -> dict[str, Callable[[], object]]:
    """Return the checks to time, by the kind of key."""
    return {name: _check(Authenticator(key=make())) for name, make in _KEYS.items()}


def _check(device: Authenticator) -> Callable[[], ProvenAssertion]:
    asked = format_base64url(_CHALLENGE)
    answer = device.get(f'{{"challenge":"{asked}"}}')
    passkey = Passkey(
        id=format_base64url(device.credential_id),
        person_id=PersonId("pe-00000000000000000000"),
        name="measured",
        public_key=device.cose(),
        sign_count=0,
        aaguid="00000000-0000-0000-0000-000000000000",
        attestation="none",
        device_bound=True,
        transports=(),
        created_at=datetime.now(UTC),
    )
    party = RelyingParty(PARTY, ORIGIN)
    return lambda: check_assertion(parse_passkey_assertion(answer), passkey=passkey, challenge=_CHALLENGE, party=party)
