"""Signing: hashed here, and nothing returned that is not proven."""

import hashlib
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from sigill.client import Client, Patience
from sigill.client.errors import (
    AnswerNotTrusted,
    NotSealable,
    Refused,
    RequestRefused,
    ServiceUnavailable,
    SettingsRefused,
    UnexpectedAnswer,
)
from sigill.encoding.base64url import format_base64url
from sigill.seal.disclosures import Name
from sigill.text.carrier import remove_codes
from sigill.text.links import link_hash
from sigill.text.nu1 import canonical_h, exact
from sigill.vocabulary import Authorship, Channel, Direction, Enquiry, Purpose
from tests.builders_seal import CODE, TEXT, Case, MemoryLog, MemorySigner, make_actor, make_case, make_trust, some_hash
from tests.builders_service import (
    JSON,
    PlayedService,
    Reply,
    decision_members,
    problem,
    refusal_members,
    reply,
    sealed_members,
    trust_members,
)

_NOW = datetime.now(UTC)
_CASE = make_case(recipient=None, at=_NOW)
_MESSAGES, _TRUST = "/v1/messages", "/.well-known/sigill-trust.json"
_ASKED: Any = {"authorship": "ai", "channel": "chat", "enquiry": "informational"}


def _play(service: PlayedService, case: Case = _CASE, **changes: object) -> None:
    service.replies[_MESSAGES] = reply(sealed_members(case, **changes), status=201)
    service.replies[_TRUST] = reply(trust_members(case))


def _client(service: PlayedService, **settings: Any) -> Client:
    once = Patience(for_s=0.0)
    merged: dict[str, Any] = {"api_key": "sk-test", "timeout_s": 2.0, "patience": once} | settings
    return Client(service.url, **merged)


def test_a_message_is_signed_in_a_few_lines(service: PlayedService) -> None:
    _play(service)
    with Client(service.url, api_key="sk-test") as client:
        sealed = client.sign(TEXT, authorship="ai", channel="chat", enquiry="informational")
    assert sealed.seal == _CASE.seal
    assert sealed.text == _CASE.embedded
    assert sealed.code == "20G3-0G2G-C1R8"
    assert sealed.link.endswith(CODE)
    assert sealed.receipt == _CASE.receipt
    assert sealed.decision.verdict == "allow_with_duties"
    assert sealed.decision.texts == {"ai_inline": "Du skriver med en AI."}
    assert (sealed.id, sealed.index, sealed.origin) == (_CASE.claims.jti, 0, _CASE.log.origin)


def test_only_hashes_of_the_text_are_sent(service: PlayedService) -> None:
    _play(service)
    _client(service).sign(TEXT, **_ASKED)
    (request,) = [item for item in service.requests if item.path == _MESSAGES]
    hx, length = exact(TEXT)
    assert request.body == _ASKED | {
        "digest": {
            "canon": "nu1",
            "h": format_base64url(canonical_h(TEXT)),
            "hx": format_base64url(hx),
            "n": length,
            "links": [],
        }
    }
    assert request.headers["Authorization"] == "Bearer sk-test"


def test_everything_that_goes_with_a_message_is_sent_in_its_place(service: PlayedService) -> None:
    link, file = "https://exempelbanken.example/kort", b"%PDF"
    service.replies[_MESSAGES] = problem("request-invalid", 422)
    with pytest.raises(RequestRefused):
        _client(service).sign(
            TEXT,
            authorship=Authorship.AI_ASSISTED,
            channel=Channel.EMAIL,
            enquiry=Enquiry.CLAIM,
            purpose=Purpose.SERVICE,
            direction=Direction.OUTBOUND,
            language="sv",
            conversation="chat-81",
            jurisdiction="SE",
            vulnerable=True,
            scope=["intake_only"],
            disclosure="inline",
            ai_system="assistant",
            ai_of="kundsvar",
            on_behalf_of="exempelbanken",
            draft="ai",
            role="operator",
            recipient="anna.berg@example.se",
            agent="agent-7",
            sent_at=datetime(2026, 11, 22, tzinfo=UTC),
            links=[link],
            attachments={"a": some_hash(4), "b.pdf": file},
        )
    body = service.bodies(_MESSAGES)[0]
    assert body["customer"] == {"jurisdiction": "SE", "vulnerable": True}
    assert body["ai"] == {"system": "assistant", "of": "kundsvar"}
    assert body["on_behalf_of"] == "exempelbanken"
    assert body["digest"]["links"] == [format_base64url(link_hash(link))]
    assert [item["name"] for item in body["attachments"]] == ["a", "b.pdf"]
    assert body["attachments"][0]["h"] == some_hash(4)
    assert body["sent_at"] == "2026-11-22T00:00:00+00:00"
    assert body["recipient"] == "anna.berg@example.se"
    assert (body["channel"], body["draft"], body["scope"]) == ("email", "ai", ["intake_only"])
    assert body["attachments"][1]["h"] == format_base64url(hashlib.sha256(file).digest())


def test_a_seal_for_somebody_else_than_asked_for_is_not_trusted(service: PlayedService) -> None:
    mandated = make_case(at=_NOW, change=lambda claims: replace(claims, act=make_actor(since=claims.iat)))
    own = make_case(at=_NOW)
    for case, for_whom in ((own, "exempelbanken"), (mandated, None), (mandated, "exempelel")):
        _play(service, case)
        asked: Any = {} if for_whom is None else {"on_behalf_of": for_whom}
        with pytest.raises(AnswerNotTrusted, match="to be sealed for"):
            _client(service).sign(TEXT, authorship="ai", channel="chat", enquiry="informational", **asked)
    _play(service, mandated)
    sealed = _client(service).sign(
        TEXT, authorship="ai", channel="chat", enquiry="informational", on_behalf_of="exempelbanken"
    )
    assert sealed.seal == mandated.seal


def test_links_attachments_and_recipient_are_checked_in_the_seal(service: PlayedService) -> None:
    link = "https://exempelbanken.example/kort"
    case = make_case(links=[link], files=[some_hash(4)], at=_NOW)
    _play(service, case)
    beside: Any = {"links": [link], "attachments": {"a": some_hash(4)}, "recipient": "Anna.Berg@example.se"}
    client = _client(service)
    assert client.sign(TEXT, **_ASKED, **beside).seal == case.seal
    changes: list[dict[str, object]] = [{"links": []}, {"attachments": {}}, {"recipient": "bo@example.se"}]
    for change in changes:
        with pytest.raises(AnswerNotTrusted, match="does not hold"):
            client.sign(TEXT, **_ASKED, **beside | change)


def test_the_embedded_text_bears_the_code_in_the_channel_s_way(service: PlayedService) -> None:
    case = make_case(recipient=None, at=_NOW, change=lambda claims: replace(claims, ch=Channel.SMS))
    _play(service, case)
    sealed = _client(service).sign(TEXT, **_ASKED | {"channel": Channel.SMS})
    assert sealed.text == f"{TEXT}\nSigill 20G3-0G2G-C1R8"
    assert remove_codes(sealed.text) == (TEXT, CODE)


# --- what the client must not believe ---

_OTHER_KEY = MemorySigner(40)
_OTHER_LOG = MemoryLog(seed=9)
_DISTRUSTED: dict[str, Callable[[], dict[str, Any]]] = {
    "no seal": lambda: sealed_members(_CASE, seal="nonsense~"),
    "a seal over another text": lambda: sealed_members(make_case("Another", recipient=None, at=_NOW)),
    "a seal signed by a stranger": lambda: sealed_members(make_case(recipient=None, at=_NOW, signer=_OTHER_KEY)),
    "the receipt of another seal": lambda: sealed_members(_CASE, receipt=make_case("Another").receipt),
    "a receipt of a stranger's log": lambda: sealed_members(make_case(recipient=None, at=_NOW, log=_OTHER_LOG)),
    "a receipt that is none": lambda: sealed_members(_CASE, receipt="c2sp.org/tlog-proof@v1\n"),
    "a seal without its text": lambda: sealed_members(_CASE, seal=_CASE.without(Name.MSG)),
    "a seal without its bytes": lambda: sealed_members(_CASE, seal=_CASE.without(Name.MSGX)),
    "a human's seal": lambda: sealed_members(make_case(by=Authorship.HUMAN, recipient=None, at=_NOW)),
    "a seal for another channel": lambda: sealed_members(
        make_case(recipient=None, at=_NOW, change=lambda claims: replace(claims, ch=Channel.EMAIL))
    ),
}


@pytest.mark.parametrize("name", _DISTRUSTED)
def test_an_answer_that_does_not_prove_itself_is_not_returned(service: PlayedService, name: str) -> None:
    _play(service)
    service.replies[_MESSAGES] = reply(_DISTRUSTED[name](), status=201)
    with pytest.raises(AnswerNotTrusted, match="Do not send this seal"):
        _client(service).sign(TEXT, **_ASKED)


def test_a_test_operator_s_seal_and_a_fast_clock_are_no_reason_for_distrust(service: PlayedService) -> None:
    case = make_case(recipient=None, test=True, at=_NOW + timedelta(days=1))
    _play(service, case)
    assert _client(service).sign(TEXT, **_ASKED).seal == case.seal


# --- trust ---


def test_the_trust_file_is_fetched_once(service: PlayedService) -> None:
    _play(service)
    client = _client(service)
    for _ in range(3):
        client.sign(TEXT, **_ASKED)
    assert [request.path for request in service.requests].count(_TRUST) == 1
    assert client.trust().issuer == _CASE.trust.issuer


def test_a_trust_file_that_lacks_a_new_key_is_fetched_anew(service: PlayedService) -> None:
    _play(service)
    old = replace(_CASE, trust=make_trust(_CASE.log, _OTHER_KEY.published(), as_of=_NOW - timedelta(days=9)))
    service.replies[_TRUST] = [reply(trust_members(old)), reply(trust_members(_CASE))]
    assert _client(service).sign(TEXT, **_ASKED).seal == _CASE.seal


def test_a_pinned_trust_is_never_replaced(service: PlayedService) -> None:
    _play(service)
    pinned = make_trust(_CASE.log, _OTHER_KEY.published())
    client = _client(service, trust=pinned)
    with pytest.raises(AnswerNotTrusted):
        client.sign(TEXT, **_ASKED)
    assert client.trust(fresh=True) is pinned
    assert _client(service, trust=_CASE.trust).sign(TEXT, **_ASKED).seal == _CASE.seal


def test_half_a_trust_file_is_an_unexpected_answer(service: PlayedService) -> None:
    service.replies[_TRUST] = reply({"issuer": "https://guarantor.example"})
    with pytest.raises(UnexpectedAnswer, match="trust file cannot be used"):
        _client(service).trust()


# --- refusals, and what cannot be sealed ---


def test_a_refusal_says_why_and_what_would_be_allowed(service: PlayedService) -> None:
    service.replies[_MESSAGES] = problem("policy-refusal", 403, **refusal_members())
    with pytest.raises(Refused) as caught:
        _client(service).sign(TEXT, **_ASKED)
    refused = caught.value
    assert str(refused) == (
        "The policy denies this message. An AI may not decide on credit alone. "
        "Instead: Let a person read and release it."
    )
    assert refused.rules[0]["id"] == "bank.credit.ai"
    assert refused.instead[0]["value"] == "ai_assisted"
    assert refused.decision_id == "01JD8Z6Q2V4T7M9K3C5B1A0XYZ"


def test_a_refusal_without_detail_still_says_what_to_do(service: PlayedService) -> None:
    service.replies[_MESSAGES] = problem("policy-refusal", 403, rules="?", instead=[1])
    with pytest.raises(Refused, match="let a person read, change and release it"):
        _client(service).sign(TEXT, **_ASKED)


@pytest.mark.parametrize(
    ("text", "fields", "says"),
    [
        ("", {}, "no text to seal"),
        (" \n ", {}, "no text to seal"),
        ("Hej\u200b", {}, "hidden characters"),
        ("\ud800", {}, "hidden characters"),
        (_CASE.embedded, {}, "already carries a Sigill code"),
        ("a" * 300_000, {}, "300000 bytes"),
        (TEXT, {"recipient": "070-123"}, "country code"),
        (TEXT, {"recipient": {"ref": "x"}}, "reference"),
        (TEXT, {"links": ["https://a/\ud800"]}, "surrogate"),
        (TEXT, {"conversation": "\ud800"}, "cannot be sent"),
    ],
)
def test_what_cannot_be_sealed_is_said_before_anything_is_sent(
    service: PlayedService, text: str, fields: dict[str, Any], says: str
) -> None:
    with pytest.raises(NotSealable, match=says):
        _client(service).sign(text, **_ASKED, **fields)
    assert service.requests == []


def test_unknown_and_missing_arguments_are_a_programmer_s_error(service: PlayedService) -> None:
    client: Any = _client(service)
    with pytest.raises(TypeError, match="unknown arguments: authorshp"):
        client.sign(TEXT, authorshp="ai", **_ASKED)
    with pytest.raises(TypeError, match="missing arguments: enquiry"):
        client.decide(authorship="ai", channel="chat")
    with pytest.raises(TypeError, match="unknown arguments: recipient"):
        client.decide(recipient="x", **_ASKED)


# --- decide ---


def test_a_decision_is_an_answer_whatever_it_says(service: PlayedService) -> None:
    service.replies["/v1/decisions"] = reply(decision_members(verdict="deny"))
    decision = _client(service).decide(**_ASKED, jurisdiction="SE")
    assert decision.verdict == "deny"
    assert decision.obligations[0]["id"] == "disclose_ai"
    assert service.bodies("/v1/decisions") == [_ASKED | {"customer": {"jurisdiction": "SE"}}]


# --- answers of another shape ---


@pytest.mark.parametrize(
    ("change", "lacks"),
    [
        ({"id": 1}, "id"),
        ({"seal": None}, "seal"),
        ({"code": "XYZ"}, "code"),
        ({"code": 5}, "code"),
        ({"log": {"origin": "x", "index": True}}, "index"),
        ({"log": []}, "log"),
        ({"decision": None}, "decision"),
        ({"decision": decision_members(rules=[1])}, "rules"),
        ({"decision": decision_members(obligations={})}, "obligations"),
        ({"decision": decision_members(texts={"a": 1})}, "texts"),
        ({"receipt": 7}, "receipt"),
    ],
)
def test_an_answer_of_another_shape_is_named(service: PlayedService, change: dict[str, Any], lacks: str) -> None:
    _play(service, **change)
    with pytest.raises(UnexpectedAnswer, match=f"lacks {lacks}"):
        _client(service).sign(TEXT, **_ASKED)


@pytest.mark.parametrize(
    "answer",
    [
        Reply(201, b"{"),
        Reply(201, b'{"a":1,"a":2}'),
        Reply(201, b"\xff"),
        Reply(201, b"[]"),
        Reply(201, b"<html>", "text/html"),
        Reply(200, b"{}"),
        Reply(204, b""),
        Reply(404, b"gone", "text/plain"),
        Reply(302, b"", headers={"Location": "http://127.0.0.1:1/v1/messages"}),
        Reply(201, b"{}", JSON, {"Content-Encoding": "gzip"}),
    ],
    ids=["cut", "duplicates", "not UTF-8", "array", "html", "200", "204", "a plain 404", "a redirect", "said gzip"],
)
def test_what_is_no_answer_of_this_service_is_unexpected(service: PlayedService, answer: Reply) -> None:
    service.replies[_MESSAGES] = answer
    with pytest.raises(UnexpectedAnswer, match=r"[Aa]ddress"):
        _client(service).sign(TEXT, **_ASKED)
    assert len(service.requests) == 1


def test_a_problem_names_the_wrong_fields_and_what_would_be_right(service: PlayedService) -> None:
    service.replies[_MESSAGES] = problem(
        "request-invalid",
        422,
        detail="1 field(s) cannot be as they are",
        next="Mend the fields listed under errors.",
        errors=[
            {
                "pointer": "/channel",
                "detail": "'fax' is not one of the allowed values",
                "allowed_values": ["chat", "sms"],
            },
            {"pointer": "", "detail": "unknown field"},
            "?",
        ],
    )
    with pytest.raises(RequestRefused) as caught:
        _client(service).sign(TEXT, **_ASKED)
    error = caught.value
    assert str(error) == (
        "1 field(s) cannot be as they are. "
        "/channel: 'fax' is not one of the allowed values (allowed: chat, sms). "
        "the request: unknown field. Mend the fields listed under errors."
    )
    assert error.errors[0].allowed_values == ("chat", "sms")
    assert (error.problem, error.status) == ("request-invalid", 422)


def test_a_fault_is_not_told_twice(service: PlayedService) -> None:
    same = {"pointer": "/ai/system", "detail": "no such system", "allowed_values": ["saga"]}
    again = {"pointer": "/ai", "detail": "no such system"}
    service.replies[_MESSAGES] = problem(
        "ai-system-unknown", 422, detail="no such system", next="Name another.", errors=[same, again]
    )
    with pytest.raises(RequestRefused) as caught:
        _client(service).sign(TEXT, **_ASKED)
    assert str(caught.value) == "no such system. /ai/system: (allowed: saga). Name another."
    assert str(caught.value.errors[0]) == "/ai/system: no such system (allowed: saga)"


def test_a_problem_without_detail_is_told_by_its_title(service: PlayedService) -> None:
    service.replies[_MESSAGES] = problem("credential-unknown", 401)
    with pytest.raises(RequestRefused, match=r"A title\."):
        _client(service).sign(TEXT, **_ASKED)


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_a_busy_service_says_when_to_come_back(service: PlayedService, status: int) -> None:
    service.replies[_MESSAGES] = reply({}, status=status, Retry_After="7")
    with pytest.raises(ServiceUnavailable, match="Try again later") as caught:
        _client(service).sign(TEXT, **_ASKED)
    assert caught.value.retry_after == 7
    assert ("it may have been sealed: try again with the same idempotency key" in str(caught.value)) == (
        status in {500, 502, 504}
    )
    assert "nothing was done" not in str(caught.value)


@pytest.mark.parametrize("key", ["", "a\nb", "nyckel-å"])
def test_a_key_that_is_none_is_refused_at_once(key: str) -> None:
    with pytest.raises(SettingsRefused, match="Copy the whole key"):
        Client("https://sigill.example", api_key=key)
