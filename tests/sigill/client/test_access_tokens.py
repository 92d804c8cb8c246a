"""A client with a private key at a played service: tokens are got, kept, renewed, and refused in words."""

import threading
from typing import Any

import jwt
import pytest

from sigill.client import Client, ClientIdentity, Patience
from sigill.client.access_tokens import AccessTokens
from sigill.client.credentials import ApiKey
from sigill.client.errors import ClientError, RequestRefused, ServiceUnavailable, SettingsRefused, UnexpectedAnswer
from sigill.client.http import Transport
from sigill.client.log_source import HttpSource
from sigill.keys.private_key import KeyType, make_private_key
from tests.builders_service import PlayedService, Reply, decision_members, problem, reply

_TOKEN = "/oauth/token"
_META = "/.well-known/oauth-authorization-server"
_ASK = "/v1/decisions"
_ISSUER = "https://guarantor.example"
_KEY = make_private_key(KeyType.P256)
_ME = ClientIdentity("cl-7k3f9q2mxt4b7k3f9q2m", _KEY)
_QUESTION: Any = {"authorship": "human", "channel": "chat", "enquiry": "informational"}


class Clock:
    """Seconds that pass when they are told to."""

    def __init__(self) -> None:
        self.s = 0.0

    def __call__(self) -> float:
        return self.s


def _token(text: str, *, lasts: object = 600) -> Reply:
    return reply({"access_token": text, "token_type": "Bearer", "expires_in": lasts, "scope": "messages:sign"})


def _play(service: PlayedService, *tokens: Reply) -> None:
    service.replies[_META] = reply({"issuer": _ISSUER, "token_endpoint": "https://elsewhere.example/oauth/token"})
    service.replies[_TOKEN] = list(tokens)
    service.replies[_ASK] = reply(decision_members())


def _client(service: PlayedService) -> Client:
    return Client(service.url, identity=_ME, patience=Patience(for_s=0.0))


def _shown(service: PlayedService) -> list[str | None]:
    return [request.headers.get("Authorization") for request in service.requests if request.path == _ASK]


def test_one_token_serves_many_calls_and_the_assertion_is_for_the_issuer(service: PlayedService) -> None:
    _play(service, _token("first"))
    client = _client(service)
    for _ in range(3):
        client.decide(**_QUESTION)
    assert _shown(service) == ["Bearer first"] * 3
    (form,) = service.bodies(_TOKEN)
    claims = jwt.decode(
        form["client_assertion"], jwt.PyJWK(_KEY.jwk, algorithm="ES256"), algorithms=["ES256"], audience=_ISSUER
    )
    assert (claims["aud"], claims["iss"], claims["sub"]) == (_ISSUER, _ME.client_id, _ME.client_id)
    assert form["grant_type"] == "client_credentials"
    assert form["client_assertion_type"] == "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


def test_every_assertion_is_another(service: PlayedService) -> None:
    _play(service, *(_token(f"t{n}") for n in range(3)))
    tokens = AccessTokens(Transport(service.url), _ME)
    for _ in range(3):
        tokens.renew(tokens.token())
    asserted = [form["client_assertion"] for form in service.bodies(_TOKEN)]
    assert len(set(asserted)) == 3
    assert len([request for request in service.requests if request.path == _META]) == 1


def test_an_issuer_that_is_known_is_not_asked_for(service: PlayedService) -> None:
    _play(service, _token("first"))
    assert AccessTokens(Transport(service.url), _ME, issuer="https://pinned.example").token() == "first"
    (form,) = service.bodies(_TOKEN)
    claims = jwt.decode(form["client_assertion"], options={"verify_signature": False})
    assert claims["aud"] == "https://pinned.example"
    assert [request.path for request in service.requests] == [_TOKEN]


@pytest.mark.parametrize(("lasts", "kept_s", "over_s"), [(600, 539.0, 541.0), (10, 7.9, 8.1), (0.5, 0.39, 0.41)])
def test_a_token_is_renewed_shortly_before_it_ends(
    service: PlayedService, lasts: float, kept_s: float, over_s: float
) -> None:
    _play(service, _token("first", lasts=lasts), _token("second"))
    clock = Clock()
    tokens = AccessTokens(Transport(service.url), _ME, monotonic=clock)
    assert tokens.token() == "first"
    clock.s = kept_s
    assert tokens.token() == "first"
    clock.s = over_s
    assert tokens.token() == "second"


def test_a_token_that_is_refused_is_renewed_and_the_call_made_once_more(service: PlayedService) -> None:
    _play(service, _token("first"), _token("second"))
    service.replies[_ASK] = [problem("credential-expired", 401, detail="no"), reply(decision_members())]
    assert _client(service).decide(**_QUESTION).verdict == "allow_with_duties"
    assert _shown(service) == ["Bearer first", "Bearer second"]


def test_a_second_refusal_is_told_and_not_tried_again(service: PlayedService) -> None:
    _play(service, _token("first"), _token("second"), _token("third"))
    service.replies[_ASK] = problem("credential-expired", 401, detail="It was revoked")
    with pytest.raises(RequestRefused, match="It was revoked") as caught:
        _client(service).decide(**_QUESTION)
    assert caught.value.status == 401
    assert _shown(service) == ["Bearer first", "Bearer second"]


def test_an_api_key_that_is_refused_is_not_sent_again(service: PlayedService) -> None:
    service.replies[_ASK] = problem("credential-unknown", 401, detail="no")
    with pytest.raises(RequestRefused):
        Client(service.url, api_key="sk", patience=Patience(for_s=0.0)).decide(**_QUESTION)
    assert _shown(service) == ["Bearer sk"]


def test_threads_that_need_a_token_wait_for_one_request(service: PlayedService) -> None:
    _play(service, _token("first"))
    tokens = AccessTokens(Transport(service.url, connections=8), _ME)
    found: list[str] = []
    threads = [threading.Thread(target=lambda: found.append(tokens.token())) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == ["first"] * 8
    assert len(service.bodies(_TOKEN)) == 1


def test_an_auditor_reads_entries_with_a_token_and_hashes_without(service: PlayedService) -> None:
    _play(service, _token("first"), _token("second"))
    entries = "/log/exempelbanken/tile/entries/000"
    service.replies |= {entries: [problem("credential-expired", 401), Reply(body=b"e")], "/open": Reply(body=b"h")}
    transport = Transport(service.url)
    source = HttpSource(transport, bearer=AccessTokens(transport, _ME), patience=Patience(for_s=0.0))
    assert source.read("open", max_bytes=5000) == b"h"
    assert source.read(entries[1:], max_bytes=5000, secret=True) == b"e"
    shown = {request.path: request.headers.get("Authorization") for request in service.requests}
    assert (shown["/open"], shown[entries]) == (None, "Bearer second")


@pytest.mark.parametrize(
    ("answer", "kind", "says"),
    [
        (
            reply({"error": "invalid_client", "error_description": "exp is past"}, status=400),
            RequestRefused,
            r"\(invalid_client\): exp is past. Check the client's id and key, and that this machine's clock is right",
        ),
        (reply({"error": "invalid_scope"}, status=400), RequestRefused, "invalid_scope"),
        (reply({"error": 7}, status=400), UnexpectedAnswer, "does not say why"),
        (reply(["error"], status=400), UnexpectedAnswer, "does not say why"),
        (Reply(status=400, body=b"{"), UnexpectedAnswer, "does not say why"),
        (reply({}), UnexpectedAnswer, "lacks access_token"),
        (_token("a\nb"), UnexpectedAnswer, "no access token that can be sent"),
        (_token(""), UnexpectedAnswer, "access"),
        (_token("å"), UnexpectedAnswer, "no access token that can be sent"),
        (_token("x" * 2001), UnexpectedAnswer, "no access token that can be sent"),
        (_token("t", lasts="600"), UnexpectedAnswer, "how long"),
        (_token("t", lasts=True), UnexpectedAnswer, "how long"),
        (_token("t", lasts=0), UnexpectedAnswer, "how long"),
        (Reply(status=302, headers={"Location": "https://elsewhere.example"}), UnexpectedAnswer, "another address"),
        (problem("store-unavailable", 503, detail="later"), ServiceUnavailable, "later|again|busy"),
        (Reply(body=b" " * 70_000), UnexpectedAnswer, "longer than"),
    ],
)
def test_any_other_answer_is_told_in_a_sentence_and_nothing_is_asked_for(
    service: PlayedService, answer: Reply, kind: type[ClientError], says: str
) -> None:
    _play(service, answer)
    with pytest.raises(kind, match=says):
        _client(service).decide(**_QUESTION)
    assert _shown(service) == []


def test_a_busy_token_endpoint_is_asked_again_within_the_clients_patience(service: PlayedService) -> None:
    _play(service, problem("store-unavailable", 503, detail="later"), _token("first"))
    client = Client(service.url, identity=_ME, patience=Patience(for_s=5.0, sleep=lambda _: None))
    client.decide(**_QUESTION)
    assert _shown(service) == ["Bearer first"]


def test_a_service_that_does_not_say_who_it_is_gets_no_assertion(service: PlayedService) -> None:
    service.replies[_META] = reply({"issuer": 7})
    with pytest.raises(UnexpectedAnswer, match="issuer"):
        _client(service).decide(**_QUESTION)
    assert service.bodies(_TOKEN) == []


def test_a_key_and_a_client_at_once_are_refused(service: PlayedService) -> None:
    with pytest.raises(SettingsRefused, match="Give one of them"):
        Client(service.url, api_key="sk", identity=_ME)


def test_nothing_secret_is_shown() -> None:
    assert "sk-secret" not in repr(ApiKey("sk-secret"))
