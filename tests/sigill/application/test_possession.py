"""The proof that a key is one's own, as other libraries and the registry read it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from registry.clients.possession import PROOF_TYP, check_possession
from registry.clients.public_key import parse_public_key
from registry.errors import ClientKeyRefused
from sigill.application.possession import LASTS, TYP, make_proof, public_jwk

ISSUER = "https://guarantor.example"
AT = datetime.now(UTC)
KEY = ec.generate_private_key(ec.SECP256R1())


def proof(**changes: Any) -> str:
    told: dict[str, Any] = {"issuer": ISSUER, "subject": "exempelbanken", "at": AT, "randomness": bytes(16)}
    return make_proof(KEY, **(told | changes))


def test_the_registry_takes_it_for_this_operator_and_no_other() -> None:
    key = parse_public_key(public_jwk(KEY.public_key()))
    check_possession(proof(), key=key, operator_id="exempelbanken", issuer=ISSUER, at=AT)
    check_possession(proof(subject=ISSUER), key=key, operator_id=None, issuer=ISSUER, at=AT)
    wrong: tuple[dict[str, Any], ...] = (
        {"operator_id": "another"},
        {"issuer": "https://another.example"},
        {"at": AT + 2 * LASTS},
    )
    right: dict[str, Any] = {"key": key, "operator_id": "exempelbanken", "issuer": ISSUER, "at": AT}
    for changes in wrong:
        with pytest.raises(ClientKeyRefused):
            check_possession(proof(), **(right | changes))


def test_a_foreign_library_verifies_it() -> None:
    claims = jwt.decode(proof(), KEY.public_key(), algorithms=["ES256"], audience=ISSUER)
    assert claims["exp"] - claims["iat"] == LASTS / timedelta(seconds=1)
    header = jwt.get_unverified_header(proof())
    assert header["typ"] == TYP == PROOF_TYP
    assert header["kid"] == parse_public_key(public_jwk(KEY.public_key())).thumbprint
