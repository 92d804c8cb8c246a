"""The 2 × 98 proofs, good and bad, of github.com/transparency-dev/merkle.

Apache-2.0, commit 417fb0c314750d94e53942e9f92e79b6d35915db;
They are read from beside the repository where that folder is present; test_tree.py holds the own vectors.
"""

import base64
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sigill.errors import ProofInvalid
from sigill.tlog.tree import check_consistency, check_inclusion

Recorder = Callable[[str, object], None]
VECTORS = Path(__file__).parents[4] / "shared" / "vectors" / "merkle" / "testdata"

pytestmark = pytest.mark.skipif(
    not VECTORS.is_dir(), reason="the foreign vectors ../shared/vectors/merkle are not beside this checkout"
)


def vectors(kind: str) -> list[dict[str, Any]]:
    return [json.loads(path.read_text("utf-8")) for path in sorted((VECTORS / kind).rglob("*.json"))]


def decoded(vector: dict[str, Any], name: str) -> bytes:
    return base64.b64decode(vector[name] or "")


def proof(vector: dict[str, Any]) -> list[bytes]:
    return [base64.b64decode(item) for item in vector["proof"] or []]


def test_every_foreign_inclusion_proof_is_judged_as_its_authors_say(record_property: Recorder) -> None:
    cases = vectors("inclusion")
    record_property("vectors_run", len(cases))
    assert len(cases) == 98, "not the vectors of that commit"
    for vector in cases:
        held = True
        try:
            check_inclusion(
                leaf_hash=decoded(vector, "leafHash"),
                index=vector["leafIdx"],
                size=vector["treeSize"],
                proof=proof(vector),
                root=decoded(vector, "root"),
            )
        except ProofInvalid:
            held = False
        assert held is not vector["wantErr"], vector
    print(f"{len(cases)} foreign inclusion proofs")  # noqa: T201 - says how many it ran


def test_every_foreign_consistency_proof_is_judged_as_its_authors_say(record_property: Recorder) -> None:
    cases = vectors("consistency")
    record_property("vectors_run", len(cases))
    assert len(cases) == 98, "not the vectors of that commit"
    for vector in cases:
        held = True
        try:
            check_consistency(
                old_size=vector["size1"],
                old_root=decoded(vector, "root1"),
                new_size=vector["size2"],
                new_root=decoded(vector, "root2"),
                proof=proof(vector),
            )
        except ProofInvalid:
            held = False
        assert held is not vector["wantErr"], vector
    print(f"{len(cases)} foreign consistency proofs")  # noqa: T201 - says how many it ran
