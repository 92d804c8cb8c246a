"""A foreign judge: npm's openid-client finds the service and gets tokens; and of many at once, one assertion wins."""

import json
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519
from jwt.algorithms import ECAlgorithm, OKPAlgorithm

from registry.clients.grant import ASSERTION_TYPE
from tests.builders_access import BODY
from tests.builders_clients import Key, TestClient, new_client
from tests.builders_deployment import Deployment
from tests.builders_server import Served, served

_SOURCE = Path(__file__).with_name("openid")
_FORM = "application/x-www-form-urlencoded"


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The program with its packages, installed as the lock file says."""
    folder = tmp_path_factory.mktemp("openid")
    for name in ("package.json", "package-lock.json", "token.mjs"):
        shutil.copy(_SOURCE / name, folder / name)
    subprocess.run(["npm", "ci", "--ignore-scripts", "--silent"], cwd=folder, check=True)  # noqa: S607
    return folder / "token.mjs"


def run(program: Path, client: TestClient, server: Served, scope: str = "") -> dict[str, Any]:
    """Return what the program says."""
    algorithm = ECAlgorithm if client.key.alg == "ES256" else OKPAlgorithm
    private: Any = client.key.private
    jwk = json.loads(algorithm.to_jwk(private)) | {"kid": client.key.thumbprint, "alg": client.key.alg}
    arguments = [client.issuer, server.url, client.client.id, json.dumps(jwk), scope]
    done = subprocess.run(
        ["node", str(program), *arguments],  # noqa: S607
        capture_output=True,
        text=True,
        check=True,
    )
    said: dict[str, Any] = json.loads(done.stdout)
    return said


@pytest.mark.slow
@pytest.mark.servers
@pytest.mark.parametrize("make", [Key, lambda: Key(ed25519.Ed25519PrivateKey.generate())], ids=["ES256", "EdDSA"])
def test_openid_client_gets_a_token_that_seals(
    program: Path, deployment: Deployment, tmp_path: Path, make: type[Key]
) -> None:
    client = new_client(deployment, key=make())
    with served(deployment, tmp_path, workers=1) as server:
        got = run(program, client, server)
        assert got["issuer"] == client.issuer
        assert (got["token_type"], got["expires_in"]) == ("bearer", 600)
        answer = server.post("/v1/messages", BODY | {"text": "Hej"}, key=got["access_token"])
        assert answer.status == 201
        assert run(program, client, server, "messages:read")["scope"] == "messages:read"
        refused = run(program, client, server, "messages:erase")
        assert (refused["failed"], refused["error"]) == ("OAUTH_RESPONSE_BODY_ERROR", "invalid_scope")
        client.key.private = Key().private if client.key.alg == "ES256" else ed25519.Ed25519PrivateKey.generate()
        assert run(program, client, server)["error"] == "invalid_client"


@pytest.mark.slow
def test_of_many_requests_with_one_assertion_in_two_processes_exactly_one_wins(
    deployment: Deployment, tmp_path: Path
) -> None:
    client = new_client(deployment)
    with served(deployment, tmp_path, workers=2) as server, ThreadPoolExecutor(8) as pool:
        for _ in range(5):
            form = {
                "grant_type": "client_credentials",
                "client_assertion_type": ASSERTION_TYPE,
                "client_assertion": client.assertion(),
            }
            body = urlencode(form).encode()
            answers = list(
                pool.map(lambda sent: server.ask("POST", "/oauth/token", sent, Content_Type=_FORM), [body] * 8)
            )
            assert sorted(answer.status for answer in answers) == [200] + [400] * 7
        said = server.said()
    assert said.count('"reason":"replayed"') == 35
    assert form["client_assertion"] not in said
