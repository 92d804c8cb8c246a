"""Builders for the log's formats: a note signer that keeps its key in memory, and a tree that keeps every node."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from sigill.tlog.note import VerifierKey


@dataclass(frozen=True)
class MemorySigner:
    name: str
    private_key: Ed25519PrivateKey

    @property
    def verifier(self) -> VerifierKey:
        return VerifierKey(self.name, self.private_key.public_key().public_bytes_raw())

    def sign(self, message: bytes) -> bytes:
        return self.private_key.sign(message)


@pytest.fixture(scope="session")
def signer_named() -> Callable[[str], MemorySigner]:
    def make(name: str, seed: int = 1) -> MemorySigner:
        return MemorySigner(name, Ed25519PrivateKey.from_private_bytes(bytes([seed]) * 32))

    return make
