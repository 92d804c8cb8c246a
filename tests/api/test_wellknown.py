"""What is published for other programs: any JOSE library reads the keys, `sigill verify --trust` the trust file."""

import json
from typing import Any

import jwt
import pytest
from joserfc import jws
from joserfc.jwk import KeySet
from jwcrypto.jwk import JWKSet  # type: ignore[import-untyped]
from jwcrypto.jws import JWS  # type: ignore[import-untyped]

from registry.model import AiSystem, Evidence, EvidenceKind
from sigill.keys.jwks import parse_jwks
from sigill.report.trust import parse_trust
from tests.builders_deployment import NOW, Deployment, operator


@pytest.fixture(scope="module")
def token(shared: Deployment) -> str:
    return str(shared.sign().get_json()["seal"]).split("~")[0]


@pytest.fixture(scope="module")
def jwks(shared: Deployment) -> dict[str, Any]:
    published: dict[str, Any] = shared.client.get("/.well-known/jwks.json").get_json()
    return published


def test_pyjwt_verifies_a_seal_with_the_jwks(shared: Deployment, token: str, jwks: dict[str, Any]) -> None:
    kid = jwt.get_unverified_header(token)["kid"]
    key = jwt.PyJWKSet.from_dict(jwks)[kid]
    issuer = shared.services.identity.issuer
    claims = jwt.decode(token, key, algorithms=["ES256"], issuer=issuer, audience=f"{issuer}/verify")
    assert claims["op"]["name"] == "Exempelbanken"


def test_joserfc_verifies_a_seal_with_the_jwks(token: str, jwks: dict[str, Any]) -> None:
    found = jws.deserialize_compact(token, KeySet.import_key_set(jwks), algorithms=["ES256"])  # type: ignore[arg-type]
    assert json.loads(found.payload)["ch"] == "chat"


def test_jwcrypto_verifies_a_seal_with_the_jwks(token: str, jwks: dict[str, Any]) -> None:
    found = JWS()
    found.deserialize(token)
    found.verify(JWKSet.from_json(json.dumps(jwks)), alg="ES256")
    assert json.loads(found.payload)["ch"] == "chat"


def test_every_published_key_is_p256_for_signing_and_bound_to_one_type(jwks: dict[str, Any]) -> None:
    assert {key["crv"] for key in jwks["keys"]} == {"P-256"}
    assert {(key["alg"], key["use"]) for key in jwks["keys"]} == {("ES256", "sig")}
    assert len({key["typ"] for key in jwks["keys"]}) == len(parse_jwks(jwks)) == 5
    assert not any("d" in key for key in jwks["keys"])


def test_the_trust_file_names_issuer_keys_and_every_log(shared: Deployment) -> None:
    response = shared.client.get("/.well-known/sigill-trust.json")
    trust = parse_trust(response.data)
    assert trust.issuer == shared.services.identity.issuer
    assert trust.keys == parse_jwks(shared.client.get("/.well-known/jwks.json").get_json())
    log = trust.logs["exempelbanken"]
    assert log.origin == "demonstration.sigill.example/log/exempelbanken"
    assert log.url.endswith("/log/exempelbanken")


def test_the_configuration_points_at_what_there_is(shared: Deployment) -> None:
    configuration = shared.client.get("/.well-known/sigill-configuration").get_json()
    base = shared.services.settings.public_url
    for name in ("jwks_uri", "trust_uri", "operators_uri"):
        assert shared.client.get(configuration[name].removeprefix(base)).status_code == 200
    assert configuration["audience"] == f"{configuration['issuer']}/verify"


@pytest.mark.parametrize("name", ["jwks.json", "sigill-trust.json", "sigill-configuration"])
def test_what_is_published_may_be_kept_a_while_and_read_by_any_page(shared: Deployment, name: str) -> None:
    response = shared.client.get(f"/.well-known/{name}")
    assert response.headers["Cache-Control"] == "public, max-age=300"
    assert response.headers["Access-Control-Allow-Origin"] == "*"
    again = shared.client.get(f"/.well-known/{name}", headers={"If-None-Match": response.headers["ETag"]})
    assert again.status_code == 304


def test_the_registry_lists_operators_and_describes_each(shared: Deployment) -> None:
    listed = shared.client.get("/registry/operators").get_json()["operators"]
    assert [item["id"] for item in listed] == ["exempelbanken"]
    described = shared.client.get("/registry/operators/exempelbanken").get_json()
    assert described["assurance_level"] == 0  # a demonstration proves nothing
    assert described["demonstration"] is True
    assert described["history"][-1]["state"] == described["state"] == "verified"
    assert described["log"]["url"].endswith("/log/exempelbanken")
    assert described["ai_systems"][0]["system"] == "saga"


def test_an_operator_without_a_log_yet_is_described_without_one(deployment: Deployment) -> None:
    from registry.operators import save_operator
    from storage.engine import writing

    with writing(deployment.services.engine) as connection:
        save_operator(connection, operator("nykomling", evidence=(), ai_systems=()), created_at=NOW)
    described = deployment.client.get("/registry/operators/nykomling").get_json()
    assert (described["log"], described["assurance_level"], described["demonstration"]) == (None, 0, False)


def test_what_evidence_ran_out_lowers_the_level_shown(deployment: Deployment) -> None:
    kinds = (EvidenceKind.DOMAIN, EvidenceKind.REGISTER, EvidenceKind.SEAL_CERTIFICATE)
    evidence = tuple(
        Evidence(
            id=f"EV-{kind}", kind=kind, method="m", checked_by="c", valid_from=NOW.replace(year=2020), valid_until=end
        )
        for kind, end in zip(kinds, (NOW.replace(year=2990), NOW.replace(year=2990), NOW), strict=True)
    )
    deployment.add(operator("exempelel", evidence=evidence, ai_systems=(_system("b", active=False), _system("a"))))
    described = deployment.client.get("/registry/operators/exempelel").get_json()
    assert described["assurance_level"] == 2
    assert [(item["system"], item["active"]) for item in described["ai_systems"]] == [("a", True), ("b", False)]


def _system(ref: str, *, active: bool = True) -> AiSystem:
    return AiSystem(ref=ref, name=ref.upper(), provider=None, model=None, active=active)


def test_a_browser_gets_a_page_where_a_program_gets_json(shared: Deployment) -> None:
    address = "/registry/operators/exempelbanken"
    page = shared.client.get(address, headers={"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"})
    assert page.content_type.startswith("text/html")
    assert page.headers["Vary"] == "Accept, Accept-Language"
    assert shared.client.get(address, headers={"Accept": "*/*"}).is_json
    assert shared.client.get("/registry/operators/nobody").get_json()["type"].endswith("/operator-not-found")


def test_the_service_says_whether_it_lives_and_works(shared: Deployment) -> None:
    assert shared.client.get("/healthz").get_json() == {"status": "alive"}
    ready = shared.client.get("/readyz")
    assert (ready.status_code, ready.get_json()["ready"]) == (200, True)
    assert set(ready.get_json()["parts"].values()) == {"ok"}
