"""Under load nothing is sealed two seconds after a revocation, and a rotation with overlap fails no request."""

from collections.abc import Iterator
from contextlib import nullcontext
from typing import Any

import pytest

from tests.api.revocation_load import SCENARIOS, Scene
from tests.builders_databases import KINDS, SQLITE, Databases

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


@pytest.fixture(scope="module", params=KINDS)
def scene(
    request: pytest.FixtureRequest, databases: Databases, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Scene]:
    database: Any = nullcontext("") if request.param == SQLITE else databases.empty(request.param)
    with database as url, Scene.open(tmp_path_factory.mktemp("load"), url) as opened:
        yield opened


def test_every_answer_is_a_genuine_seal_or_the_right_refusal_and_none_is_late(scene: Scene) -> None:
    found = [scenario(scene) for scenario in SCENARIOS]
    assert {each.name: each.wrong for each in found} == {each.name: [] for each in found}
    assert all(each.seals for each in found)
