"""The short form of every fault on both engines: nothing acknowledged is lost, doubled or broken, and it recovers.

`python -m tests.faults` is the long form.
"""

from pathlib import Path

import pytest

from tests.faults.campaign import ENGINES, SHORT, run_campaign
from tests.faults.table import format_table


@pytest.mark.servers
@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("engine", ENGINES)
def test_under_every_fault_nothing_acknowledged_is_lost_and_the_service_recovers(
    engine: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    outcomes = list(run_campaign(engine, SHORT, tmp_path))
    table = format_table(outcomes)
    with capsys.disabled():
        print(f"\n{table}")  # noqa: T201 - the counts are what this is run for
    assert [finding for outcome in outcomes for finding in outcome.findings] == [], table
    missing = [f"{outcome.scenario}: {outcome.not_run}" for outcome in outcomes if outcome.not_run]
    if missing:
        pytest.skip(f"all that ran held, but not everything could be run: {'; '.join(missing)}")
