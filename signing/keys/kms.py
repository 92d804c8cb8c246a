"""P-256 keys in AWS KMS, through boto3. Credentials come from AWS's usual environment, files or instance role.

A message of up to 4096 bytes is hashed by KMS (RAW), a longer one here (DIGEST). What KMS answers is DER.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from threading import Lock
from typing import Any, Final

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_der_public_key

from sigill.keys.p256 import normalise_signature
from signing.errors import KeyUnusable
from signing.keys.places import KmsPlace

MAX_RAW_BYTES: Final = 4096
_ALGORITHM: Final = "ECDSA_SHA_256"
_SPEC: Final = "ECC_NIST_P256"
_USAGE: Final = "SIGN_VERIFY"
_CONNECT_S: Final = 1.0
_READ_S: Final = 2.0
_ATTEMPTS: Final = 2
_SHOWN: Final = 60


class Kms:
    """AWS KMS, or what answers like it at `endpoint`. Any number of threads; a connection crosses no fork."""

    def __init__(self, endpoint: str | None) -> None:
        self._endpoint = endpoint
        self._lock = Lock()
        self._clients: dict[tuple[int, str | None], Any] = {}

    def sign(self, place: KmsPlace, message: bytes) -> bytes:
        """Return raw r‖s of 64 bytes, low-S. Raises KeyUnusable."""
        is_raw = len(message) <= MAX_RAW_BYTES
        with _asking():
            answer = self._client(place).sign(
                KeyId=place.key,
                Message=message if is_raw else sha256(message).digest(),
                MessageType="RAW" if is_raw else "DIGEST",
                SigningAlgorithm=_ALGORITHM,
            )
            return normalise_signature(answer["Signature"])

    def find(self, place: KmsPlace) -> tuple[KmsPlace, bytes]:
        """Return a key's place by its ARN, and its public half as `Home` has it. Raises KeyUnusable."""
        with _asking():
            client = self._client(place)
            lasting = KmsPlace(client.describe_key(KeyId=place.key)["KeyMetadata"]["Arn"])
            answer = client.get_public_key(KeyId=lasting.key)
            key = load_der_public_key(answer["PublicKey"])
        is_p256 = isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, ec.SECP256R1)
        if not is_p256 or answer["KeyUsage"] != _USAGE or not lasting.is_lasting:
            raise KeyUnusable(f"that key of KMS is not one of {_SPEC} for {_USAGE}")
        return lasting, key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)

    def make(self, place: KmsPlace, *, label: str) -> KmsPlace:
        """Make a key; return its place by its ARN. Raises KeyUnusable."""
        with _asking():
            made = self._client(place).create_key(KeySpec=_SPEC, KeyUsage=_USAGE, Description=label)
            return KmsPlace(made["KeyMetadata"]["Arn"])

    def _client(self, place: KmsPlace) -> Any:  # noqa: ANN401 - boto3 makes its classes as it runs
        known = (os.getpid(), place.region)
        with self._lock:  # making a client is no matter for two threads at once
            if known not in self._clients:
                self._clients = {key: client for key, client in self._clients.items() if key[0] == known[0]}
                self._clients[known] = boto3.client(
                    "kms",
                    endpoint_url=self._endpoint,
                    region_name=place.region,
                    config=Config(
                        connect_timeout=_CONNECT_S,
                        read_timeout=_READ_S,
                        retries={"mode": "standard", "total_max_attempts": _ATTEMPTS},
                    ),
                )
            return self._clients[known]


@contextmanager
def _asking() -> Iterator[None]:
    """Turn the library's errors into ours, by their code: their texts name accounts and keys."""
    try:
        yield
    except ClientError as error:
        code = str(error.response.get("Error", {}).get("Code", "no code"))[:_SHOWN]
        raise KeyUnusable(f"KMS refused ({code})") from error
    except BotoCoreError as error:
        raise KeyUnusable(f"KMS does not answer ({type(error).__name__})") from error
    except (KeyError, ValueError, TypeError) as error:
        raise KeyUnusable("KMS answered something else than was asked") from error
