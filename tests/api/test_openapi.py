"""The API's description and its edges: every route, method, role, header and path; never a 5xx."""

import importlib
import io
import pkgutil
import re
from collections.abc import Iterator
from typing import Any

import openapi_spec_validator
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from werkzeug.exceptions import default_exceptions

from api.problems import HTTP_PROBLEMS, INTERNAL, PROBLEMS, all_problems, problem_of
from api.schemas.messages import MessageSchema
from api.schemas.verifications import VerifySchema
from sigill.errors import NotCanonicalisable, SigillError
from tests.builders_access import ALLOWED, BODY
from tests.builders_deployment import Deployment
from transparency.errors import StoreUnavailable

PACKAGES = ("registry", "policies", "conversations", "releases", "signing", "verification", "transparency", "sigill")
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND")
UNDOCUMENTED = {"/openapi.json"}


@pytest.fixture(scope="module")
def spec(shared: Deployment) -> dict[str, Any]:
    document: dict[str, Any] = shared.client.get("/openapi.json").get_json()
    return document


def routes_of(made: Deployment, *, pages: bool) -> Iterator[tuple[str, set[str]]]:
    """Yield paths (with {name} for what varies) and methods: of the customer's pages, or of the API."""
    for rule in made.app.url_map.iter_rules():
        if rule.endpoint.startswith("web.") is pages:
            path = re.sub(r"<(?:\w+(?:\([^)]*\))?:)?(\w+)>", r"{\1}", rule.rule)
            yield path, set(rule.methods or ()) - {"HEAD", "OPTIONS"}


def test_the_document_is_openapi_3_1(spec: dict[str, Any]) -> None:
    assert spec["openapi"] == "3.1.0"
    openapi_spec_validator.validate(spec)


def test_every_route_is_documented(shared: Deployment, spec: dict[str, Any]) -> None:
    routes = {(path, method.lower()) for path, methods in routes_of(shared, pages=False) for method in methods}
    described = {
        (path, method) for path, item in spec["paths"].items() for method in item if method in {"get", "post", "delete"}
    }
    assert {path for path, _ in described} <= {path for path, _ in routes}
    assert {route for route in routes - described if route[0] not in UNDOCUMENTED} == set()


def test_every_operation_says_what_it_does_and_answers_problems_as_such(spec: dict[str, Any]) -> None:
    for path, item in spec["paths"].items():
        for method, operation in item.items():
            if method == "parameters":
                continue
            assert operation["summary"], path
            for status, response in operation["responses"].items():
                if status != "default" and int(status) >= 400 and path not in {"/readyz", "/oauth/token"}:
                    assert set(response["content"]) == {"application/problem+json"}, (path, status)


def test_what_needs_a_key_is_marked(spec: dict[str, Any]) -> None:
    keyed = {
        (method.upper(), path): operation["security"]
        for path, item in spec["paths"].items()
        for method, operation in item.items()
        if isinstance(operation, dict) and "security" in operation
    }
    needed = {place for place, security in keyed.items() if {} not in security}
    assert needed == set(ALLOWED) - {("GET", "/log/{operator_id}/tile/{path}")}
    assert all(keyed[place] == [{"apiKey": []}] for place in needed)
    assert {place: security for place, security in keyed.items() if place not in needed} == {
        ("GET", "/log/{operator_id}/tile/{path}"): [{}, {"apiKey": []}],
        ("GET", "/metrics"): [{}, {"metricsToken": []}],
        ("POST", "/v1/applications"): [{}, {"apiKey": []}],
    }


def test_what_may_be_repeated_says_so(spec: dict[str, Any]) -> None:
    with_key = {
        (method.upper(), path)
        for path, item in spec["paths"].items()
        for method, operation in item.items()
        if isinstance(operation, dict)
        and any(parameter.get("name") == "Idempotency-Key" for parameter in operation.get("parameters", ()))
    }
    assert with_key >= {("POST", "/v1/messages"), ("POST", "/v1/messages/batch")}


def test_every_concrete_error_has_exactly_one_problem() -> None:
    for name in PACKAGES:
        package = importlib.import_module(name)
        for module in pkgutil.walk_packages(package.__path__, f"{name}."):
            if not module.name.startswith(("sigill.cli", "sigill.client")) and not module.name.endswith("__main__"):
                importlib.import_module(module.name)
    elsewhere = ("sigill.cl", "transparency.publishing", "tests")  # raised in no request
    leaves = {error for error in _leaves(SigillError) if not error.__module__.startswith(elsewhere)}
    assert leaves - set(PROBLEMS) == set()
    raised_themselves = {NotCanonicalisable, StoreUnavailable}  # a text that is too long; a database that is not there
    assert set(PROBLEMS) - leaves == raised_themselves


def _leaves(error: type[SigillError]) -> Iterator[type[SigillError]]:
    below = error.__subclasses__()
    if not below:
        yield error
    for kind in below:
        yield from _leaves(kind)


def test_an_error_without_an_entry_is_its_nearest_ancestors_problem() -> None:
    class Newer(NotCanonicalisable):
        """One that the table does not know."""

    assert problem_of(Newer("x")) is PROBLEMS[NotCanonicalisable]
    assert problem_of(SigillError("x")) is INTERNAL


def test_every_problem_has_a_page_and_tells_what_to_do(shared: Deployment) -> None:
    for slug, problem in all_problems().items():
        assert re.fullmatch(r"[a-z0-9-]+", slug)
        assert problem.title
        assert problem.mend.endswith(".")
        page = shared.client.get(f"/problems/{slug}")
        assert page.status_code == 200
        assert page.content_type.startswith("text/html")
    assert shared.client.get("/problems/nothing").status_code == 404


def test_every_http_error_the_framework_may_raise_is_a_problem() -> None:
    raised = {400, 404, 405, 406, 408, 413, 414, 415, 422, 431, 500, 503}
    assert set(HTTP_PROBLEMS) == raised <= set(default_exceptions)


def test_the_documentation_is_served_without_asking_anyone_else(shared: Deployment) -> None:
    page = shared.client.get("/docs")
    assert page.status_code == 200
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]
    assets = re.findall(r'(?:src|href)="([^"]+)"', page.get_data(as_text=True))
    assert len(assets) > 3
    for asset in assets:
        assert asset.startswith("/")
        assert shared.client.get(asset, buffered=True).status_code == 200
    for name in ("swagger-ui.js.map", "..%2f__init__.py", "%2e%2e", "START.JS", "start.js%00"):
        assert shared.client.get(f"/docs/assets/{name}").status_code == 404


@pytest.fixture(scope="module")
def keys(shared: Deployment) -> dict[str, str]:
    return {"signer": shared.keys["exempelbanken"]}


def test_no_method_breaks_a_page(shared: Deployment) -> None:
    pages = [path for path, _ in routes_of(shared, pages=True)]
    assert pages
    for path in pages:
        for method in METHODS:
            response = shared.client.open(re.sub(r"\{\w+\}", "x", path), method=method, buffered=True)
            assert response.status_code < 500, (method, path)


hostile = st.text(st.characters(codec="utf-8"), max_size=60)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | hostile,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(hostile, inner, max_size=3),
    max_leaves=5,
)
FIELDS = st.sampled_from(sorted({*MessageSchema().fields, *VerifySchema().fields}))


@settings(max_examples=120, deadline=None)
@given(
    path=st.sampled_from(["/v1/messages", "/v1/messages/batch", "/v1/decisions", "/v1/verifications"]),
    body=st.dictionaries(FIELDS, json_values, max_size=5),
    start=st.sampled_from([{}, BODY | {"text": "Hej"}, BODY, {"text": "Hej"}, {"messages": [BODY | {"text": "Hej"}]}]),
)
def test_no_body_makes_the_service_stumble(
    shared: Deployment, keys: dict[str, str], path: str, body: dict[str, Any], start: dict[str, Any]
) -> None:
    response = shared.client.post(path, json=start | body, headers={"Authorization": f"Bearer {keys['signer']}"})
    assert response.status_code in {200, 201, 400, 403, 422}
    assert response.is_json
    assert response.get_json() is not None  # an answer that is streamed is whole
    if response.status_code >= 400:
        assert response.get_json()["status"] == response.status_code


@settings(max_examples=60, deadline=None)
@given(
    path=st.text(st.characters(codec="utf-8", exclude_characters="?#"), max_size=40),
    root=st.sampled_from(
        ["", "v1/messages/", "registry/operators/", "log/", "log/exempelbanken/tile/", "docs/assets/", "problems/"]
    ),
)
def test_no_path_makes_the_service_stumble(shared: Deployment, keys: dict[str, str], path: str, root: str) -> None:
    path = path.lstrip("/")  # the test client would take what follows // for a host
    response = shared.client.get(f"/{root}{path}", headers={"Authorization": f"Bearer {keys['signer']}"})
    assert response.status_code < 500


@pytest.mark.parametrize(
    "headers",
    [
        {"Accept": "text/html;q=x, */*;q=nan, \x80"},
        {"Accept-Language": "," * 5000},
        {"Accept": "a/b," * 2000},
        {"Content-Type": "application/json; charset=utf-16"},
        {"Content-Type": "application/json" + ";x=y" * 500},
        {"Content-Length": "-1"},
        {"Content-Length": "99999999999999999999"},
        {"Content-Length": "x"},
        {"Transfer-Encoding": "chunked"},
        {"Content-Encoding": "gzip"},
        {"Host": "evil.example"},
        {"X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "x"},
        {"If-None-Match": "*", "If-Modified-Since": "x", "If-Range": "x", "Range": "bytes=0-0,1-1"},
        {"Cookie": "a=b;" * 1000},
        {"X-HTTP-Method-Override": "DELETE"},
    ],
)
def test_no_header_makes_the_service_stumble(shared: Deployment, headers: dict[str, str]) -> None:
    for path in ("/registry/operators/exempelbanken", "/.well-known/jwks.json", "/log/exempelbanken/checkpoint", "/x"):
        response = shared.client.get(path, headers=headers)
        assert response.status_code < 500
        assert b"evil.example" not in response.data
    response = shared.client.post("/v1/verifications", data=b'{"text":"Hej"}', headers=headers)
    assert response.status_code in {200, 400, 413, 415}


@pytest.mark.parametrize(
    ("blanks", "status"), [(0, 200), (1_048_576 - 14, 200), (1_048_576 - 13, 413), (2_000_000, 413)]
)
def test_a_chunked_body_is_read_whole_or_not_at_all(shared: Deployment, blanks: int, status: int) -> None:
    response = shared.client.post(
        "/v1/verifications",
        content_type="application/json",
        environ_overrides={
            "wsgi.input": io.BytesIO(b'{"text":"Hej"}' + b" " * blanks),
            "wsgi.input_terminated": True,
            "CONTENT_LENGTH": "",
        },
    )
    assert response.status_code == status


def test_every_answer_forbids_guessing_its_type_and_framing_it(shared: Deployment) -> None:
    for path in ("/healthz", "/nothing", "/openapi.json", "/.well-known/jwks.json", "/docs"):
        headers = shared.client.get(path).headers
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "no-referrer"
        assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
