"""The whole service on PostgreSQL: the main road, a server that is gone, addresses PostgreSQL cannot look for."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from running.first_start import has_logs, prepare
from settings import SettingsInvalid, read_settings
from tests.builders_databases import POSTGRESQL, Databases
from tests.builders_deployment import TEXT, Deployment, deploy
from tests.builders_log_over_http import check_whole_log
from tests.builders_postgres import postgres_server

pytestmark = pytest.mark.servers


@pytest.fixture
def deployment(tmp_path: Path, databases: Databases) -> Iterator[Deployment]:
    with databases.empty(POSTGRESQL) as url:
        made = deploy(tmp_path, database_url=url)
        yield made
        made.services.engine.dispose()


def test_messages_are_sealed_refused_and_found_again(deployment: Deployment) -> None:
    sealed = [deployment.sign(conversation="c").get_json() for _ in range(3)]
    refused = deployment.sign(authorship="ai", enquiry="credit_decision")
    assert refused.status_code == 403
    for each in sealed:
        assert deployment.verify(code=each["code"], content=TEXT)["answer"] == "genuine"
    assert deployment.client.get("/readyz").status_code == 200
    assert not (deployment.services.settings.var / "sigill.db").exists()
    check_whole_log(deployment, "exempelbanken")


@pytest.mark.parametrize(
    "address",
    [
        "/v1/messages/{}",
        "/v1/conversations/{}",
        "/registry/operators/{}",
        "/log/{}/checkpoint",
        "/log/{}/tile/0/000",
        "/s/{}",
        "/problems/{}",
        "/nowhere/{}",
    ],
)
@pytest.mark.parametrize("part", ["x%00", "%00", "x%00y", "%F0%9F%94%8F", "x" * 3000])
def test_an_address_that_cannot_be_stored_leads_nowhere(deployment: Deployment, address: str, part: str) -> None:
    key = {"Authorization": f"Bearer {deployment.keys['exempelbanken']}"}
    response = deployment.client.get(address.format(part), headers=key)
    assert response.status_code < 500, response.get_data(as_text=True)


@pytest.mark.parametrize(
    "part",
    [{name: "x\x00"} for name in ("conversation", "text", "language", "enquiry", "channel")]
    + [
        {"authorship": "ai", "ai_system": "x\x00"},
        {"recipient": {"kind": "email", "value": "a\x00@b.example"}},
        {"text": "\U0001f50f" * 500},
        {"conversation": "\U0001f50f"},
    ],
)
def test_a_message_that_cannot_be_stored_is_the_sender_s_fault(deployment: Deployment, part: dict[str, Any]) -> None:
    response = deployment.sign(**part)
    assert response.status_code < 500, response.get_data(as_text=True)


@pytest.mark.parametrize(
    "body", [{"code": "x\x00"}, {"seal": "x\x00"}, {"code": "0000-0000-0000", "content": "\x00"}, {"content": "\x00"}]
)
def test_a_question_that_cannot_be_stored_is_answered(deployment: Deployment, body: dict[str, Any]) -> None:
    assert deployment.client.post("/v1/verifications", json={"content": TEXT, **body}).status_code < 500


def expect_unavailable(response: Any) -> None:
    assert response.status_code == 503, response.get_data(as_text=True)
    assert int(response.headers["Retry-After"]) > 0


def test_without_its_server_the_service_says_503_and_goes_on_when_it_is_back(tmp_path: Path) -> None:
    with postgres_server() as server:
        made = deploy(tmp_path, database_url=server.url())
        sealed = made.sign().get_json()
        server.stop()
        expect_unavailable(made.sign())
        expect_unavailable(made.client.post("/v1/verifications", json={"code": sealed["code"], "content": TEXT}))
        assert made.client.get("/readyz").status_code == 503
        assert made.client.get("/healthz").status_code == 200
        server.start()
        assert made.sign().status_code == 201
        assert made.verify(code=sealed["code"], content=TEXT)["answer"] == "genuine"
        check_whole_log(made, "exempelbanken")
        made.services.engine.dispose()


def test_a_second_host_needs_the_first_one_s_keys(tmp_path: Path, databases: Databases) -> None:
    with databases.empty(POSTGRESQL) as url:
        assert not has_logs(url)
        first = read_settings({"VAR": str(tmp_path / "first"), "DATABASE_URL": url})
        assert "Three things to try" in prepare(first)
        assert has_logs(url)
        assert "Three things to try" in prepare(first)
        with pytest.raises(SettingsInvalid, match=r"guarantor\.json is missing"):
            prepare(read_settings({"VAR": str(tmp_path / "second"), "DATABASE_URL": url}))
