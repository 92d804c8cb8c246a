"""The frozen seals of `tests/vectors/seals.json`: this verifier gives exactly the answers written there."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import jwt
import pytest
from joserfc import jws as joserfc_jws
from joserfc.jwk import KeySet
from jwcrypto.jwk import JWK, JWKSet  # type: ignore[import-untyped]
from jwcrypto.jws import JWS  # type: ignore[import-untyped]
from sd_jwt.verifier import SDJWTVerifier  # type: ignore[import-untyped]

from sigill.errors import MalformedSeal
from sigill.report.answers import Reason
from sigill.report.content import Presented
from sigill.report.judge import Evidence, LogEvidence, Report, judge_seal
from sigill.report.openers import BroughtOpener, DerivingOpener, Opener
from sigill.report.standing import Standing, State
from sigill.report.trust import Trust, parse_trust
from sigill.seal.token import ParsedSeal, parse_seal

_VECTORS: dict[str, Any] = json.loads(Path(__file__).parents[2].joinpath("vectors", "seals.json").read_text("utf-8"))
_CASES: dict[str, dict[str, Any]] = {case["name"]: case for case in _VECTORS["cases"]}
_MALFORMED: dict[str, dict[str, str]] = {case["name"]: case for case in _VECTORS["malformed"]}
_GENUINE = [name for name, case in _CASES.items() if case["answer"] == "genuine"]
_JWKS = _VECTORS["trusts"]["usual"]["jwks"]


def _trust(name: str) -> Trust:
    return parse_trust(json.dumps(_VECTORS["trusts"][name]).encode())


def _opener(case: dict[str, Any], seal: ParsedSeal) -> Opener:
    if case["opening"] == "brought":
        return BroughtOpener(seal)
    return DerivingOpener(seal, salt_keys=[bytes.fromhex(_VECTORS["keys"]["salt_key_hex"])])


def _presented(brought: dict[str, Any]) -> Presented:
    parts: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in brought.items()
    }
    return Presented(**parts)


def _standing(value: dict[str, str] | None) -> Standing | None:
    return None if value is None else Standing(State(value["then"]), State(value["now"]))


def _judged(case: dict[str, Any]) -> Report:
    seal = parse_seal(case["seal"])
    evidence = Evidence(
        presented=_presented(case["presented"]),
        trust=_trust(case["trust"]),
        opener=_opener(case, seal),
        log=LogEvidence(case["receipt"], reachable=case["log_reachable"]),
        at=datetime.fromtimestamp(case["at"], UTC),
        standing=_standing(case["standing"]),
    )
    return judge_seal(seal, evidence)


def _status_of(case: dict[str, Any]) -> str:
    """Return what is to be found of withdrawal: the seals are older than status lists and carry no place in one."""
    return "signature_first" if case["checks"]["log"] == "signature_first" else "status_not_carried"


@pytest.mark.parametrize("name", _CASES)
def test_every_frozen_seal_gets_exactly_its_answer(name: str) -> None:
    case = _CASES[name]
    report = _judged(case)
    assert (report.answer, report.reason) == (case["answer"], case["reason"])
    found = {check.check.value: check.detail.value for check in report.checks}
    assert found == case["checks"] | {"status": _status_of(case)}
    shown = None if report.shown is None else [item.name.value for item in parse_seal(report.shown).disclosures]
    assert shown == case["shown"]


@pytest.mark.parametrize("name", _MALFORMED)
def test_every_frozen_malformed_seal_is_refused_for_its_own_reason(name: str) -> None:
    with pytest.raises(MalformedSeal, match=_MALFORMED[name]["says"]):
        parse_seal(_MALFORMED[name]["seal"])


def test_the_frozen_seals_reach_every_reason_a_seal_can_have() -> None:
    without_seal = {Reason.UNSIGNED, Reason.SEAL_UNREADABLE, Reason.CODE_UNKNOWN, Reason.LINK_NOT_OURS}
    told_by_the_service = {
        Reason.WITHDRAWN,
        Reason.STATUS_NOT_CHECKED,
        Reason.GENUINE_NEWER_VERSION,
        Reason.GENUINE_ERASED_SINCE,
    }
    by_second_proof = {Reason.NOT_IN_THE_ROOT_LOG}  # the file is older than the root log: see test_witnessed.py
    beside_the_seal = {Reason.RELEASE_WRONG}  # see test_released.py
    reached = {Reason(case["reason"]) for case in _CASES.values()}
    assert reached == set(Reason) - without_seal - told_by_the_service - by_second_proof - beside_the_seal


def test_no_two_frozen_cases_have_the_same_name() -> None:
    assert len(_CASES) == len(_VECTORS["cases"])
    assert len(_MALFORMED) == len(_VECTORS["malformed"])


@pytest.mark.parametrize("name", _GENUINE)
def test_four_foreign_libraries_verify_every_frozen_genuine_seal(name: str) -> None:
    seal = _CASES[name]["seal"]
    parsed = parse_seal(seal)
    keys = JWKSet.from_json(json.dumps(_JWKS))
    read = SDJWTVerifier(seal, lambda _, header: keys.get_key(header["kid"])).get_verified_payload()
    assert {item.name.value: item.value for item in parsed.disclosures}.items() <= read.items()
    registry = joserfc_jws.JWSRegistry(algorithms=["ES256"])
    theirs = joserfc_jws.deserialize_compact(parsed.jws.text, KeySet.import_key_set(_JWKS), registry=registry)
    token = JWS()
    token.deserialize(parsed.jws.text)
    token.verify(JWK(**_JWKS["keys"][0]), alg="ES256")
    key = jwt.PyJWKSet.from_dict(_JWKS).keys[0]
    options: Any = {"verify_exp": False, "verify_iat": False, "verify_aud": False}
    clear = jwt.decode(parsed.jws.text, key, algorithms=["ES256"], options=options)
    assert json.loads(theirs.payload) == json.loads(token.payload) == clear == dict(parsed.jws.payload)


def test_the_frozen_private_key_is_the_one_the_trust_file_publishes() -> None:
    private = JWK(**_VECTORS["keys"]["sealing"])
    assert private.thumbprint() == _JWKS["keys"][0]["kid"] == _VECTORS["keys"]["sealing"]["kid"]
