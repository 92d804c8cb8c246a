"""What goes wrong is logged by its place, never by what somebody sent."""

import logging

import pytest

from settings.discretion import where_raised
from tests.builders_deployment import Deployment

_SECRET = "hemligt"  # stands in no line of source as a whole


def _fail(code: str) -> None:
    try:
        int(_SECRET)
    except ValueError as cause:
        raise RuntimeError(f"{_SECRET}: {code}") from cause


def test_an_unforeseen_error_of_a_page_is_logged_without_what_was_sent(
    deployment: Deployment, caplog: pytest.LogCaptureFixture
) -> None:
    deployment.services.log.token_by_code = _fail  # type: ignore[method-assign]
    with caplog.at_level(logging.INFO):
        response = deployment.client.get("/s/7K3F9Q2MXT4B", headers={"Accept": "text/html"})
    assert response.status_code == 500
    assert "RuntimeError" in caplog.text
    assert _SECRET not in caplog.text
    assert "7K3F9Q2MXT4B" not in caplog.text


def test_where_an_error_was_raised_names_its_causes_and_no_message() -> None:
    with pytest.raises(RuntimeError) as caught:
        _fail("7K3F9Q2MXT4B")
    said = where_raised(caught.value)
    assert said.index("\nValueError") < said.index("\nRuntimeError")
    assert _SECRET not in said
