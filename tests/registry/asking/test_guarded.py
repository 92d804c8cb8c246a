from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from registry.asking.exchange import Question
from registry.asking.guarded import GuardedFetch, Limits
from tests.builders_authority import Authority, make_authority
from tests.builders_strangers import (
    HOME,
    Stranger,
    playing,
    redirect_to,
    say,
)
from tests.registry.asking.builders_guarded import NAME, fetch_of, home, refusal_of


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return make_authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def shop(authority: Authority) -> Iterator[Stranger]:
    with playing(say(b"welcome"), tls=authority.tls_for(NAME)) as stranger:
        yield stranger


def test_an_answer_is_given_as_it_came() -> None:
    with playing(say(b"none here", status="404 Not Found", headers=["X-Odd: Yes"])) as stranger:
        answer = fetch_of(stranger)(Question(url=f"http://{NAME}:{stranger.port}/a%20b?c=d&e"))

    assert (answer.status, answer.body, answer.headers["x-odd"]) == (404, b"none here", "Yes")
    assert stranger.requests[0].startswith(b"GET /a%20b?c=d&e HTTP/1.1\r\n")
    assert f"Host: {NAME}:{stranger.port}\r\n".encode() in stranger.requests[0]


def test_a_question_with_a_body_is_a_post_with_its_headers() -> None:
    with playing(say(b"")) as stranger:
        question = Question(
            url=f"http://{NAME}:{stranger.port}/ocsp",
            headers={"Content-Type": "application/ocsp-request", "Host": "another.example"},
            body=b"\x30\x00",
        )
        fetch_of(stranger)(question)

    assert stranger.requests[0].startswith(b"POST /ocsp HTTP/1.1\r\n")
    assert b"Content-Type: application/ocsp-request\r\n" in stranger.requests[0]
    assert b"another.example" not in stranger.requests[0]


def test_a_server_over_tls_is_asked_at_the_looked_up_address_and_known_by_its_name(
    authority: Authority, shop: Stranger
) -> None:
    limits = Limits(ports=frozenset({shop.port}), networks=(HOME,))
    fetch = GuardedFetch(limits=limits, ca_file=authority.ca_file, look_up=home)

    assert fetch(Question(url=f"https://{NAME}:{shop.port}/")).body == b"welcome"
    assert shop.names == [NAME]
    assert refusal_of(fetch, Question(url=f"https://other.example:{shop.port}/")).code == "tls"


def test_a_certificate_of_an_unknown_authority_is_refused(shop: Stranger) -> None:
    limits = Limits(ports=frozenset({shop.port}), networks=(HOME,))

    assert refusal_of(GuardedFetch(limits=limits, look_up=home), Question(url=f"https://{NAME}:{shop.port}/")).code == (
        "tls"
    )
    assert shop.requests == []


@pytest.mark.parametrize(
    "addresses",
    [
        ["127.0.0.1"],
        ["::1"],
        ["::ffff:127.0.0.1"],
        ["10.0.0.1"],
        ["169.254.169.254"],
        ["64:ff9b::7f00:1"],
        ["1.1.1.1", "127.0.0.1"],
        ["1.1.1.1"] * 40,
        ["not an address"],
    ],
)
def test_a_name_with_any_address_of_one_s_own_network_is_not_asked(addresses: list[str]) -> None:
    with playing(say(b"secret"), address="127.0.0.1") as stranger:
        fetch = GuardedFetch(
            limits=Limits(http=True, ports=frozenset({stranger.port})), look_up=lambda _host, _within_s: addresses
        )

        assert refusal_of(fetch, Question(url=f"http://{NAME}:{stranger.port}/")).code == "private_address"
    assert stranger.requests == []


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "localhost", "127.1", "0x7f.1", "2130706433"],
)
def test_no_spelling_of_loopback_is_asked(host: str) -> None:
    with playing(say(b"secret")) as stranger:
        fetch = GuardedFetch(limits=Limits(http=True, ports=frozenset({stranger.port})))

        assert refusal_of(fetch, Question(url=f"http://{host}:{stranger.port}/")).code in {
            "private_address",
            "unknown_host",
        }
    assert stranger.requests == []


def test_a_name_that_changes_its_address_after_the_check_gains_nothing() -> None:
    answers = iter([["127.0.0.1"], ["127.0.0.2"]])
    asked: list[str] = []

    def rebinding(host: str, _within_s: float) -> Sequence[str]:
        asked.append(host)
        return next(answers)

    with playing(say(b"public")) as stranger:
        fetch = fetch_of(stranger, look_up=rebinding)
        question = Question(url=f"http://{NAME}:{stranger.port}/")

        assert fetch(question).body == b"public"
        assert asked == [NAME]  # one look-up for one question
        assert refusal_of(fetch, question).code == "private_address"


def test_a_redirect_is_an_answer_and_is_not_followed() -> None:
    with playing(say(b"secret")) as inside, playing(redirect_to(f"http://127.0.0.1:{inside.port}/")) as stranger:
        answer = fetch_of(stranger)(Question(url=f"http://{NAME}:{stranger.port}/"))

        assert (answer.status, answer.headers["location"]) == (302, f"http://127.0.0.1:{inside.port}/")
    assert inside.requests == []


def test_proxies_of_the_environment_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    with playing(say(b"proxy")) as proxy, playing(say(b"shop")) as stranger:
        for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")

        assert fetch_of(stranger)(Question(url=f"http://{NAME}:{stranger.port}/")).body == b"shop"
    assert proxy.requests == []


@pytest.mark.parametrize(
    "url",
    [
        "",
        "shop.example",
        "ftp://shop.example/",
        "file:///etc/passwd",
        "http://shop.example/",  # unless asked for
        "https://",
        "https:///path",
        "https://user@shop.example/",
        "https://user:secret@shop.example/",
        "https://@shop.example/",
        "https://shop.example:22/",
        "https://shop.example:0/",
        "https://shop.example:99999/",
        "https://shop.example:x/",
        "https://shop.example/#part",
        "https://shop.example\\@127.0.0.1/",
        "https://shop.example/\r\nX-Injected: yes",
        "https://shop.example/a b",
        "https://sh%6fp.example/",
        "https://köp.example/",
        "https://.example/",
        "https://shop..example/",
        "https://[::1/",
        "https://[v1.x]/",
        "https://shop.example/" + "a" * 2048,
        "https://" + "a." * 200 + "example/",
    ],
)
def test_an_address_that_strangers_may_not_give_is_not_even_looked_up(url: str) -> None:
    def never(host: str, _within_s: float) -> Sequence[str]:
        raise AssertionError(host)

    assert refusal_of(GuardedFetch(look_up=never), Question(url=url)).code == "bad_address"


def test_a_refusal_does_not_repeat_a_password() -> None:
    refusal = refusal_of(GuardedFetch(), Question(url="https://user:hemligt@shop.example/"))

    assert "hemligt" not in str(refusal)


def test_a_file_without_certificates_is_refused_at_the_start(tmp_path: Path) -> None:
    empty = tmp_path / "empty.pem"
    empty.touch()

    with pytest.raises(OSError, match=r"."):
        GuardedFetch(ca_file=str(empty))


def _nowhere(_host: str, _within_s: float) -> Sequence[str]:
    return ["127.0.0.1"]


@pytest.fixture(scope="module")
def guarded() -> GuardedFetch:
    """One fetch for many questions: making one reads the system's certificates, a tenth of a second."""
    return GuardedFetch(look_up=_nowhere)


@settings(deadline=None)
@given(
    url=st.text(max_size=60)
    | st.text(alphabet="htps:/@.[]%0x1a-\\?#&", max_size=40).map(lambda text: "https://" + text)
)
def test_whatever_is_given_as_an_address_ends_without_a_question_to_one_s_own_network(
    guarded: GuardedFetch, url: str
) -> None:
    assert refusal_of(guarded, Question(url=url)).code in {"bad_address", "private_address"}
