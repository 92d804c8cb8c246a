"""Messages that are asked for at the same time are sealed together, and each has its own answer."""

import fcntl
import os
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from registry.model import Operator
from sigill.keys.p256 import Signer
from sigill.vocabulary import Authorship, Channel, Enquiry
from signing.errors import KeyUnusable
from signing.issue import Wanted, issue_all, issue_seal
from signing.issued import IssuedSeal, SignedSeal
from signing.line import Line
from signing.request import SignRequest, make_request
from signing.world import SigningWorld
from storage.sqlite import folder_of
from tests.builders_deployment import TEXT, Deployment, operator
from transparency.append import Append, Appended
from transparency.errors import Overloaded

BANK, TELCO = operator(), operator("exempeltele")


def ask(**changes: Any) -> SignRequest:
    values: dict[str, Any] = {
        "authorship": Authorship.HUMAN,
        "channel": Channel.CHAT,
        "enquiry": Enquiry.INFORMATIONAL,
        "text": TEXT,
    }
    return make_request(**(values | changes))


class Watched:
    """A log that notes which logs each batch was for."""

    def __init__(self, world: SigningWorld) -> None:
        self._log = world.log
        self.batches: list[list[str]] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._log, name)

    def append_all(self, appends: Sequence[Append]) -> list[Appended | Exception]:
        self.batches.append([append.log_id for append in appends])
        return self._log.append_all(appends)


def watched(made: Deployment, **changes: Any) -> tuple[SigningWorld, Watched]:
    world = made.services.signing
    log: Any = Watched(world)
    return replace(world, log=log, line=Line(), **changes), log


@contextmanager
def all_at_once(world: SigningWorld, count: int) -> Any:
    """Give a pool whose `count` calls of `issue_seal` all wait in the line before the first of them is sealed."""
    gate = threading.Event()

    def hold(_signed: SignedSeal, _request: SignRequest) -> None:
        assert gate.wait(10)

    with ThreadPoolExecutor(count + 1) as pool:
        first = pool.submit(issue_all, [Wanted(ask())], operator=BANK, world=world, shape=hold)
        until(lambda: world.line._queue._led)
        time.sleep(0.05)  # it has taken its own message and none of those to come
        yield pool
        until(lambda: world.line._queue._waiting == count)
        gate.set()
        assert not isinstance(first.result(10)[0], Exception)


def until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.001)


def seal(pool: ThreadPoolExecutor, world: SigningWorld, sender: Operator, **changes: Any) -> "Future[IssuedSeal]":
    return pool.submit(issue_seal, ask(**changes), operator=sender, world=world)


def test_what_waits_is_sealed_in_one_commit_whoever_sent_it(deployment: Deployment) -> None:
    deployment.add(TELCO)
    world, log = watched(deployment)
    with all_at_once(world, 6) as pool:
        senders = [BANK, TELCO] * 3
        issued = [seal(pool, world, sender, text=f"{number}") for number, sender in enumerate(senders)]
    assert sorted(log.batches[1]) == sorted(sender.id for sender in senders)
    assert len(log.batches) == 2
    origins = [future.result().origin for future in issued]
    assert [origin.rpartition("/")[2] for origin in origins] == [sender.id for sender in senders]


def test_thirty_in_one_conversation_need_one_try_each(deployment: Deployment) -> None:
    world, log = watched(deployment)
    with all_at_once(world, 30) as pool:
        issued = [seal(pool, world, BANK, text=f"{number}", conversation="busy") for number in range(30)]
    places = [future.result().conversation for future in issued]
    assert sorted(place.seq for place in places if place) == list(range(1, 31))
    assert [len(batch) for batch in log.batches] == [1, 30]


def test_a_key_that_one_operator_lacks_costs_nobody_else(deployment: Deployment) -> None:
    deployment.add(TELCO)
    inner = deployment.services.signing.salt_key

    def salt_key(operator_id: str, at: datetime) -> bytes:
        if operator_id == TELCO.id:
            raise KeyUnusable("no salt key of this month")
        return inner(operator_id, at)

    world, log = watched(deployment, salt_key=salt_key)
    with all_at_once(world, 4) as pool:
        issued = [seal(pool, world, sender) for sender in (BANK, TELCO, TELCO, BANK)]
    assert [type(future.exception()) for future in issued] == [type(None), KeyUnusable, KeyUnusable, type(None)]
    assert log.batches[1] == [BANK.id, BANK.id]


def test_a_key_that_all_lack_is_everybody_s_answer_and_nothing_is_committed(deployment: Deployment) -> None:
    def seal_signer(_at: datetime) -> Signer:
        raise KeyUnusable("the seal key has run out")

    world, log = watched(deployment, seal_signer=seal_signer)
    with pytest.raises(KeyUnusable):
        issue_seal(ask(), operator=BANK, world=world)
    assert log.batches == []


def test_who_lost_a_race_is_sealed_while_nobody_else_of_this_machine_writes(deployment: Deployment) -> None:
    world, rival = deployment.services.signing, deployment.services.signing
    turns_free: list[bool] = []

    def shape(_signed: SignedSeal, _request: SignRequest) -> None:
        turns_free.append(is_turn_free(world))
        if len(turns_free) == 1:
            issue_seal(ask(conversation="c", text="Snabbare"), operator=BANK, world=rival)

    own = replace(world, line=Line())
    ((issued, _),) = issue_all([Wanted(ask(conversation="c"))], operator=BANK, world=own, shape=shape)  # type: ignore[misc]
    assert issued.conversation is not None
    assert issued.conversation.seq == 2
    assert turns_free == [True, False]
    assert is_turn_free(world)


def is_turn_free(world: SigningWorld) -> bool:
    """Tell whether another process could have its turn at writing now."""
    descriptor = os.open(folder_of(world.engine.url), os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    finally:
        os.close(descriptor)
    return True


def test_when_too_many_wait_the_next_one_is_told_at_once(deployment: Deployment) -> None:
    world = replace(deployment.services.signing, line=Line(max_waiting=2))
    with all_at_once(world, 2) as pool:
        issued = [seal(pool, world, BANK) for _ in range(2)]
        until(lambda: world.line._queue._waiting == 2)
        with pytest.raises(Overloaded):
            issue_seal(ask(), operator=BANK, world=world)
    assert sorted(future.result().index for future in issued) == [1, 2]
