"""What a signature costs where the guarantor's keys can live on one machine: a file, and a token (SoftHSM).

python -m benchmarks.tokens --seconds 1 --rounds 5

Wall time, for a token's work may be somebody else's; it needs Debian's softhsm2. KMS is not measured: its time is the
network's.
"""

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from benchmarks.samples import spread
from settings.key_stores import KeyStores
from signing.keys.files import open_ed25519, open_p256
from signing.keys.listing import KeyKind, ListedKey
from signing.keys.places import Home, TokenPlace
from signing.keys.stores import Stores
from tests.builders_token import MODULE, soft_hsm

_MESSAGE: Final = b"m" * 600
_BLOCK: Final = 20


def measure(*, seconds: float, rounds: int) -> dict[str, list[float]]:
    """Return each place's µs a signature, one value a round; the rounds are interleaved."""
    with tempfile.TemporaryDirectory() as folder, soft_hsm(Path(folder) / "hsm") as hsm:
        stores = Stores(KeyStores(pkcs11_module=MODULE, pkcs11_pin_file=hsm.pin_file))
        signers: dict[str, Callable[[bytes], bytes]] = {
            "P-256, file": open_p256(Path(folder) / "seal.pem", make=True).sign,
            "P-256, token": stores.open_p256("seal-1", _settle(stores, KeyKind.SEAL)).sign,
            "Ed25519, file": open_ed25519(Path(folder) / "log.pem", make=True).sign,
            "Ed25519, token": stores.open_ed25519("log-1", _settle(stores, KeyKind.LOG)).sign,
        }
        values: dict[str, list[float]] = {name: [] for name in signers}
        for _ in range(rounds):
            for name, sign in signers.items():
                values[name].append(_wall_us(sign, seconds=seconds))
        return values


def _settle(stores: Stores, kind: KeyKind) -> Home:
    key = ListedKey(kind=kind, generation=1, valid_from=datetime.now(UTC))
    return stores.settle(key, TokenPlace(token="sigill"), random=os.urandom)  # noqa: S106 - a token's name


def _wall_us(sign: Callable[[bytes], bytes], *, seconds: float) -> float:
    calls = 0
    begin = now = time.perf_counter()
    while now - begin < seconds:
        for _ in range(_BLOCK):
            sign(_MESSAGE)
        calls += _BLOCK
        now = time.perf_counter()
    return (now - begin) / calls * 1e6


def main(arguments: Sequence[str]) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.tokens", description="Time signatures by place.")
    parser.add_argument("--seconds", type=float, default=0.5, help="of one place in one round")
    parser.add_argument("--rounds", type=int, default=7)
    given = parser.parse_args(arguments)
    for name, found in measure(seconds=given.seconds, rounds=given.rounds).items():
        each = spread(found)
        print(f"{name:16}{each.median:8.1f} ({each.least:.1f}–{each.greatest:.1f}) µs")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
