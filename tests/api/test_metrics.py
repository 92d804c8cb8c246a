"""What the service measures of itself, and who may see it."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, Response
from prometheus_client.parser import text_string_to_metric_families

from api.metrics import Metrics
from settings import SettingsInvalid, read_settings
from settings.secret_file import read_token
from storage.migrate import migrate
from tests.builders_deployment import Deployment, operator
from wiring import build_services

TOKEN = "t0ken-" + "x" * 30


def values(text: str | bytes) -> dict[tuple[str, ...], float]:
    """Return the samples by name and label values, in the labels' order by name."""
    text = text.decode() if isinstance(text, bytes) else text
    return {
        (sample.name, *(sample.labels[name] for name in sorted(sample.labels))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def small_app(metrics: Metrics) -> Flask:
    app = Flask("small")
    metrics.watch(app, replayed="Idempotency-Replayed")

    @app.get("/things/<name>")
    def get_thing(name: str) -> Response:
        response = Response(name)
        if name == "again":
            response.headers["Idempotency-Replayed"] = "true"
        return response

    @app.get("/stream")
    def get_stream() -> Response:
        def parts() -> Iterator[bytes]:
            yield b"a"
            yield b"b"

        return Response(parts())

    return app


def count_of(metrics: Metrics, method: str, route: str, status: str) -> float | None:
    return values(metrics.text()).get(("sigill_http_request_duration_seconds_count", method, route, status))


def test_requests_are_timed_by_route_method_and_class_of_status_and_never_by_what_was_asked() -> None:
    metrics = Metrics()
    client = small_app(metrics).test_client()
    for path in ("/things/SECRET", "/things/b", "/SECRET"):
        client.get(path)
    client.open("/things/x", method="DELETE")
    client.open("/things/x", method="SECRET")
    assert count_of(metrics, "GET", "/things/<name>", "2xx") == 2
    assert count_of(metrics, "GET", "none", "4xx") == 1
    assert count_of(metrics, "DELETE", "none", "4xx") == 1
    assert count_of(metrics, "other", "none", "4xx") == 1
    assert b"SECRET" not in metrics.text()


def test_a_streamed_answer_is_timed_to_its_end() -> None:
    metrics = Metrics()
    response = small_app(metrics).test_client().get("/stream", buffered=False)
    assert count_of(metrics, "GET", "/stream", "2xx") == 0
    assert response.data == b"ab"
    response.close()
    assert count_of(metrics, "GET", "/stream", "2xx") == 1


def test_an_answer_given_again_is_counted() -> None:
    metrics = Metrics()
    client = small_app(metrics).test_client()
    client.get("/things/again")
    client.get("/things/once")
    assert values(metrics.text())["sigill_idempotent_replays_total",] == 1


def test_the_log_s_transactions_are_measured() -> None:
    metrics = Metrics()
    metrics.committed(leaves=3, waited_s=0.004, took_s=0.02)
    metrics.committed(leaves=40, waited_s=0.0, took_s=0.001)
    metrics.refused("overloaded")
    metrics.problem("policy-refusal")
    found = values(metrics.text())
    assert found["sigill_log_commit_duration_seconds_count",] == 2
    assert found["sigill_log_commit_leaves_sum",] == 43
    assert found["sigill_log_commit_leaves_bucket", "4.0"] == 1
    assert found["sigill_log_commit_wait_seconds_bucket", "0.005"] == 2
    assert found["sigill_log_requests_refused_total", "overloaded"] == 1
    assert found["sigill_problems_total", "policy-refusal"] == 1


@pytest.mark.parametrize(("counts", "shown"), [([1, 0], 0), ([2], 2), ([5, 1], 0), ([1, 2, 3], 3), ([4, 0, 7], 7)])
def test_what_waits_now_is_shown_and_a_single_request_does_not_count_as_waiting(counts: list[int], shown: int) -> None:
    metrics = Metrics()
    for count in counts:
        metrics.waiting(count)
    assert values(metrics.text())["sigill_log_requests_waiting",] == shown


def test_every_metric_says_what_it_is_in_its_base_unit() -> None:
    families = list(text_string_to_metric_families(Metrics().text().decode()))
    assert len(families) == 11
    for family in families:
        assert re.fullmatch(r"sigill_[a-z_]+", family.name)
        assert len(family.documentation) > 20
        if family.type == "histogram":
            assert family.name.endswith(("_seconds", "_leaves"))


# --- who may see them ---


def test_a_service_on_trial_shows_its_metrics_to_this_machine(deployment: Deployment) -> None:
    deployment.client.get("/v1/messages/unknown")
    response = deployment.client.get("/metrics")
    assert response.status_code == 200
    assert response.content_type == "text/plain; version=0.0.4; charset=utf-8"
    assert response.headers["Cache-Control"] == "no-store"
    assert values(response.text)["sigill_problems_total", "credential-missing"] == 1


@pytest.mark.parametrize(
    "asked",
    [
        {"environ_base": {"REMOTE_ADDR": "192.0.2.7"}},
        {"environ_base": {"REMOTE_ADDR": ""}},
        {"environ_base": {"REMOTE_ADDR": "::ffff:192.0.2.7"}},
        {"headers": {"X-Forwarded-For": "127.0.0.1"}},
        {"headers": {"Forwarded": "for=127.0.0.1"}},
        {"headers": {"Via": "1.1 proxy"}},
        {"headers": {"Host": "rebound.example"}},
        {"headers": {"Host": ""}},
        {"headers": {"Host": "127.0.0.1.example:8000"}},
        {"headers": {"Host": "[::1"}, "environ_base": {"REMOTE_ADDR": "192.0.2.7"}},
    ],
)
def test_anyone_else_learns_nothing_of_them(deployment: Deployment, asked: dict[str, Any]) -> None:
    response = deployment.client.get("/metrics", **asked)
    assert response.status_code == 404
    assert "sigill_" not in response.text


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1:8000", "[::1]:8000", "[::1]"])
def test_this_machine_has_several_names(deployment: Deployment, host: str) -> None:
    there = deployment.client.get("/metrics", headers={"Host": host}, environ_base={"REMOTE_ADDR": "::1"})
    assert there.status_code == 200


def deployed(folder: Path, **settings: str) -> Deployment:
    services = build_services(read_settings({"VAR": str(folder / "var"), **settings}), first_start=True)
    migrate(services.engine)
    made = Deployment(services)
    made.add(operator())
    return made


def test_a_service_reached_from_elsewhere_shows_nothing_without_a_token(tmp_path: Path) -> None:
    made = deployed(tmp_path, SIGILL_PUBLIC_URL="https://sigill.example")
    assert made.client.get("/metrics").status_code == 404
    made.services.engine.dispose()


def test_where_a_token_is_set_it_is_the_only_way(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text(f"{TOKEN}\n")
    made = deployed(tmp_path, SIGILL_PUBLIC_URL="https://sigill.example", SIGILL_METRICS_TOKEN_FILE=str(file))
    for brought, status in [
        (f"Bearer {TOKEN}", 200),
        (f"bearer  {TOKEN} ", 200),
        (f"Bearer {TOKEN}x", 404),
        ("Bearer nøt", 404),
        ("Bearer", 404),
        (f"Basic {TOKEN}", 404),
    ]:
        headers = {"Authorization": brought, "X-Forwarded-For": "192.0.2.7"}
        assert made.client.get("/metrics", headers=headers).status_code == status, brought
    assert made.client.get("/metrics").status_code == 404
    made.services.engine.dispose()


@pytest.mark.parametrize("content", [b"", b"short", b"x" * 256, b"with blank " + b"x" * 30, "å".encode() * 40])
def test_a_file_that_holds_no_token_ends_the_start(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "token"
    file.write_bytes(content)
    with pytest.raises(SettingsInvalid, match="32 to 255 ASCII characters"):
        read_token(file)


def test_a_token_file_that_is_missing_ends_the_start(tmp_path: Path) -> None:
    with pytest.raises(SettingsInvalid, match="holds no token"):
        read_token(tmp_path / "missing")
    assert read_token(None) is None
