"""The logs over HTTP (C2SP tlog-tiles): anyone sees checkpoints and hashes, only that operator's auditors entries."""

import hashlib
import json

import pytest

from registry.model import OperatorId, Role
from sigill.seal.token import jws_hash
from sigill.tlog.leaf import Leaf, LeafKind, parse_leaf
from tests.builders_deployment import Deployment, operator
from tests.builders_log_over_http import check_whole_log
from transparency.append import Append


def slug(response: object) -> str:
    return str(getattr(response, "json", {})["type"]).rpartition("/")[2]


def test_the_whole_log_is_rederived_over_http(deployment: Deployment) -> None:
    first = deployment.sign().get_json()
    refused = deployment.sign(authorship="ai", enquiry="credit_decision").get_json()
    entries = [parse_leaf(entry) for entry in check_whole_log(deployment, "exempelbanken")]
    record = deployment.services.log.record("exempelbanken", refused["log"]["index"])
    assert record is not None
    assert entries == [
        Leaf(LeafKind.SEAL, jws_hash(first["seal"].split("~")[0])),
        Leaf(LeafKind.DENY, hashlib.sha256(record).digest()),
    ]
    assert json.loads(record)["id"] == refused["decision_id"]


def test_a_log_of_more_than_one_tile_is_rederived_too(deployment: Deployment) -> None:
    leaves = [Leaf(LeafKind.POLICY, hashlib.sha256(bytes([n % 256, n // 256])).digest()) for n in range(300)]
    deployment.services.log.append_all([Append("exempelbanken", leaf) for leaf in leaves])
    assert len(check_whole_log(deployment, "exempelbanken")) == 300
    for path in ("tile/0/000", "tile/0/001.p/44", "tile/0/001.p/43", "tile/1/000.p/1"):
        response = deployment.client.get(f"/log/exempelbanken/{path}")
        assert response.status_code == 200
        assert response.content_type == "application/octet-stream"
        assert "immutable" in response.headers["Cache-Control"]
        assert response.headers["Access-Control-Allow-Origin"] == "*"
        assert len(response.data) % 32 == 0


def test_an_empty_log_has_a_signed_checkpoint_and_no_tile(shared: Deployment) -> None:
    shared.add(operator("tomt"))
    assert check_whole_log(shared, "tomt") == []
    assert shared.client.get("/log/tomt/tile/0/000.p/1").status_code == 404


def test_a_checkpoint_is_asked_for_again_at_little_cost(shared: Deployment) -> None:
    first = shared.client.get("/log/exempelbanken/checkpoint")
    assert first.content_type == "text/plain; charset=utf-8"
    assert first.headers["Cache-Control"] == "no-cache"
    same = shared.client.get("/log/exempelbanken/checkpoint", headers={"If-None-Match": first.headers["ETag"]})
    assert (same.status_code, same.data) == (304, b"")
    shared.sign()
    newer = shared.client.get("/log/exempelbanken/checkpoint", headers={"If-None-Match": first.headers["ETag"]})
    assert newer.status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "nobody/checkpoint",
        "nobody/tile/0/000.p/1",
        "exempelbanken/tile/0/000",
        "exempelbanken/tile/0/000.p/0",
        "exempelbanken/tile/0/000.p/256",
        "exempelbanken/tile/0/000.p/257",
        "exempelbanken/tile/0/000.p/01",
        "exempelbanken/tile/00/000.p/1",
        "exempelbanken/tile/64/000.p/1",
        "exempelbanken/tile/-1/000.p/1",
        "exempelbanken/tile/0/0.p/1",
        "exempelbanken/tile/0/x000/000.p/1",
        "exempelbanken/tile/0/x999/x999/x999/x999/x999/x999/x999/999",
        "exempelbanken/tile/0/" + "x999/" * 400 + "999",
        "exempelbanken/tile/0/\u0660\u0660\u0660.p/1",
        "exempelbanken/tile/0/000.p/1%00",
        "exempelbanken/tile/0/000.p/1/",
        "exempelbanken/tile/0/%2e%2e/%2e%2e/sigill.db",
        "exempelbanken/tile/..%2f..%2fsigill.db",
        "exempelbanken/tile//0/000.p/1",
        "exempelbanken/tile/entries/x",
        "exempelbanken/tile/",
        "..%2fexempelbanken/checkpoint",
        "exempelbanken%00/checkpoint",
        "%ff/checkpoint",
        "x" * 5000 + "/checkpoint",
    ],
)
def test_a_path_to_nothing_is_not_found(shared: Deployment, path: str) -> None:
    response = shared.client.get(f"/log/{path}")
    assert response.status_code in {404, 308}
    if response.status_code == 308:
        response = shared.client.get(f"/log/{path}", follow_redirects=True)
        assert response.status_code in {200, 404}


def test_entries_are_for_that_operators_auditors(deployment: Deployment) -> None:
    deployment.add(operator("exempelel"))
    deployment.sign()
    path = "/log/exempelbanken/tile/entries/000.p/1"

    def read(role: Role, operator_id: str | None) -> tuple[int, str]:
        key = deployment.new_key(role=role, operator_id=None if operator_id is None else OperatorId(operator_id))
        response = deployment.client.get(path, headers={"Authorization": f"Bearer {key}"})
        return response.status_code, response.headers["Cache-Control"]

    assert read(Role.AUDITOR, "exempelbanken") == (200, "private, no-store")
    assert read(Role.AUDITOR, None)[0] == 200
    assert read(Role.AUDITOR, "exempelel") == (403, "no-store")
    for role in (Role.SIGNER, Role.ADMIN):
        assert read(role, "exempelbanken")[0] == 403
    assert read(Role.REGISTRAR, None)[0] == 403
    unasked = deployment.client.get(path)
    assert (unasked.status_code, slug(unasked)) == (401, "credential-missing")
    assert "immutable" not in unasked.headers["Cache-Control"]


def test_entries_the_log_does_not_have_are_not_found_for_an_auditor(shared: Deployment) -> None:
    key = shared.new_key(role=Role.AUDITOR, operator_id=None)
    for path in ("nobody/tile/entries/000.p/1", "exempelbanken/tile/entries/x999/999"):
        response = shared.client.get(f"/log/{path}", headers={"Authorization": f"Bearer {key}"})
        assert (response.status_code, slug(response)) == (404, "log-not-found")
