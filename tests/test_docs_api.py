"""Every request in docs/api.md is sent to a real deployment."""

import json
import re
from pathlib import Path

import pytest

from tests.builders_deployment import Deployment

pytestmark = pytest.mark.slow

PAGE = (Path(__file__).parents[1] / "docs" / "api.md").read_text("utf-8")
EXAMPLE = re.compile(r"```http\n(GET|POST|DELETE) (\S+)\n(.*?)```", re.DOTALL)
EXAMPLES = EXAMPLE.findall(PAGE)
A_CONVERSATION, A_MESSAGE = "01JD8Z6Q2V4T7M9K3C5B1A0X00", "01JD8Z6Q2V4T7M9K3C5B1A0X01"
EXPECTED = {"/v1/messages": 201}
MADE_UP = "01JD8Z6Q2V4T7M9K3C5B1A0XYZ"


@pytest.mark.parametrize(("method", "path", "rest"), EXAMPLES, ids=[path for _, path, _ in EXAMPLES])
def test_an_example_of_the_api_page_works(deployment: Deployment, method: str, path: str, rest: str) -> None:
    head, _, body = rest.partition("\n\n")
    if MADE_UP in path or path.startswith("/status/"):  # there is a message then, and a list it has a place in
        path = path.replace(MADE_UP, deployment.sign().get_json()["id"])
    if A_CONVERSATION in path or A_MESSAGE in body or "chat-81" in path:  # there is a conversation then
        begun = deployment.sign(conversation="chat-81").get_json()
        path = path.replace(A_CONVERSATION, begun["conversation"]["id"])
        body = body.replace(A_MESSAGE, begun["id"])
    headers = dict(line.split(": ", 1) for line in head.splitlines() if ": " in line)
    if "Authorization" in headers:
        headers["Authorization"] = f"Bearer {deployment.keys['exempelbanken']}"
    response = deployment.client.open(path, method=method, headers=headers, data=body.encode() or None)
    made = path.endswith("/events")
    assert response.status_code == EXPECTED.get(path, 201 if made else 200), response.get_data(as_text=True)


def test_the_page_shows_five_calls_at_least() -> None:
    assert len(EXAMPLES) >= 5
    assert all(json.loads(rest.partition("\n\n")[2]) for method, _, rest in EXAMPLES if method == "POST")
