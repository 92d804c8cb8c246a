"""Promises: never in the past, ended with notice, kept with their history; totals: signed, once, corrected openly."""

import secrets
import threading
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.clients.model import ClientKey
from registry.clients.public_key import parse_public_key
from registry.model import Role
from registry.sending.counting import count_seals, counted_seals
from registry.sending.errors import PromiseInvalid, PromiseUnknown, TotalsRefused
from registry.sending.model import PromiseKind, Total
from registry.sending.promises import end_promise, list_promises, make_promise
from registry.sending.public import load_policy
from registry.sending.totals import declare_totals, list_totals, parse_totals, verify_totals
from registry.steps import Act, list_steps
from sigill.vocabulary import Channel
from storage.engine import reading
from tests.builders_clients import BANK, Key, TestClient, later, new_client, times
from tests.builders_deployment import Deployment, deploy, operator
from tests.builders_sending import Clock, world_of

TODAY = datetime.now(UTC).date()


@pytest.fixture
def made(tmp_path: Path, database_url: str) -> Iterator[Deployment]:
    made = deploy(tmp_path, operator(BANK), database_url=database_url)
    yield made
    made.services.engine.dispose()


def days(count: int) -> timedelta:
    return timedelta(days=count)


def test_a_promise_begins_today_or_within_a_year_and_never_in_the_past(made: Deployment) -> None:
    world = world_of(made)
    today = world.now().date()
    for since in (today - days(1), today + days(367)):
        with pytest.raises(PromiseInvalid, match="never in the past"):
            make_promise(BANK, Channel.SMS, since=since, world=world)
    seals = make_promise(BANK, Channel.SMS, since=today, world=world)
    calls = make_promise(BANK, Channel.PHONE, since=today + days(366), world=world)
    assert (seals.kind, calls.kind) == (PromiseKind.SEALS, PromiseKind.ANNOUNCES)
    with reading(world.engine) as connection:
        steps = list_steps(connection, BANK)
    assert [each.step.act.value for each in steps] == ["promise_made", "promise_made"]
    assert steps[0].step.said["channel"] == "sms"


def test_a_promise_is_ended_with_notice_and_an_end_is_not_put_off(made: Deployment) -> None:
    clock = Clock()
    world = world_of(made, now=clock)
    today = clock().date()
    promise = make_promise(BANK, Channel.SMS, since=today, world=world)
    clock.pass_(days=30)
    for until in (today, today + days(31)):
        with pytest.raises(PromiseInvalid, match="with notice"):
            end_promise(BANK, promise.id, until=until, world=world)
    ended = end_promise(BANK, promise.id, world=world)
    assert (ended.until, ended.ended_at is None) == (today + days(32), False)
    assert ended.holds_on(today + days(31))
    assert not ended.holds_on(today + days(32))
    assert not ended.holds_on(today - days(1))
    assert end_promise(BANK, promise.id, world=world) == ended
    with pytest.raises(PromiseInvalid, match="not put off"):
        end_promise(BANK, promise.id, until=today + days(40), world=world)
    with pytest.raises(PromiseUnknown):
        end_promise("exempelel", promise.id, world=world)


def test_a_promise_that_has_not_begun_can_be_taken_back(made: Deployment) -> None:
    world = world_of(made)
    since = world.now().date() + days(10)
    promise = make_promise(BANK, Channel.SMS, since=since, world=world)
    ended = end_promise(BANK, promise.id, world=world)
    assert not any(ended.holds_on(since + days(each)) for each in range(5))
    assert make_promise(BANK, Channel.SMS, since=since, world=world).holds_on(since)


def test_two_promises_of_a_channel_do_not_overlap_also_when_made_at_once(made: Deployment) -> None:
    world = world_of(made)
    today = world.now().date()
    make_promise(BANK, Channel.SMS, since=today, until=today + days(5), world=world)
    with pytest.raises(PromiseInvalid, match="already"):
        make_promise(BANK, Channel.SMS, since=today + days(4), world=world)
    with pytest.raises(PromiseInvalid, match="two days"):
        make_promise(BANK, Channel.EMAIL, since=today, until=today + days(1), world=world)
    outcomes: list[bool] = []

    def promise() -> None:
        try:
            make_promise(BANK, Channel.SMS, since=today + days(5), world=world)
            outcomes.append(True)
        except PromiseInvalid:
            outcomes.append(False)

    threads = [threading.Thread(target=promise) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == [False, False, False, True]
    with reading(world.engine) as connection:
        assert len(list_promises(connection, BANK)) == 2


def signed(client: TestClient, *, header: dict[str, Any] | None = None, **changes: Any) -> str:
    claims: dict[str, Any] = {
        "aud": client.issuer,
        "sub": BANK,
        "jti": secrets.token_hex(8),
        "day": TODAY.isoformat(),
        "totals": {"sms": {"sent": 12, "sealed": 11}},
        **times(),
    }
    claims = {name: value for name, value in (claims | changes).items() if value is not None}
    return client.key.sign(claims, **({"typ": "sigill-totals+jwt"} | (header or {})))


def test_totals_are_kept_with_their_corrections_and_held_against_the_seals_of_the_day(made: Deployment) -> None:
    world, client = world_of(made), new_client(made, role=Role.ADMIN)
    for channel in ("sms", "sms", "email"):
        assert made.sign(channel=channel).status_code == 201
    first = declare_totals(BANK, signed(client), world=world)
    second = declare_totals(BANK, signed(client, totals={"sms": {"sent": 3, "sealed": 2}}), world=world)
    assert (first.version, second.version) == (1, 2)
    assert count_seals(world.engine, BANK)
    with reading(world.engine) as connection:
        (day,) = load_policy(connection, BANK, at=world.now()).totals
        assert [each.version for each in list_totals(connection, BANK)] == [2, 1]
        said = [each.step.said for each in list_steps(connection, BANK) if each.step.act is Act.TOTALS_DECLARED]
    assert dict(day.declared) == {Channel.SMS: Total(3, 2)}
    assert dict(day.counted) == {Channel.SMS: 2, Channel.EMAIL: 1}
    assert [each["version"] for each in said] == [1, 2]
    assert len(str(said[0]["sha256"])) == 43


def test_each_seal_is_counted_once_whoever_counts(made: Deployment) -> None:
    for _ in range(5):
        made.sign(channel="sms")
    threads = [threading.Thread(target=count_seals, args=(made.services.engine, BANK)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    made.sign(channel="sms")
    assert count_seals(made.services.engine, BANK)
    assert count_seals(made.services.engine, "nobody")
    with reading(made.services.engine) as connection:
        assert counted_seals(connection, BANK, since=TODAY - days(1)) == {TODAY: {Channel.SMS: 6}}


def test_what_is_not_signed_fresh_and_of_this_operator_is_refused(deployment: Deployment) -> None:
    world, client = world_of(deployment), new_client(deployment, role=Role.ADMIN)
    stranger = new_client(deployment, role=Role.ADMIN, valid_from=later(2))
    begin = int(datetime.now(UTC).timestamp())
    wrong: dict[str, str] = {
        "not yet good key": signed(stranger),
        "another typ": signed(client, header={"typ": "sigill-key-proof+jwt"}),
        "no kid": signed(client, header={"kid": ""}),
        "another audience": signed(client, aud="https://other.example"),
        "another operator": signed(client, sub="exempelel"),
        "old": signed(client, exp=begin - 60, iat=begin - 120),
        "no nonce": signed(client, jti=None),
        "tomorrow": signed(client, day=(TODAY + days(1)).isoformat()),
        "long ago": signed(client, day=(TODAY - days(401)).isoformat()),
        "another spelling of a day": signed(client, day=TODAY.strftime("%Y%m%d")),
        "no day": signed(client, day=20261128),
        "no totals": signed(client, totals={}),
        "an unknown channel": signed(client, totals={"fax": {"sent": 1, "sealed": 1}}),
        "more sealed than sent": signed(client, totals={"sms": {"sent": 1, "sealed": 2}}),
        "negative": signed(client, totals={"sms": {"sent": 1, "sealed": -1}}),
        "true": signed(client, totals={"sms": {"sent": True, "sealed": True}}),
        "a fraction": signed(client, totals={"sms": {"sent": 1.5, "sealed": 1}}),
        "too many": signed(client, totals={"sms": {"sent": 10**13, "sealed": 1}}),
        "garbage": "a.b.c",
        "not ascii": "é",
    }
    for name, text in wrong.items():
        with pytest.raises(TotalsRefused):
            declare_totals(BANK, text, world=world)
        assert name
    good = signed(client)
    header, payload, signature = good.split(".")
    flipped = ("A" if signature[10] != "A" else "B").join([signature[:10], signature[11:]])
    with pytest.raises(TotalsRefused, match="signature"):
        declare_totals(BANK, f"{header}.{payload}.{flipped}", world=world)
    declare_totals(BANK, good, world=world)
    with pytest.raises(TotalsRefused, match="sent before"):
        declare_totals(BANK, good, world=world)
    with reading(world.engine) as connection:
        assert len(list_totals(connection, BANK)) == 1


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.sampled_from([TODAY.isoformat(), "2026-1-1"])
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["sms", "sent", "sealed", "x"]), inner),
    max_leaves=8,
)


KEY = Key()
KEPT = ClientKey(
    key=parse_public_key(KEY.jwk), valid_from=datetime.now(UTC), valid_until=later(1), created_at=datetime.now(UTC)
)


@given(JSON, JSON)
def test_nothing_but_totals_refused_escapes_from_what_a_key_signed(day: Any, totals: Any) -> None:
    claims = {"aud": "https://g.example", "sub": BANK, "jti": "x", "day": day, "totals": totals, **times()}
    try:
        said = verify_totals(
            parse_totals(KEY.sign(claims, typ="sigill-totals+jwt")),
            keys={KEY.thumbprint: KEPT},
            operator_id=BANK,
            issuer="https://g.example",
            at=datetime.now(UTC),
        )
    except TotalsRefused:
        return
    assert isinstance(said.day, date)
    assert all(0 <= total.sealed <= total.sent for total in said.totals.values())
