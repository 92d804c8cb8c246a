"""The policy file: the example of the specification, its rules one by one, and the time by which a quorum had seen."""

import itertools

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sigill.errors import MalformedNote
from sigill.tlog.cosignature import Cosignature, WitnessKey, format_witness_vkey
from sigill.tlog.log_policy import (
    MAX_LINES,
    MAX_POLICY_CHARACTERS,
    Group,
    LogPolicy,
    PolicyLog,
    PolicyWitness,
    format_log_policy,
    parse_log_policy,
    quorum_time,
)
from sigill.tlog.note import VerifierKey, format_vkey

LOG = VerifierKey("log.example/root", b"\x01" * 32)
OLD_LOG = VerifierKey("log.example/root", b"\x02" * 32)
KEYS = {
    name: WitnessKey(f"{name.lower()}.example", bytes([10 + number]) * 32) for number, name in enumerate("ABCDEFGH")
}
WITNESS = {name: f"witness {name} {format_witness_vkey(key)}\n" for name, key in KEYS.items()}
AB = WITNESS["A"] + WITNESS["B"]

# The example of https://c2sp.org/tlog-policy, with keys where it leaves them out; D, E, F stand for its Y1, Y2, Y3.
SPEC_EXAMPLE = f"""
log {format_vkey(LOG)}

{WITNESS["A"]}{WITNESS["B"]}{WITNESS["C"]}group X-witnesses 2 A B C

{WITNESS["D"]}{WITNESS["E"]}{WITNESS["F"]}group Y-witnesses any D E F

group X-and-Y all X-witnesses Y-witnesses
quorum X-and-Y
"""


def _seen(**times: int) -> list[Cosignature]:
    return [Cosignature(KEYS[name], time_s) for name, time_s in times.items()]


def test_the_policy_of_the_specification_is_read() -> None:
    policy = parse_log_policy(SPEC_EXAMPLE)
    assert policy.logs == (PolicyLog(LOG),)
    assert policy.groups == {
        "X-witnesses": Group(2, ("A", "B", "C")),
        "Y-witnesses": Group(1, ("D", "E", "F")),
        "X-and-Y": Group(2, ("X-witnesses", "Y-witnesses")),
    }
    assert policy.witness_keys == tuple(KEYS[name] for name in "ABCDEF")
    assert policy.quorum == "X-and-Y"


def test_the_quorum_of_the_specification_is_two_of_x_and_one_of_y() -> None:
    policy = parse_log_policy(SPEC_EXAMPLE)
    for seen in itertools.chain.from_iterable(itertools.combinations("ABCDEF", size) for size in range(7)):
        reached = quorum_time(policy, _seen(**dict.fromkeys(seen, 5))) is not None
        assert reached == (len(set(seen) & set("ABC")) >= 2 and bool(set(seen) & set("DEF")))


def test_a_group_has_seen_when_the_kth_of_its_members_had() -> None:
    policy = parse_log_policy(SPEC_EXAMPLE)
    assert quorum_time(policy, _seen(A=30, B=10, C=20, D=5)) == 20  # the second of A, B, C
    assert quorum_time(policy, _seen(A=30, B=10, C=20, D=70, E=60)) == 60  # the first of D, E
    assert quorum_time(policy, _seen(A=1, B=1, C=1)) is None


@given(st.lists(st.integers(1, 100), min_size=1, max_size=8), st.data())
@settings(max_examples=100)
def test_the_time_of_k_of_n_is_the_kth_smallest(times: list[int], data: st.DataObject) -> None:
    names = list(KEYS)[: len(times)]
    k = data.draw(st.integers(1, len(names)))
    policy = parse_log_policy("".join(WITNESS[name] for name in names) + f"group Q {k} {' '.join(names)}\nquorum Q\n")
    assert quorum_time(policy, _seen(**dict(zip(names, times, strict=True)))) == sorted(times)[k - 1]


def test_a_single_witness_can_be_the_quorum() -> None:
    policy = parse_log_policy(AB + "quorum B\n")
    assert quorum_time(policy, _seen(A=1)) is None
    assert quorum_time(policy, _seen(A=1, B=7)) == 7


def test_a_quorum_of_none_asks_for_nothing() -> None:
    policy = parse_log_policy("quorum none\n")
    assert policy == LogPolicy()
    assert quorum_time(policy, []) == 0


def test_a_stranger_s_cosignature_does_not_count() -> None:
    policy = parse_log_policy(AB + "group G any A B\nquorum G\n")
    assert quorum_time(policy, _seen(C=1)) is None


def test_groups_may_be_nested_very_deeply() -> None:
    lines = [
        WITNESS["A"],
        "group g0 any A\n",
        *(f"group g{n} any g{n - 1}\n" for n in range(1, 5000)),
        "quorum g4999\n",
    ]
    assert quorum_time(parse_log_policy("".join(lines)), _seen(A=3)) == 3


def test_a_log_may_have_an_old_and_a_new_key_and_a_url() -> None:
    text = f"log {format_vkey(OLD_LOG)}\nlog {format_vkey(LOG)} https://log.example/log/root\nquorum none\n"
    policy = parse_log_policy(text)
    assert policy.log_keys("log.example/root") == (OLD_LOG, LOG)
    assert policy.log_keys("log.example") == ()
    assert [log.url for log in policy.logs] == [None, "https://log.example/log/root"]


def test_blanks_remarks_and_names_beyond_ascii_are_allowed() -> None:
    vkey = format_witness_vkey(KEYS["A"])
    text = f" \t\n\t# a remark: ö\n  witness \t\u212a   {vkey}\thttps://w.example/ü \nquorum\t\u212a\t\n"
    policy = parse_log_policy(text)
    assert policy == LogPolicy(witnesses={"\u212a": PolicyWitness(KEYS["A"], "https://w.example/ü")}, quorum="\u212a")


def test_a_name_is_opaque_so_a_kelvin_sign_is_no_k() -> None:
    with pytest.raises(MalformedNote, match="no witness or group"):
        parse_log_policy(f"witness K {format_witness_vkey(KEYS['A'])}\nquorum \u212a\n")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "exactly one quorum"),
        (AB, "exactly one quorum"),
        ("quorum none\nquorum none\n", "exactly one quorum"),
        ("quorum none", "ends in a newline"),
        ("quorum none\r\n", "control characters"),
        ("quorum\x0bnone\n", "control characters"),
        ("quorum none\x7f\n", "control characters"),
        ("quorum\n", "line 1: a line is"),
        ("quorum none none\n", "line 1: a line is"),
        ("Quorum none\n", "line 1: a line is"),
        ("quorum A\n" + WITNESS["A"], "line 1: no witness or group 'A'"),
        (AB + "group G any A\nquorum H\n", "line 4: no witness or group 'H'"),
        (f"log {format_vkey(LOG)} u v\nquorum none\n", "line 1: a line is"),
        (f"log {format_witness_vkey(KEYS['A'])}\nquorum none\n", "line 1: a verifier key that is not of type 01"),
        (f"witness A {format_vkey(LOG)}\nquorum none\n", "line 1: a witness's verifier key is of type 04"),
        (f"witness none {format_witness_vkey(KEYS['A'])}\nquorum none\n", "the name 'none' is taken"),
        (AB + f"witness A {format_witness_vkey(KEYS['C'])}\nquorum A\n", "line 3: the name 'A' is taken"),
        (AB + "group A any B\nquorum A\n", "line 3: the name 'A' is taken"),
        (AB + "group none any B\nquorum none\n", "line 3: the name 'none' is taken"),
        (AB + "group G any\nquorum G\n", "line 3: a line is"),
        (AB + "group G any none\nquorum G\n", "line 3: no witness or group 'none'"),
        (AB + "group G any G\nquorum G\n", "line 3: no witness or group 'G'"),
        (AB + "group G any H\ngroup H any A\nquorum G\n", "line 3: no witness or group 'H'"),
        (AB + "group G any A A\nquorum G\n", "line 3: 'A' is a member of a group already"),
        (AB + "group G any A\ngroup H any A B\nquorum H\n", "line 4: 'A' is a member of a group already"),
        (AB + "group G 0 A B\nquorum G\n", "line 3: of 2 members"),
        (AB + "group G 3 A B\nquorum G\n", "line 3: of 2 members"),
        (AB + "group G 01 A B\nquorum G\n", "line 3: of 2 members"),
        (AB + "group G +1 A B\nquorum G\n", "line 3: of 2 members"),
        (AB + "group G ١ A B\nquorum G\n", "line 3: of 2 members"),
        (AB + "group G most A B\nquorum G\n", "line 3: of 2 members"),
        (AB + "group G 99999999999999999999 A B\nquorum G\n", "line 3: of 2 members"),
    ],
)
def test_half_a_policy_is_refused_with_its_line(text: str, says: str) -> None:
    with pytest.raises(MalformedNote, match=says):
        parse_log_policy(text)


def test_one_key_is_not_listed_twice_whatever_it_is_called() -> None:
    again = format_witness_vkey(WitnessKey("elsewhere.example", KEYS["A"].public_key))
    with pytest.raises(MalformedNote, match="line 3: a witness whose key was listed before"):
        parse_log_policy(AB + f"witness A2 {again}\nquorum none\n")
    log = format_vkey(VerifierKey("elsewhere.example", LOG.public_key))
    with pytest.raises(MalformedNote, match="line 2: a log whose key was listed before"):
        parse_log_policy(f"log {format_vkey(LOG)}\nlog {log}\nquorum none\n")


def test_a_policy_too_long_is_not_read() -> None:
    with pytest.raises(MalformedNote, match="too long"):
        parse_log_policy("#" * MAX_POLICY_CHARACTERS + "\n")
    with pytest.raises(MalformedNote, match="lines"):
        parse_log_policy("\n" * (MAX_LINES + 1))


@pytest.mark.parametrize("text", [SPEC_EXAMPLE, "quorum none\n", AB + "group G 2 A B\nquorum A\n"])
def test_writing_a_policy_and_reading_it_gives_it_back(text: str) -> None:
    policy = parse_log_policy(text)
    assert parse_log_policy(format_log_policy(policy)) == policy


KEY_WORDS = ["log", "witness", "group", "quorum", "none", "all", "any", "1", "2", "A", "B", "G", "#", "\u212a", "\t"]
VKEYS = [format_vkey(LOG), format_witness_vkey(KEYS["A"]), format_witness_vkey(KEYS["B"])]
words = st.sampled_from(KEY_WORDS + VKEYS)


@given(st.lists(st.lists(words, max_size=6).map(" ".join), max_size=8).map("\n".join) | st.text(max_size=60))
@example(AB + "group G any A B\nquorum G\n")
@example("quorum none\n\ud800")
@settings(max_examples=300)
def test_any_text_is_a_policy_that_can_be_written_or_malformed(text: str) -> None:
    try:
        policy = parse_log_policy(text + "\n")
    except MalformedNote:
        return
    assert parse_log_policy(format_log_policy(policy)) == policy
