"""A root log and witnesses in memory: whole receipts for the cases of `tests.builders_seal`.

case = witnessed(make_case(), times={"W1": NOW, "W2": NOW}, quorum="both")
case.judge()      # `witnessed` passes
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from sigill.report.trust import ROOT
from sigill.tlog.checkpoint import parse_checkpoint
from sigill.tlog.cosignature import WitnessKey, cosign
from sigill.tlog.leaf import HeadLeaf, format_leaf
from sigill.tlog.log_policy import Group, LogPolicy, PolicyLog, PolicyWitness, format_log_policy
from sigill.tlog.note import SignedNote, format_note, parse_note
from sigill.tlog.proof import format_proof, parse_proof
from sigill.tlog.witnessed import join_proofs
from tests.builders_seal import Case, MemoryLog

ROOT_ORIGIN: Final = "guarantor.example/log/root"
NAMES: Final = ("W1", "W2")


class MemoryWitness:
    """A witness's key, derived from a seed."""

    def __init__(self, name: str = "witness.example/w1", *, seed: int = 90) -> None:
        self._key = Ed25519PrivateKey.from_private_bytes(bytes([seed]) * 32)
        self._name = name

    @property
    def witness(self) -> WitnessKey:
        return WitnessKey(self._name, self._key.public_key().public_bytes_raw())

    def sign(self, message: bytes) -> bytes:
        return self._key.sign(message)


WITNESSES: Final = {
    name: MemoryWitness(f"witness.example/{name.lower()}", seed=90 + number) for number, name in enumerate(NAMES)
}


def make_policy(root: MemoryLog, *, quorum: str | None = "both") -> LogPolicy:
    """Return a policy with two witnesses and the groups `both` and `either`."""
    witnesses = {name: PolicyWitness(witness.witness) for name, witness in WITNESSES.items()}
    single = quorum is None or quorum in NAMES
    groups = {} if single else {str(quorum): Group(1 if quorum == "either" else 2, NAMES)}
    return LogPolicy((PolicyLog(root.verifier),), witnesses, groups, quorum)


def cosigned(note: str, times: Mapping[str, datetime]) -> str:
    """Return a checkpoint's note with the cosignatures of these witnesses at these times."""
    parsed = parse_note(note)
    lines = [cosign(parsed.text, signer=WITNESSES[name], time_s=int(at.timestamp())) for name, at in times.items()]
    return format_note(SignedNote(parsed.text, (*parsed.signatures, *lines)))


def second_proof_of(receipt: str, root: MemoryLog, times: Mapping[str, datetime]) -> str:
    """Put the checkpoint of a receipt into the root log, and return the proof of that under a cosigned checkpoint."""
    head = parse_checkpoint(parse_note(parse_proof(receipt).checkpoint).text)
    index = root.append(format_leaf(HeadLeaf(head.origin, head.size, head.root)))
    root.append(b"another head")
    proof = parse_proof(root.receipt(index))
    return format_proof(replace(proof, checkpoint=cosigned(proof.checkpoint, times)))


def witnessed(
    case: Case, *, times: Mapping[str, datetime], quorum: str | None = "both", root: MemoryLog | None = None
) -> Case:
    """Return the case with a whole receipt and a trust file that names root log and witnesses."""
    root = MemoryLog(ROOT_ORIGIN, seed=8) if root is None else root
    assert case.receipt is not None
    receipt = join_proofs(case.receipt, second_proof_of(case.receipt, root, times))
    policy = format_log_policy(make_policy(root, quorum=quorum))
    return replace(case, receipt=receipt, trust=replace(case.trust, root=root.trusted(ROOT), log_policy=policy))
