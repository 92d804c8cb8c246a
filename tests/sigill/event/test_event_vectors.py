"""The frozen events and chains of `tests/vectors/events.json`, read by this implementation and by other people's."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import jwt
import pytest
import rfc8785
from joserfc import jws as joserfc_jws
from joserfc.jwk import KeySet
from jwcrypto.jwk import JWK  # type: ignore[import-untyped]
from jwcrypto.jws import JWS  # type: ignore[import-untyped]

from sigill.encoding.base64url import parse_base64url
from sigill.errors import MalformedSeal
from sigill.event.kinds import EventKind
from sigill.event.token import TYP, format_event_claims, parse_event
from sigill.report.chain import ChainFaultName, check_chain
from sigill.report.trust import Trust, parse_trust

_VECTORS: dict[str, Any] = json.loads(Path(__file__).parents[2].joinpath("vectors", "events.json").read_text("utf-8"))
_EVENTS: list[dict[str, Any]] = _VECTORS["events"]
_MALFORMED: dict[str, dict[str, str]] = {case["name"]: case for case in _VECTORS["malformed"]}
_CHAINS: dict[str, dict[str, Any]] = {case["name"]: case for case in _VECTORS["chains"]}
_JWKS = _VECTORS["trust"]["jwks"]
_KEY = next(key for key in _JWKS["keys"] if key["typ"] == TYP)
every_event = pytest.mark.parametrize("event", _EVENTS, ids=lambda event: event["claims"]["ev"]["kind"])


def _trust() -> Trust:
    return parse_trust(json.dumps(_VECTORS["trust"]).encode())


@every_event
def test_every_frozen_event_says_what_is_written_there(event: dict[str, Any]) -> None:
    assert format_event_claims(parse_event(event["jws"]).claims) == event["claims"]


@every_event
def test_three_foreign_libraries_verify_every_frozen_event(event: dict[str, Any]) -> None:
    registry = joserfc_jws.JWSRegistry(algorithms=["ES256"])
    theirs = joserfc_jws.deserialize_compact(event["jws"], KeySet.import_key_set(_JWKS), registry=registry)
    token = JWS()
    token.deserialize(event["jws"])
    token.verify(JWK(**_KEY), alg="ES256")
    key = next(key for key in jwt.PyJWKSet.from_dict(_JWKS).keys if key.key_id == _KEY["kid"])
    claims = event["claims"]
    options: Any = {"verify_iat": False}
    read = jwt.decode(
        event["jws"], key, algorithms=["ES256"], issuer=claims["iss"], audience=claims["aud"], options=options
    )
    assert json.loads(theirs.payload) == json.loads(token.payload) == read == claims


@every_event
def test_rfc8785_writes_the_same_payload(event: dict[str, Any]) -> None:
    assert rfc8785.dumps(event["claims"]) == parse_base64url(event["jws"].split(".")[1])


@pytest.mark.parametrize("name", _MALFORMED)
def test_what_is_no_event_is_refused_for_its_own_reason(name: str) -> None:
    with pytest.raises(MalformedSeal, match=_MALFORMED[name]["says"]):
        parse_event(_MALFORMED[name]["jws"])


@pytest.mark.parametrize("name", _CHAINS)
def test_every_frozen_chain_has_exactly_its_faults(name: str) -> None:
    found = (asdict(fault) for fault in check_chain(_CHAINS[name]["links"], trust=_trust()))
    shapes = [{member: value for member, value in fault.items() if value is not None} for fault in found]
    assert shapes == _CHAINS[name]["faults"]


def test_the_frozen_file_reaches_every_kind_and_every_fault() -> None:
    assert {event["claims"]["ev"]["kind"] for event in _EVENTS} == set(EventKind)
    assert {fault["name"] for chain in _CHAINS.values() for fault in chain["faults"]} == set(ChainFaultName)


def test_the_frozen_private_key_is_the_one_the_trust_file_publishes_for_events() -> None:
    assert JWK(**_VECTORS["keys"]["events"]).thumbprint() == _KEY["kid"] == _VECTORS["keys"]["events"]["kid"]
