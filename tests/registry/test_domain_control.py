"""Whole checks of a domain, against name servers and web servers on this machine, honest and not."""

import gzip
import socket
import ssl
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Final

import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset
import pytest

from registry.asking.dns import look_up_by
from registry.asking.guarded import GuardedFetch, Limits
from registry.asking.look_up import LookUp
from registry.checks.domain import Reason
from registry.checks.domain_challenge import Challenge, make_challenge
from registry.checks.outcome import CheckResult, Outcome
from registry.domain_control import Askable, Way, check_domain
from tests.builders_authority import Authority, make_authority
from tests.builders_dns import Reply, all_answering, say_code, say_nothing, say_txt
from tests.builders_strangers import HOME, Play, Stranger, playing, redirect_to, say, say_raw

_AT: Final = datetime(2026, 11, 29, 12, tzinfo=UTC)
_CHALLENGE: Final = make_challenge("shop.example", thumbprint="T" * 43, random=bytes(32), at=_AT)
_OTHER: Final = make_challenge("shop.example", thumbprint="U" * 43, random=bytes(32), at=_AT)
_RIGHT: Final = say_txt(_CHALLENGE.record.encode())
_ABSENT: Final = say_code(dns.rcode.NXDOMAIN)
_FILE: Final = say(_CHALLENGE.file_content.encode(), headers=["Content-Type: text/plain"])


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return make_authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def tls(authority: Authority) -> ssl.SSLContext:
    return authority.tls_for("shop.example", "www.shop.example")


def _home(_host: str, _within_s: float) -> Sequence[str]:
    return ["127.0.0.1"]


def _askable(replies: Sequence[Reply], fetch: GuardedFetch, port: int, *, time_s: float = 2.0) -> Iterator[Askable]:
    with all_answering(*replies) as servers:
        yield Askable(servers=servers, needed=len(replies) // 2 + 1, fetch=fetch, time_s=time_s, https_port=port)


def _check_record(*replies: Reply, time_s: float = 2.0, challenge: Challenge = _CHALLENGE) -> CheckResult:
    with contextmanager(_askable)(replies, GuardedFetch(), 443, time_s=time_s) as askable:
        return check_domain(challenge, askable=askable, at=_AT, way=Way.RECORD)


def _fetch(authority: Authority, port: int, *, look_up: LookUp = _home, time_s: float = 2.0) -> GuardedFetch:
    limits = Limits(ports=frozenset({port}), networks=(HOME,), time_s=time_s)
    return GuardedFetch(limits=limits, ca_file=authority.ca_file, look_up=look_up)


def _check_file(authority: Authority, shop: Stranger, *, look_up: LookUp = _home, time_s: float = 2.0) -> CheckResult:
    fetch = _fetch(authority, shop.port, look_up=look_up, time_s=time_s)
    with contextmanager(_askable)([_ABSENT], fetch, shop.port) as askable:
        return check_domain(_CHALLENGE, askable=askable, at=_AT, way=Way.FILE)


def test_a_published_record_proves_the_domain() -> None:
    result = _check_record(_RIGHT, _RIGHT, _RIGHT)

    assert (result.outcome, result.reason) == (Outcome.PASSED, Reason.RECORD_FOUND)
    assert len(result.answers) == 3
    assert all(_CHALLENGE.record_token.encode() in answer.body for answer in result.answers)


def test_a_name_server_that_lies_is_outvoted_either_way() -> None:
    forged = _check_record(_ABSENT, _RIGHT, _ABSENT)
    hidden = _check_record(_RIGHT, _ABSENT, _RIGHT)

    assert (forged.outcome, hidden.outcome) == (Outcome.FAILED, Outcome.PASSED)
    assert "Outvoted: 127.0.0.1:" in forged.detail
    assert "Outvoted: 127.0.0.1:" in hidden.detail


def test_a_name_that_does_not_exist_fails_and_says_what_to_publish() -> None:
    result = _check_record(_ABSENT, _ABSENT, _ABSENT)

    assert (result.outcome, result.reason) == (Outcome.FAILED, Reason.NO_RECORD)
    assert f"Publish at _sigill-challenge.shop.example a TXT record with the text: {_CHALLENGE.record}" in result.detail


@pytest.mark.slow
@pytest.mark.parametrize("silent", [say_nothing, say_code(dns.rcode.SERVFAIL), say_code(dns.rcode.REFUSED)])
def test_resolvers_that_give_no_answer_neither_pass_nor_fail(silent: Reply) -> None:
    assert _check_record(silent, _RIGHT, silent, time_s=0.3).outcome is Outcome.COULD_NOT_BE_CHECKED
    assert _check_record(silent, _ABSENT, silent, time_s=0.3).outcome is Outcome.COULD_NOT_BE_CHECKED
    assert _check_record(_RIGHT, silent, _RIGHT, time_s=0.3).outcome is Outcome.PASSED


def test_records_of_three_hundred_bytes_do_not_hide_the_right_one_and_do_not_pass() -> None:
    long = [b"x" * 255, b"x" * 45]
    noise = say_txt(long, [b"\xff" * 255, b"\xff" * 45])

    assert _check_record(noise, noise, noise).reason == Reason.OTHER_RECORDS
    both = say_txt(long, [_CHALLENGE.record[:20].encode(), _CHALLENGE.record[20:].encode()])
    assert _check_record(both, both, both).outcome is Outcome.PASSED


def test_the_record_of_another_operator_s_key_fails() -> None:
    copied = say_txt(_OTHER.record.encode())

    assert _check_record(copied, copied, copied).reason == Reason.OTHER_RECORDS


def test_a_challenge_that_is_over_is_not_asked_about() -> None:
    asked: list[object] = []

    def reply(query: object, _tcp: bool) -> None:
        asked.append(query)

    with contextmanager(_askable)([reply], GuardedFetch(), 443) as askable:
        result = check_domain(_CHALLENGE, askable=askable, at=_CHALLENGE.ends)

    assert (result.outcome, result.reason, asked) == (Outcome.FAILED, Reason.CHALLENGE_OVER, [])


def test_a_published_file_proves_the_domain(authority: Authority, tls: ssl.SSLContext) -> None:
    with playing(_FILE, tls=tls) as shop:
        result = _check_file(authority, shop)

    assert (result.outcome, result.reason) == (Outcome.PASSED, Reason.FILE_FOUND)
    assert shop.requests[0].startswith(f"GET {_CHALLENGE.file_path} HTTP/1.1\r\n".encode())
    assert [(answer.media_type, answer.body) for answer in result.answers] == [
        ("text/plain", _CHALLENGE.file_content.encode())
    ]


def test_a_server_without_a_trusted_certificate_does_not_pass(
    authority: Authority, tmp_path_factory: pytest.TempPathFactory
) -> None:
    impostor = make_authority(tmp_path_factory.mktemp("impostor")).tls_for("shop.example")
    with playing(_FILE, tls=impostor) as untrusted:
        assert _check_file(authority, untrusted).outcome is Outcome.COULD_NOT_BE_CHECKED
    with playing(_FILE, tls=authority.tls_for("other.example")) as misnamed:
        assert _check_file(authority, misnamed).outcome is Outcome.COULD_NOT_BE_CHECKED
    with playing(_FILE) as plain:
        assert _check_file(authority, plain, time_s=0.3).outcome is Outcome.COULD_NOT_BE_CHECKED
    assert untrusted.requests == misnamed.requests == []


def test_one_redirect_to_www_is_followed_and_no_second(authority: Authority, tls: ssl.SSLContext) -> None:
    def move(connection: socket.socket) -> None:
        www = b"Host: www." in shop.requests[-1]
        target = _CHALLENGE.file_url(host="www.shop.example", port=shop.port)
        (_FILE if www and not again else redirect_to(target))(connection)

    with playing(move, tls=tls) as shop:
        again = False
        followed = _check_file(authority, shop)
        again = True
        refused = _check_file(authority, shop)

    assert (followed.outcome, len(followed.answers)) == (Outcome.PASSED, 2)
    assert (refused.outcome, refused.reason) == (Outcome.FAILED, Reason.POINTS_ELSEWHERE)
    assert len(shop.requests) == 4


def test_a_redirect_into_the_guarantor_s_own_network_is_refused(authority: Authority, tls: ssl.SSLContext) -> None:
    with playing(say(_CHALLENGE.file_content.encode())) as inside:
        for host in ("127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "evil.example"):
            for scheme in ("http", "https"):
                target = f"{scheme}://{host}:{inside.port}{_CHALLENGE.file_path}"
                with playing(redirect_to(target), tls=tls) as shop:
                    result = _check_file(authority, shop)
                assert (result.outcome, result.reason) == (Outcome.FAILED, Reason.POINTS_ELSEWHERE)
                assert len(shop.requests) == 1
    assert inside.requests == []


@pytest.mark.parametrize("address", ["127.0.0.2", "::1", "::ffff:127.0.0.1", "10.0.0.1", "169.254.169.254"])
def test_a_www_that_leads_into_the_guarantor_s_own_network_is_refused(
    authority: Authority, tls: ssl.SSLContext, address: str
) -> None:
    def move(connection: socket.socket) -> None:
        redirect_to(_CHALLENGE.file_url(host="www.shop.example", port=shop.port))(connection)

    with playing(move, tls=tls) as shop:
        result = _check_file(
            authority, shop, look_up=lambda host, _within_s: [address if host.startswith("www.") else "127.0.0.1"]
        )

    assert (result.outcome, result.reason) == (Outcome.FAILED, Reason.PRIVATE_ADDRESS)
    assert len(shop.requests) == 1


def test_a_name_that_leads_elsewhere_at_the_second_look_is_refused(authority: Authority, tls: ssl.SSLContext) -> None:
    answers = iter(["127.0.0.1", "::1"])
    with playing(_FILE, tls=tls) as shop:

        def rebinding(_host: str, _within_s: float) -> Sequence[str]:
            return [next(answers)]

        assert _check_file(authority, shop, look_up=rebinding).outcome is Outcome.PASSED
        assert _check_file(authority, shop, look_up=rebinding).reason == Reason.PRIVATE_ADDRESS
    assert len(shop.requests) == 1


def test_a_name_server_that_rebinds_its_name_to_loopback_gains_nothing(
    authority: Authority, tls: ssl.SSLContext
) -> None:
    public_first = iter(["127.0.0.1", "127.0.0.2"])

    def rebind(query: dns.message.QueryMessage, _tcp: bool) -> bytes:
        answer = dns.message.make_response(query)
        name, kind = query.question[0].name, query.question[0].rdtype
        if kind == dns.rdatatype.A:
            answer.answer.append(dns.rrset.from_text(name, 0, "IN", "A", next(public_first)))
        return answer.to_wire()

    with playing(_FILE, tls=tls) as shop, all_answering(rebind) as servers:
        look_up = look_up_by(servers)

        assert _check_file(authority, shop, look_up=look_up).outcome is Outcome.PASSED
        assert _check_file(authority, shop, look_up=look_up).reason == Reason.PRIVATE_ADDRESS
    assert len(shop.requests) == 1


@pytest.mark.parametrize(
    ("play", "reason"),
    [
        (say(b"x" * 1_000_000), Reason.OTHER_FILE),
        (say(gzip.compress(_CHALLENGE.file_content.encode()), headers=["Content-Encoding: gzip"]), Reason.OTHER_FILE),
        (say(gzip.compress(b"0" * 50_000_000)[:4000], headers=["Content-Encoding: gzip"]), Reason.OTHER_FILE),
        (say(_OTHER.file_content.encode()), Reason.OTHER_FILE),
        (say(b"not here", status="404 Not Found"), Reason.NO_FILE),
        (say(b"", status="503 Service Unavailable"), Reason.SERVER_SILENT),
        (say_raw(b"\x00" * 100), Reason.SERVER_SILENT),
    ],
)
def test_no_other_content_passes(authority: Authority, tls: ssl.SSLContext, play: Play, reason: Reason) -> None:
    with playing(play, tls=tls) as shop:
        result = _check_file(authority, shop)

    assert result.outcome is not Outcome.PASSED
    assert result.reason == reason


@pytest.mark.slow
def test_a_server_that_drips_the_file_is_left_in_time(authority: Authority, tls: ssl.SSLContext) -> None:
    content = _CHALLENGE.file_content.encode()
    drip = say_raw(
        b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(content),
        *[content[at : at + 1] for at in range(len(content))],
        pause_s=0.05,
    )
    with playing(drip, tls=tls) as shop:
        began = time.monotonic()
        result = _check_file(authority, shop, time_s=0.5)

        assert time.monotonic() - began < 1.5
    assert (result.outcome, result.reason) == (Outcome.COULD_NOT_BE_CHECKED, Reason.SERVER_SILENT)


def test_either_way_is_enough_and_both_are_told_where_neither_passed(authority: Authority, tls: ssl.SSLContext) -> None:
    missing = say(b"", status="404 Not Found")
    cases: dict[str, tuple[Reply, Play]] = {
        "record": (_RIGHT, missing),
        "file": (_ABSENT, _FILE),
        "neither": (_ABSENT, missing),
        "silent": (say_nothing, missing),
    }
    results = {}
    for name, (reply, play) in cases.items():
        with (
            playing(play, tls=tls) as shop,
            contextmanager(_askable)([reply], _fetch(authority, shop.port), shop.port, time_s=0.3) as askable,
        ):
            results[name] = check_domain(_CHALLENGE, askable=askable, at=_AT)

    assert {name: result.outcome for name, result in results.items()} == {
        "record": Outcome.PASSED,
        "file": Outcome.PASSED,
        "neither": Outcome.FAILED,
        "silent": Outcome.COULD_NOT_BE_CHECKED,
    }
    assert _CHALLENGE.record in results["neither"].detail
    assert _CHALLENGE.file_content in results["neither"].detail


def test_too_small_a_quorum_cannot_be_configured() -> None:
    with all_answering(_RIGHT, _RIGHT) as servers, pytest.raises(ValueError, match="more than half"):
        Askable(servers=servers, needed=1, fetch=GuardedFetch())
