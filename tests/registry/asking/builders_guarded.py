"""Asking strangers on this machine, as the guarded fetch is tested."""

from collections.abc import Sequence
from typing import Final

import pytest

from registry.asking.exchange import NoAnswer, Question
from registry.asking.guarded import GuardedFetch, Limits
from registry.asking.look_up import LookUp
from tests.builders_strangers import (
    HOME,
    Stranger,
)

NAME: Final = "shop.example"


def home(_host: str, _within_s: float) -> Sequence[str]:
    return ["127.0.0.1"]


def fetch_of(stranger: Stranger, *, look_up: LookUp = home, time_s: float = 5.0) -> GuardedFetch:
    limits = Limits(http=True, ports=frozenset({stranger.port}), networks=(HOME,), time_s=time_s)
    return GuardedFetch(limits=limits, look_up=look_up)


def refusal_of(fetch: GuardedFetch, question: Question) -> NoAnswer:
    with pytest.raises(NoAnswer) as caught:
        fetch(question)
    return caught.value
