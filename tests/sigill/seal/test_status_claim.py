"""The optional claim that says where a withdrawal would be seen: strictly read, and only at the issuer."""

from dataclasses import replace
from typing import Any

import pytest

from sigill.errors import MalformedSeal
from sigill.seal.claims import (
    MAX_STATUS_INDEX,
    StatusClaim,
    format_claims,
    parse_claims,
    status_number_of,
    status_uri,
)
from tests.builders_seal import ISSUER, make_case, make_claims

_PLACE: dict[str, Any] = {"idx": 482_113 % 2**17, "uri": f"{ISSUER}/status/7"}
_PLAIN = format_claims(make_claims())


def _read(status: object) -> StatusClaim | None:
    return parse_claims(_PLAIN | {"status": status}).status


@pytest.mark.parametrize("number", [0, 1, 7, 10**17])
@pytest.mark.parametrize("idx", [0, 131_071, MAX_STATUS_INDEX])
def test_a_place_reads_back(number: int, idx: int) -> None:
    claim = StatusClaim(idx=idx, uri=status_uri(ISSUER, number))
    payload = format_claims(make_claims(status=claim))
    assert payload["status"] == {"status_list": {"idx": idx, "uri": f"{ISSUER}/status/{number}"}}
    assert parse_claims(payload).status == claim
    assert status_number_of(claim) == number


def test_a_seal_without_the_claim_is_as_before() -> None:
    assert "status" not in _PLAIN
    assert parse_claims(_PLAIN).status is None


def test_a_whole_seal_carries_it() -> None:
    claim = StatusClaim(idx=5, uri=status_uri(ISSUER, 1))
    case = make_case(change=lambda claims: replace(claims, status=claim))
    assert case.claims.status == claim


@pytest.mark.parametrize(
    "status",
    [
        None,
        [],
        {},
        "x",
        {"status_list": None},
        {"status_list": {}},
        {"status_list": {"idx": 1}},
        {"status_list": {"uri": _PLACE["uri"]}},
        {"status_list": _PLACE, "identifier_list": {}},
        {"status_list": _PLACE | {"more": 1}},
    ],
)
def test_another_shape_is_refused(status: object) -> None:
    with pytest.raises(MalformedSeal, match=r"status|status_list|idx|uri"):
        _read(status)


@pytest.mark.parametrize("idx", [-1, MAX_STATUS_INDEX + 1, 1.0, True, "1", None])
def test_an_index_is_a_bounded_integer(idx: object) -> None:
    with pytest.raises(MalformedSeal, match="idx"):
        _read({"status_list": _PLACE | {"idx": idx}})


@pytest.mark.parametrize(
    "uri",
    [
        "",
        7,
        "7",
        "https://evil.example/status/7",
        f"{ISSUER}/status",
        f"{ISSUER}/status/",
        f"{ISSUER}/status/07",
        f"{ISSUER}/status/-7",
        f"{ISSUER}/status/7/",
        f"{ISSUER}/status/7?time=1",
        f"{ISSUER}/status/٧",
        f"{ISSUER}/status/7\n",
        f"{ISSUER}/status/{'1' * 19}",
        f"{ISSUER}/Status/7",
        f"{ISSUER}.evil.example/status/7",
    ],
)
def test_a_list_elsewhere_or_in_another_spelling_is_refused(uri: object) -> None:
    with pytest.raises(MalformedSeal, match="uri"):
        _read({"status_list": _PLACE | {"uri": uri}})
