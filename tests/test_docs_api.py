"""Every request in docs/api.md is sent to a real deployment."""

import json
import re
from pathlib import Path

import pytest

from tests.builders_deployment import Deployment

PAGE = (Path(__file__).parents[1] / "docs" / "api.md").read_text("utf-8")
EXAMPLE = re.compile(r"```http\n(GET|POST) (\S+)\n(.*?)```", re.DOTALL)
EXAMPLES = EXAMPLE.findall(PAGE)
EXPECTED = {"/v1/messages": 201}


@pytest.mark.parametrize(("method", "path", "rest"), EXAMPLES, ids=[path for _, path, _ in EXAMPLES])
def test_an_example_of_the_api_page_works(deployment: Deployment, method: str, path: str, rest: str) -> None:
    head, _, body = rest.partition("\n\n")
    headers = dict(line.split(": ", 1) for line in head.splitlines() if ": " in line)
    if "Authorization" in headers:
        headers["Authorization"] = f"Bearer {deployment.keys['exempelbanken']}"
    response = deployment.client.open(path, method=method, headers=headers, data=body.encode() or None)
    assert response.status_code == EXPECTED.get(path, 200), response.get_data(as_text=True)


def test_the_page_shows_five_calls_at_least() -> None:
    assert len(EXAMPLES) >= 5
    assert all(json.loads(rest.partition("\n\n")[2]) for method, _, rest in EXAMPLES if method == "POST")
