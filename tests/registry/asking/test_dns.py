import time

import dns.flags
import dns.message
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.rrset
import pytest

from registry.asking.dns import NameServer, ask_txt, look_up_by
from registry.asking.txt import TxtAnswer, TxtOutcome
from tests.builders_dns import (
    Reply,
    all_answering,
    answering,
    make_txt,
    say_code,
    say_nothing,
    say_txt,
    truncate_over_udp,
)

_NAME = "_sigill-challenge.example.se."


def _ask(reply: Reply, *, time_s: float = 3.0) -> TxtAnswer:
    with answering(reply) as server:
        (answer,) = ask_txt(_NAME, [server], time_s=time_s)
    assert answer.resolver == server.name
    return answer


def test_records_come_with_their_strings_joined_and_the_message_as_it_was() -> None:
    answer = _ask(say_txt([b"token=", b"abc"], b"v=spf1 -all"))

    assert answer.outcome is TxtOutcome.RECORDS
    assert set(answer.records) == {b"token=abc", b"v=spf1 -all"}
    assert dns.message.from_wire(answer.message).answer[0].name.to_text() == _NAME


def test_long_records_and_bytes_of_any_kind_are_read() -> None:
    answer = _ask(say_txt([b"x" * 255, b"y" * 45], [bytes(range(255))], [b""]))

    assert set(answer.records) == {b"x" * 255 + b"y" * 45, bytes(range(255)), b""}


def test_what_does_not_fit_into_udp_is_asked_over_tcp() -> None:
    many = [b"record %d " % number + b"x" * 200 for number in range(250)]
    answer = _ask(truncate_over_udp(say_txt(*many)))

    assert set(answer.records) == set(many)


@pytest.mark.parametrize(
    ("reply", "outcome"),
    [
        (say_txt(), TxtOutcome.NO_RECORDS),
        (say_code(dns.rcode.NXDOMAIN), TxtOutcome.NO_SUCH_NAME),
        (say_code(dns.rcode.SERVFAIL), TxtOutcome.REFUSED),
        (say_code(dns.rcode.REFUSED), TxtOutcome.REFUSED),
        (say_code(dns.rcode.YXDOMAIN), TxtOutcome.BROKEN),
        (truncate_over_udp(say_nothing), TxtOutcome.BROKEN),
    ],
)
def test_what_is_no_record_is_told_apart(reply: Reply, outcome: TxtOutcome) -> None:
    answer = _ask(reply)

    assert (answer.outcome, answer.records) == (outcome, ())


def test_a_resolver_that_says_that_it_checked_dnssec_is_believed_to_have_said_so() -> None:
    assert _ask(say_txt(b"a", authenticated=True)).authenticated
    assert not _ask(say_txt(b"a")).authenticated


def test_every_question_asks_for_dnssec_and_recursion() -> None:
    asked: list[dns.message.QueryMessage] = []

    def reply(query: dns.message.QueryMessage, tcp: bool) -> bytes | None:
        asked.append(query)
        return say_txt(b"a")(query, tcp)

    _ask(reply)

    assert asked[0].flags & dns.flags.RD
    assert asked[0].flags & dns.flags.AD
    assert asked[0].question[0].to_text() == f"{_NAME} IN TXT"


@pytest.mark.slow
@pytest.mark.parametrize("reply", [say_nothing, lambda _query, _tcp: b"", lambda _query, _tcp: b"\xff" * 40])
def test_silence_and_noise_end_in_time(reply: Reply) -> None:
    began = time.monotonic()

    assert _ask(reply, time_s=0.5).outcome is TxtOutcome.TIMEOUT
    assert time.monotonic() - began < 1.5


def test_an_answer_to_another_question_is_no_answer() -> None:
    def reply(query: dns.message.QueryMessage, tcp: bool) -> bytes | None:
        other = dns.message.make_query("other.example.", "TXT", id=query.id)
        return say_txt(b"token=forged")(other, tcp)

    assert _ask(reply, time_s=0.3).outcome in {TxtOutcome.TIMEOUT, TxtOutcome.BROKEN}


def test_records_of_another_name_in_the_answer_are_not_taken() -> None:
    def reply(query: dns.message.QueryMessage, _tcp: bool) -> bytes:
        answer = dns.message.make_response(query)
        answer.answer.append(
            dns.rrset.from_text("other.example.", 60, dns.rdataclass.IN, dns.rdatatype.TXT, '"token=forged"')
        )
        return answer.to_wire()

    assert _ask(reply).outcome is TxtOutcome.NO_RECORDS


def test_an_alias_is_followed_within_the_resolver_s_answer_and_never_asked_for() -> None:
    asked: list[str] = []

    def reply(query: dns.message.QueryMessage, _tcp: bool) -> bytes:
        asked.append(query.question[0].name.to_text())
        answer = dns.message.make_response(query)
        alias = dns.rrset.from_text(_NAME, 60, dns.rdataclass.IN, dns.rdatatype.CNAME, "dcv.example.")
        answer.answer.append(alias)
        if complete:
            target = make_txt(dns.message.make_query("dcv.example.", "TXT"), b"token=abc")
            answer.answer.append(target)
        return answer.to_wire()

    complete = True
    assert _ask(reply).records == (b"token=abc",)
    complete = False
    assert _ask(reply).outcome is TxtOutcome.NO_RECORDS
    assert asked == [_NAME, _NAME]


def test_several_resolvers_are_asked_at_once_and_answer_in_their_order() -> None:
    with all_answering(say_nothing, say_txt(b"b"), say_nothing) as servers:
        began = time.monotonic()
        answers = ask_txt(_NAME, servers, time_s=0.4)

    assert time.monotonic() - began < 1.0
    assert [answer.resolver for answer in answers] == [server.name for server in servers]
    assert [answer.outcome for answer in answers] == [TxtOutcome.TIMEOUT, TxtOutcome.RECORDS, TxtOutcome.TIMEOUT]


def test_a_port_where_nobody_listens_gives_no_answer() -> None:
    with answering(say_nothing) as server:
        pass

    (answer,) = ask_txt(_NAME, [server], time_s=0.5)
    assert answer.outcome in {TxtOutcome.TIMEOUT, TxtOutcome.BROKEN}


def test_a_resolver_is_named_by_its_address_and_by_its_port_where_that_is_unusual() -> None:
    assert NameServer("9.9.9.9").name == "9.9.9.9"
    assert NameServer("9.9.9.9", 5353).name == "9.9.9.9:5353"
    assert NameServer("2620:fe::fe").name == "[2620:fe::fe]"


def _say_addresses(query: dns.message.QueryMessage, _tcp: bool) -> bytes:
    answer = dns.message.make_response(query, recursion_available=True)
    name, kind = query.question[0].name, query.question[0].rdtype
    if name.to_text() != "shop.example.":
        answer.set_rcode(dns.rcode.NXDOMAIN)
    elif kind == dns.rdatatype.A:
        answer.answer.append(dns.rrset.from_text(name, 60, dns.rdataclass.IN, kind, "192.0.2.1", "192.0.2.2"))
    elif kind == dns.rdatatype.AAAA:
        answer.answer.append(dns.rrset.from_text(name, 60, dns.rdataclass.IN, kind, "2001:db8::1"))
    return answer.to_wire()


def test_addresses_are_looked_up_by_the_resolvers_that_were_named() -> None:
    with all_answering(say_code(dns.rcode.SERVFAIL), _say_addresses) as servers:
        look_up = look_up_by(servers)

        assert sorted(look_up("shop.example", 3.0)) == ["192.0.2.1", "192.0.2.2", "2001:db8::1"]
        with pytest.raises(OSError, match="no address"):
            look_up("other.example", 3.0)
        with pytest.raises(OSError, match="no address"):
            look_up("a" * 64 + ".example", 3.0)


def test_a_look_up_ends_in_time() -> None:
    with answering(say_nothing) as server, pytest.raises(TimeoutError):
        look_up_by([server])("shop.example", 0.3)
