"""Checkpoints of idle logs, signed anew after a key took over."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Engine, update

from sigill.tlog.checkpoint import verify_checkpoint
from sigill.tlog.leaf import LeafKind, leaf_of
from sigill.tlog.note import NoteSigner, VerifierKey, parse_note
from sigill.tlog.proof import parse_proof
from storage.engine import writing
from transparency.append import Append
from transparency.errors import StoreUnavailable
from transparency.log import TransparencyLog
from transparency.tables import logs

TAKEN_OVER = datetime(2026, 11, 22, tzinfo=UTC)
OLD, NEW = (Ed25519PrivateKey.from_private_bytes(bytes([seed]) * 32) for seed in (1, 2))


@dataclass(frozen=True)
class Signer:
    name: str
    key: Ed25519PrivateKey

    @property
    def verifier(self) -> VerifierKey:
        return VerifierKey(self.name, self.key.public_key().public_bytes_raw())

    def sign(self, message: bytes) -> bytes:
        return self.key.sign(message)


class TurningNotary:
    """Signs with the old key, from some moment on with both, and then with the new one."""

    def __init__(self) -> None:
        self.at = TAKEN_OVER - timedelta(days=1)

    def signers_for(self, origin: str, at: datetime | None = None, /) -> Sequence[NoteSigner]:
        days = ((self.at if at is None else at) - TAKEN_OVER).days
        return [Signer(origin, key) for key in ([OLD] if days < 0 else [NEW, OLD] if days < 2 else [NEW])]


@pytest.fixture
def turning() -> TurningNotary:
    return TurningNotary()


@pytest.fixture
def turned(log: TransparencyLog, engine: Engine, turning: TurningNotary) -> TransparencyLog:
    """Two logs, one of them with leaves, whose checkpoints the old key has signed."""
    assert len(log.logs()) == 2
    made = TransparencyLog(engine, signers_for=turning.signers_for)
    made.renew_checkpoints()
    made.append_all([Append("bank", leaf_of(LeafKind.EVENT, bytes([number]))) for number in range(5)])
    return made


def signatures(log: TransparencyLog, log_id: str) -> int:
    note = log.checkpoint(log_id)
    assert note is not None
    return len(parse_note(note).signatures)


def test_each_checkpoint_is_signed_by_the_keys_of_the_time_at_the_size_it_has(
    turned: TransparencyLog, turning: TurningNotary
) -> None:
    assert turned.renew_checkpoints() == 0
    for days, count in ((0, 2), (2, 1)):
        turning.at = TAKEN_OVER + timedelta(days=days)
        assert turned.renew_checkpoints() == 2
        assert turned.renew_checkpoints() == 0
        for head in turned.logs():
            keys = [signer.verifier for signer in turning.signers_for(head.origin)]
            assert len(keys) == count == signatures(turned, head.log_id)
            for key in keys:
                checkpoint = verify_checkpoint(head.checkpoint, origin=head.origin, keys=[key])
                assert (checkpoint.size, checkpoint.root) == (head.size, head.root)


def test_a_receipt_given_again_is_signed_as_it_was_then(turned: TransparencyLog, turning: TurningNotary) -> None:
    given = {}
    for size, days in ((6, -1), (7, 1), (8, 5)):
        turning.at = TAKEN_OVER + timedelta(days=days)
        given[size, turning.at] = turned.append(Append("bank", leaf_of(LeafKind.EVENT, bytes([size])))).receipt
    counts = [len(parse_note(parse_proof(receipt).checkpoint).signatures) for receipt in given.values()]
    assert counts == [1, 2, 1]
    for (size, at), receipt in given.items():
        assert turned.receipt_at("bank", size - 1, size, at=at) == receipt


def test_a_halted_log_keeps_what_it_has(turned: TransparencyLog, turning: TurningNotary, engine: Engine) -> None:
    before = turned.checkpoint("bank")
    with writing(engine) as connection:
        connection.execute(update(logs).where(logs.c.log_id == "bank").values(halted="it went back"))
    turning.at = TAKEN_OVER
    assert turned.renew_checkpoints() == 1
    assert turned.checkpoint("bank") == before
    assert signatures(turned, "telco") == 2


def test_a_damaged_checkpoint_is_left_to_who_reports_it(
    turned: TransparencyLog, turning: TurningNotary, engine: Engine
) -> None:
    with writing(engine) as connection:
        connection.execute(update(logs).where(logs.c.log_id == "bank").values(checkpoint="no note"))
    turning.at = TAKEN_OVER
    assert turned.renew_checkpoints() == 1
    assert turned.checkpoint("bank") == "no note"


def test_keys_that_cannot_sign_leave_the_checkpoints_there_are(turned: TransparencyLog, engine: Engine) -> None:
    before = turned.checkpoint("bank")

    def broken(_origin: str, _at: datetime | None = None, /) -> Sequence[NoteSigner]:
        return []

    with pytest.raises(StoreUnavailable, match="could not be signed"):
        TransparencyLog(engine, signers_for=broken).renew_checkpoints()
    assert turned.checkpoint("bank") == before
