import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from registry.asking.configured import ConfiguredFetch, Limits
from registry.asking.exchange import Answered, NoAnswer, Question
from sigill.client.retry import Patience
from tests.registry.asking.builders_playing import Play, Played, playing, playing_over_tls

QUICK = Limits(whole_s=1.0, try_s=0.4, tries=3)
AT_ONCE = Patience(first_s=0.0, longest_s=0.0)


@contextmanager
def fetching(
    played: Played, *, limits: Limits = QUICK, patience: Patience = AT_ONCE, posts_may_repeat: bool = False
) -> Iterator[ConfiguredFetch]:
    fetch = ConfiguredFetch([played.base_url], limits=limits, patience=patience, posts_may_repeat=posts_may_repeat)
    try:
        yield fetch
    finally:
        fetch.close()


def get(played: Played, *, most_bytes: int = 256 * 1024) -> Question:
    return Question(url=f"{played.base_url}/units/1", headers={"Accept": "application/json"}, most_bytes=most_bytes)


def refusal(fetch: ConfiguredFetch, question: Question) -> NoAnswer:
    with pytest.raises(NoAnswer) as failure:
        fetch(question)
    return failure.value


def test_an_answer_comes_whole_with_its_headers_in_lower_case() -> None:
    with playing(Play(body=b'{"a": 1}', headers={"X-Seen": "Yes"})) as played, fetching(played) as fetch:
        answered = fetch(get(played))
    assert (answered.status, answered.body, answered.headers["x-seen"]) == (200, b'{"a": 1}', "Yes")
    method, path, headers, _ = played.asked[0]
    assert (method, path, headers["accept"]) == ("GET", "/units/1", "application/json")
    assert headers["accept-encoding"] == "identity"


def test_a_question_with_a_body_is_a_post() -> None:
    with playing(Play()) as played, fetching(played) as fetch:
        fetch(Question(url=f"{played.base_url}/check", body=b'{"q": 1}'))
    assert [(method, body) for method, _, _, body in played.asked] == [("POST", b'{"q": 1}')]


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_what_may_pass_is_asked_again(status: int) -> None:
    with playing(Play(status=status), Play(body=b"good")) as played, fetching(played) as fetch:
        assert fetch(get(played)).body == b"good"
    assert len(played.asked) == 2


def test_a_post_is_asked_again_only_where_it_may_be() -> None:
    question = Question(url="", body=b"{}")
    for may_repeat, times in ((False, 1), (True, 3)):
        with playing(Play(status=503)) as played, fetching(played, posts_may_repeat=may_repeat) as fetch:
            answered = fetch(Question(url=f"{played.base_url}/check", body=question.body))
        assert (answered.status, len(played.asked)) == (503, times)


@pytest.mark.parametrize("status", [301, 302, 400, 404, 410])
def test_what_stays_is_asked_once_and_no_redirect_is_followed(status: int) -> None:
    with (
        playing(Play(status=status, headers={"Location": "/elsewhere"})) as played,
        fetching(played) as fetch,
    ):
        assert fetch(get(played)).status == status
    assert len(played.asked) == 1


def test_a_host_that_names_a_time_is_given_that_time() -> None:
    slept: list[float] = []
    patience = Patience(first_s=0.0, longest_s=0.0, sleep=slept.append)
    limits = Limits(whole_s=10.0, try_s=1.0, tries=2)
    with (
        playing(Play(status=429, headers={"Retry-After": "3"}), Play()) as played,
        fetching(played, limits=limits, patience=patience) as fetch,
    ):
        assert fetch(get(played)).status == 200
    assert slept == [3.0]


def test_a_host_that_names_too_long_a_time_is_not_waited_for() -> None:
    with playing(Play(status=429, headers={"Retry-After": "3600"})) as played, fetching(played) as fetch:
        begun = time.monotonic()
        assert fetch(get(played)).status == 429
    assert time.monotonic() - begun < 1
    assert len(played.asked) == 1


@pytest.mark.slow
def test_a_host_that_hangs_is_left_in_time() -> None:
    with playing(Play(hang_s=30)) as played, fetching(played) as fetch:
        begun = time.monotonic()
        assert refusal(fetch, get(played)).code == "timeout"
        assert time.monotonic() - begun < 1.5


@pytest.mark.slow
def test_a_host_that_drips_is_left_in_time() -> None:
    with playing(Play(drip_s=0.05, body=b"x" * 10_000)) as played, fetching(played) as fetch:
        begun = time.monotonic()
        assert refusal(fetch, get(played)).code == "timeout"
        assert time.monotonic() - begun < 1.5


def test_a_megabyte_is_not_read_to_its_end_nor_asked_for_again() -> None:
    with playing(Play(body=b"x" * 1_000_000)) as played, fetching(played) as fetch:
        assert refusal(fetch, get(played, most_bytes=1000)).code == "too_long"
    assert len(played.asked) == 1


def test_an_answer_that_breaks_off_is_no_answer() -> None:
    with playing(Play(body=b"half", says_bytes=9000)) as played, fetching(played) as fetch:
        assert refusal(fetch, get(played)).code == "broken"


def test_what_speaks_no_http_is_no_answer() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        played = Played(base_url=f"http://127.0.0.1:{listener.getsockname()[1]}")
        listener.settimeout(5)
        with fetching(played, limits=Limits(whole_s=0.6, try_s=0.3, tries=1)) as fetch:
            assert refusal(fetch, get(played)).code == "timeout"


def test_a_closed_port_is_told_from_a_name_that_leads_nowhere() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        closed = Played(base_url=f"http://127.0.0.1:{listener.getsockname()[1]}")
    with fetching(closed) as fetch:
        assert refusal(fetch, get(closed)).code == "refused"
    nowhere = Played(base_url="http://register.invalid")
    with fetching(nowhere, limits=Limits(whole_s=5.0, try_s=1.0, tries=1)) as fetch:
        assert refusal(fetch, get(nowhere)).code == "unknown_host"


def test_only_a_certificate_that_somebody_vouches_for_is_taken(tmp_path: Path) -> None:
    with playing_over_tls(Play(body=b"safe"), folder=tmp_path) as (played, certificate):
        with fetching(played) as fetch:
            assert refusal(fetch, get(played)).code == "tls"
        trusting = ConfiguredFetch([played.base_url], limits=QUICK, ca_file=str(certificate))
        assert trusting(get(played)).body == b"safe"
        trusting.close()


def test_a_host_without_a_certificate_is_not_asked_over_https() -> None:
    with playing(Play()) as played:
        secure = Played(base_url=played.base_url.replace("http:", "https:"))
        with fetching(secure) as fetch:
            assert refusal(fetch, get(secure)).code == "tls"
        assert played.asked == []


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:1/units/1",
        "https://data.brreg.no.evil.example/",
        "http://data.brreg.no/",
        "https://u@data.brreg.no/",
        "file:///etc/passwd",
        "https://data.brreg.no:99999/",
        "",
    ],
)
def test_only_configured_hosts_are_asked(url: str) -> None:
    fetch = ConfiguredFetch(["https://data.brreg.no"])
    assert refusal(fetch, Question(url=url)).code == "refused"


def test_a_failure_repeats_nothing_of_the_answer() -> None:
    with playing(Play(body=b"secret", says_bytes=9000)) as played, fetching(played) as fetch:
        assert "secret" not in str(refusal(fetch, get(played)))


def test_an_answer_of_now_carries_no_earlier_time() -> None:
    with playing(Play()) as played, fetching(played) as fetch:
        answered: Answered = fetch(get(played))
    assert answered.fetched_at is None
