"""A database that is locked, full, gone or garbage: 503 with Retry-After, nothing half-written, all well after."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from sigill.seal.token import parse_seal
from storage.options import BUSY_TIMEOUT_S
from tests.builders_deployment import TEXT, Deployment
from tests.builders_log_over_http import check_whole_log


def database(made: Deployment) -> Path:
    return made.services.settings.var / "sigill.db"


def size(made: Deployment) -> int:
    head = made.services.log.head("exempelbanken")
    assert head is not None
    return head.size


def impatient(made: Deployment, *pragmas: str) -> None:
    """Let every connection made from now on wait a tenth of a second at most, and obey `pragmas`."""

    def set_up(connection: sqlite3.Connection, _record: object) -> None:
        for pragma in pragmas:
            connection.execute(f"PRAGMA {pragma}")

    made.services.engine.update_execution_options(**{BUSY_TIMEOUT_S: 0.1})
    event.listen(made.services.engine, "connect", set_up)
    made.services.engine.dispose()


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the write lock as another process would."""
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")


def expect_unavailable(response: Any) -> None:
    assert response.status_code == 503, response.get_data(as_text=True)
    assert response.content_type == "application/problem+json"
    assert response.get_json()["type"].endswith("/store-unavailable")
    assert int(response.headers["Retry-After"]) > 0


def test_a_database_locked_too_long_seals_nothing_and_verifies_on(deployment: Deployment) -> None:
    impatient(deployment)
    sealed = deployment.sign(conversation="c").get_json()
    with locked(database(deployment)):
        expect_unavailable(deployment.sign(conversation="c"))
        expect_unavailable(deployment.sign(authorship="ai", enquiry="credit_decision"))
        assert deployment.verify(code=sealed["code"], content=TEXT)["answer"] == "genuine"
    assert size(deployment) == 1
    again = parse_seal(deployment.sign(conversation="c").get_json()["seal"])
    assert again.claims.conv is not None
    assert again.claims.conv.seq == 2
    check_whole_log(deployment, "exempelbanken")


def test_a_full_disk_seals_nothing_and_what_was_sealed_stays(deployment: Deployment) -> None:
    deployment.sign()
    with closing(sqlite3.connect(database(deployment))) as other:
        pages = other.execute("PRAGMA page_count").fetchone()[0]
    impatient(deployment, f"max_page_count={pages + 1}")
    answers = [deployment.sign(conversation=f"c{number}") for number in range(40)]
    full = [answer for answer in answers if answer.status_code != 201]
    assert full
    for answer in full:
        expect_unavailable(answer)
    assert size(deployment) == 1 + len(answers) - len(full)
    impatient(deployment, "max_page_count=1000000")
    assert deployment.sign().status_code == 201
    check_whole_log(deployment, "exempelbanken")


@pytest.mark.parametrize("content", [b"", b"not a database, just some text that is long enough" * 100])
def test_without_a_database_nothing_answers_500(deployment: Deployment, content: bytes) -> None:
    sealed = deployment.sign().get_json()
    deployment.services.engine.dispose()
    for path in database(deployment).parent.glob("sigill.db*"):
        path.unlink()
    database(deployment).write_bytes(content)
    client, key = deployment.client, {"Authorization": f"Bearer {deployment.keys['exempelbanken']}"}
    expect_unavailable(deployment.sign())
    expect_unavailable(client.get(f"/v1/messages/{sealed['id']}", headers=key))
    expect_unavailable(client.post("/v1/verifications", json={"code": sealed["code"], "content": TEXT}))
    expect_unavailable(client.post("/v1/verifications", json={"seal": sealed["seal"], "content": TEXT}))
    expect_unavailable(client.get("/registry/operators"))
    expect_unavailable(client.get("/log/exempelbanken/checkpoint"))
    assert client.get("/readyz").status_code == 503
    assert client.get("/healthz").status_code == 200


def test_salts_that_cannot_be_kept_stop_the_sealing(deployment: Deployment) -> None:
    (deployment.services.settings.var / "keys/salts").write_bytes(b"a file where a folder should be")
    response = deployment.sign()
    assert (response.status_code, response.get_json()["type"].rpartition("/")[2]) == (503, "key-unusable")
    assert size(deployment) == 0
