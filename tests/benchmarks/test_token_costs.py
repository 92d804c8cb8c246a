"""The measurement of signatures on a token measures what it says."""

import pytest

from benchmarks.tokens import main, measure

pytestmark = pytest.mark.servers


def test_each_place_is_measured_and_shown(capsys: pytest.CaptureFixture[str]) -> None:
    found = measure(seconds=0.01, rounds=2)
    assert {name: len(values) for name, values in found.items()} == dict.fromkeys(
        ["P-256, file", "P-256, token", "Ed25519, file", "Ed25519, token"], 2
    )
    assert all(0 < value < 1e6 for values in found.values() for value in values)
    assert main(["--seconds", "0.01", "--rounds", "1"]) == 0
    assert [line.split("  ")[0] for line in capsys.readouterr().out.splitlines()] == list(found)
