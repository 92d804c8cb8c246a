"""The clear claims: exact types, exact words, and members that must agree with each other."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from sigill.errors import MalformedSeal
from sigill.seal.claims import (
    AttestationClaim,
    ConversationClaim,
    format_claims,
    operator_id_of,
    operator_url,
    parse_claims,
)
from sigill.vocabulary import AttestationLevel, Authorship, Draft, foreign_words
from tests.builders_seal import ISSUER, OPERATOR_ID, make_actor, make_claims, make_jti, some_hash

_VALID = format_claims(make_claims())
_OPTIONAL = {"act", "edits", "conv", "ai", "rcp", "sent", "late"}
_TEXTS = [("iss",), ("sub",), ("op", "name"), ("op", "id"), ("att", "m"), ("pol", "pack"), ("conv", "id")]


def _with(path: tuple[str, ...], value: object) -> dict[str, Any]:
    """Return the valid payload with another value at `path`; the marker `...` takes the member out."""
    outer = dict(_VALID)
    place = outer
    for name in path[:-1]:
        place[name] = dict(place[name])
        place = place[name]
    if value is ...:
        del place[path[-1]]
    else:
        place[path[-1]] = value
    return outer


def _refused(payload: object, says: str = "") -> None:
    with pytest.raises(MalformedSeal, match=says):
        parse_claims(payload)


@pytest.mark.parametrize("by", list(Authorship))
def test_claims_of_every_authorship_read_back(by: Authorship) -> None:
    claims = make_claims(by=by)
    assert parse_claims(format_claims(claims)) == claims


def test_every_optional_claim_reads_back() -> None:
    claims = make_claims(
        rcp=some_hash(5),
        sent=datetime(2026, 11, 22, 11, 0, tzinfo=UTC),
        late=True,
        att=AttestationClaim(lvl=AttestationLevel.A, m="passkey", ev=some_hash(6)),
        conv=ConversationClaim(id="c", seq=2, prev=some_hash(7)),
        edits=make_jti(number=7),
        act=make_actor(),
    )
    assert parse_claims(format_claims(claims)) == claims


def test_who_acts_under_a_mandate_is_another_operator_of_the_same_guarantor() -> None:
    actor = format_claims(make_claims(act=make_actor()))["act"]
    for sub in (_VALID["sub"], "https://other.example/registry/operators/kundsvar", f"{ISSUER}/registry/operators/"):
        _refused(_with(("act",), actor | {"sub": sub}), "itself|registry URL")
    _refused(_with(("act",), actor | {"level": 2}), "unknown members: level")
    for name in actor:
        _refused(_with(("act",), {key: value for key, value in actor.items() if key != name}), f"lacks {name}")


def test_a_mandate_is_in_force_when_the_seal_is_made() -> None:
    claims = make_claims()
    at_once = replace(claims, act=make_actor(since=claims.iat))
    assert parse_claims(format_claims(at_once)) == at_once
    late = format_claims(replace(claims, act=make_actor(since=claims.iat + timedelta(seconds=1))))
    _refused(late, "before anything is sealed")


def test_an_ai_system_of_who_acts_says_so_and_stands_only_where_somebody_acts() -> None:
    claims = make_claims(act=make_actor())
    assert claims.ai is not None
    theirs = replace(claims, ai=replace(claims.ai, of_actor=True))
    assert format_claims(theirs)["ai"]["of"] == "act"
    assert parse_claims(format_claims(theirs)) == theirs
    _refused(format_claims(replace(theirs, act=None)), "only where somebody does")
    _refused(_with(("ai", "of"), "op"), "of is act or absent")


@pytest.mark.parametrize("edited", ["", "x", None, 1, make_jti(number=7).lower(), "7ZZZZZZZZZZZZZZZZZZZZZZZZZ"])
def test_what_a_message_replaces_is_named_by_its_id(edited: object) -> None:
    _refused(_with(("edits",), edited), "edits")


def test_no_message_replaces_itself() -> None:
    _refused(_with(("edits",), _VALID["jti"]), "not itself")


def test_a_test_operator_s_claims_say_so() -> None:
    claims = make_claims()
    test = replace(claims, op=replace(claims.op, test=True))
    assert format_claims(test)["op"]["env"] == "test"
    assert parse_claims(format_claims(test)).op.test


def test_claims_without_the_optional_ones_read_back() -> None:
    claims = make_claims(by=Authorship.HUMAN, conv=None)
    assert not _OPTIONAL & set(format_claims(claims))
    assert parse_claims(format_claims(claims)) == claims


@pytest.mark.parametrize("name", sorted(set(_VALID) - _OPTIONAL))
def test_a_required_claim_that_is_missing_is_named(name: str) -> None:
    _refused(_with((name,), ...), f"lacks {name}")


@pytest.mark.parametrize(
    "path", [(), ("op",), ("auth",), ("att",), ("pol",), ("conv",), ("ai",)], ids=lambda path: "/".join(path) or "root"
)
def test_an_unknown_member_is_refused_wherever_it_stands(path: tuple[str, ...]) -> None:
    _refused(_with((*path, "nonce"), "1"), "unknown members: nonce")


@pytest.mark.parametrize("value", [None, [], "text", 1])
def test_claims_that_are_no_object_are_refused(value: object) -> None:
    _refused(value, "is an object")
    _refused(_with(("op",), value), "op is an object")


@pytest.mark.parametrize("path", _TEXTS, ids="/".join)
@pytest.mark.parametrize("value", ["", "x" * 513, "a\nb", "a\x9bb", 1, None, ["x"]])
def test_a_text_is_short_plain_and_no_other_type(path: tuple[str, ...], value: object) -> None:
    _refused(_with(path, value), path[-1])


@pytest.mark.parametrize("path", [("iat",), ("exp",), ("op", "lvl"), ("conv", "seq")], ids="/".join)
@pytest.mark.parametrize("value", [True, False, 1.0, "1", None, -1, 2**60])
def test_an_integer_is_no_boolean_float_or_text_and_stays_in_range(path: tuple[str, ...], value: object) -> None:
    _refused(_with(path, value), path[-1])


@pytest.mark.parametrize(
    "path",
    [("ch",), ("dir",), ("pur",), ("op", "ind"), ("auth", "by"), ("auth", "role"), ("att", "lvl")],
    ids="/".join,
)
@pytest.mark.parametrize("value", ["", "CHAT", "fax", 1, None, ["chat"], {"chat": 1}])
def test_a_word_outside_the_vocabulary_is_refused(path: tuple[str, ...], value: object) -> None:
    _refused(_with(path, value), f"{path[-1]} is one of")


@pytest.mark.parametrize(
    "path", [("rcp",), ("pol", "dig"), ("pol", "fd"), ("att", "ev"), ("conv", "prev")], ids="/".join
)
@pytest.mark.parametrize("value", ["", "AQID", "=" * 43, some_hash(1) + "A", some_hash(1)[:-1] + "B", 1, None])
def test_a_hash_is_32_bytes_in_the_one_spelling(path: tuple[str, ...], value: object) -> None:
    _refused(_with(path, value), f"{path[-1]} is a hash")


@pytest.mark.parametrize(
    "jti", ["01jd8z6q2v4t7m9k3c5b1a0xyz", "01JD8Z6Q2V4T7M9K3C5B1A0XY", "8" + "0" * 25, "0UJD8Z6Q2V4T7M9K3C5B1A0XYZ"]
)
def test_a_jti_is_a_canonical_ulid(jti: str) -> None:
    _refused(_with(("jti",), jti), "jti")


@pytest.mark.parametrize("algorithm", ["sha-512", "SHA-256", None, ""])
def test_another_digest_algorithm_is_refused(algorithm: object) -> None:
    _refused(_with(("_sd_alg",), algorithm), "sha-256")


@pytest.mark.parametrize(
    "digests",
    [
        [some_hash(number) for number in range(7)],
        [some_hash(number) for number in range(9)],
        [some_hash(number) for number in reversed(range(8))],
        [some_hash(0), *(some_hash(number) for number in range(7))],
        [*(some_hash(number) for number in range(7)), {"...": some_hash(8)}],
        some_hash(1),
        None,
    ],
    ids=["seven", "nine", "unsorted", "one repeated", "an array element", "a string", "null"],
)
def test_the_digests_are_exactly_eight_sorted_and_different(digests: object) -> None:
    _refused(_with(("_sd",), digests), "_sd")


@pytest.mark.parametrize("value", [False, 1, "true", None])
def test_late_is_true_or_absent(value: object) -> None:
    _refused(_with(("late",), value), "late")


@pytest.mark.parametrize("value", ["live", "", None, True])
def test_env_is_test_or_absent(value: object) -> None:
    _refused(_with(("op", "env"), value), "env")


@pytest.mark.parametrize(
    ("path", "value", "says"),
    [
        pytest.param(("iss",), "http://guarantor.example", "https", id="a plain issuer"),
        pytest.param(("iss",), ISSUER + "/", "slash", id="an issuer with a slash"),
        pytest.param(("aud",), ISSUER, "aud", id="another audience"),
        pytest.param(("sub",), f"{ISSUER}/registry/operators/", "sub", id="no operator"),
        pytest.param(("sub",), f"{ISSUER}/registry/operators/a/b", "sub", id="a path for an operator"),
        pytest.param(("exp",), _VALID["iat"], "later than iat", id="an end at its beginning"),
        pytest.param(("auth", "oversight"), "human_validated", "same as by", id="oversight of another author"),
        pytest.param(("auth", "dst"), "http://example.com/x", "same as by", id="source type of another author"),
        pytest.param(("ai",), ..., "names its AI system", id="an AI without its system"),
        pytest.param(("conv", "prev"), some_hash(1), "first message", id="a first message with one before it"),
        pytest.param(("conv", "seq"), 2, "first message", id="a second message without one before it"),
    ],
)
def test_claims_that_contradict_each_other_are_refused(path: tuple[str, ...], value: object, says: str) -> None:
    _refused(_with(path, value), says)


def test_a_human_s_message_names_no_ai_system() -> None:
    human = format_claims(make_claims(by=Authorship.HUMAN))
    _refused(human | {"ai": _VALID["ai"]}, "human's message")


@pytest.mark.parametrize("draft", list(Draft))
def test_who_drafted_an_assisted_message_is_read_from_the_source_type(draft: Draft) -> None:
    claims = make_claims(by=Authorship.AI_ASSISTED)
    words = foreign_words(Authorship.AI_ASSISTED, draft=draft)
    claims = replace(claims, auth=replace(claims.auth, dst=words.source_type))
    assert parse_claims(format_claims(claims)).auth.draft is draft


def test_only_assisted_messages_have_a_draft() -> None:
    assert make_claims(by=Authorship.AI).auth.draft is None
    assert make_claims(by=Authorship.HUMAN).auth.draft is None


def test_the_operator_s_id_is_the_last_part_of_its_registry_url() -> None:
    claims = make_claims()
    assert claims.sub == operator_url(ISSUER, OPERATOR_ID)
    assert operator_id_of(claims) == OPERATOR_ID
