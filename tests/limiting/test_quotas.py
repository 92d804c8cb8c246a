"""The header fields, judged by a parser of somebody else's."""

import http_sf
import pytest
from hypothesis import given
from hypothesis import strategies as st

from limiting.quotas import MAX_AMOUNT, MAX_WINDOW_S, Quota, Standing, format_limit, format_policy

names = st.from_regex(r"[a-z][a-z-]{0,31}", fullmatch=True)
quotas = st.builds(Quota, names, st.integers(1, MAX_AMOUNT), st.integers(1, MAX_WINDOW_S))
standings = st.lists(
    st.builds(Standing, quotas, st.integers(0, MAX_AMOUNT), st.integers(1, MAX_WINDOW_S)), min_size=1, max_size=5
)


@given(standings)
def test_both_fields_are_lists_of_strings_with_integers(told: list[Standing]) -> None:
    policy = http_sf.parse(format_policy(told).encode(), tltype="list")
    limit = http_sf.parse(format_limit(told).encode(), tltype="list")
    assert policy == [(each.quota.name, {"q": each.quota.amount, "w": each.quota.window_s}) for each in told]
    assert limit == [(each.quota.name, {"r": each.remaining, "t": each.after_s}) for each in told]


def test_the_fields_are_spelled_as_in_the_draft() -> None:
    told = [Standing(Quota("permin", 50, 60), 12, 30), Standing(Quota("perhr", 1000, 3600), 950, 1800)]
    assert format_policy(told) == '"permin";q=50;w=60, "perhr";q=1000;w=3600'
    assert format_limit(told) == '"permin";r=12;t=30, "perhr";r=950;t=1800'


@pytest.mark.parametrize(
    ("name", "amount", "window_s"),
    [('a"b', 1, 1), ("", 1, 1), ("ä", 1, 1), ("a", 0, 1), ("a", MAX_AMOUNT + 1, 1), ("a", 1, 0), ("a", 1, 86_401)],
)
def test_a_quota_that_no_header_can_tell_is_none(name: str, amount: int, window_s: int) -> None:
    with pytest.raises(ValueError, match="a quota has"):
        Quota(name, amount, window_s)
