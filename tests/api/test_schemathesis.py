"""schemathesis as every role, briefly; `python -m tests.api.schemathesis_roles` does the same for longer."""

import json
from pathlib import Path

import pytest

from tests.api.schemathesis_roles import for_cases, format_found, read_report, run_roles

CASES = 1  # of each route and method, for each of fourteen roles: counted, for a busy machine does little in a second


@pytest.mark.servers
@pytest.mark.timeout(1200)
def test_no_role_gets_an_answer_that_the_document_does_not_promise(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = run_roles(tmp_path, extent=for_cases(CASES), say=lambda _: None)
    with capsys.disabled():
        print("", *map(format_found, found), f"{sum(each.cases for each in found)} cases in all", sep="\n")  # noqa: T201
    assert [fault for each in found for fault in each.faults] == []
    assert len(found) == 14
    assert all(each.cases > 70 for each in found)


def test_a_report_s_faults_and_unanswered_requests_are_found() -> None:
    failure = {"operation": "GET /x", "title": "Undocumented status", "message": "Received: 418"}
    case = {"value": {"method": "GET", "path": "/x"}}
    recorder = {
        "label": "GET /x",
        "cases": {"a": case, "b": case},
        "checks": {
            "a": [
                {"name": "ignored_auth", "status": "success"},
                {"name": "status_code_conformance", "status": "failure", "failure_info": {"failure": failure}},
            ]
        },
        "interactions": {"a": {"response": {"status_code": 418}}, "b": {"response": None}},
    }
    lines = [json.dumps({"EngineStarted": {}}), json.dumps({"ScenarioFinished": {"recorder": recorder}})]
    found = read_report("signer", lines)
    assert (found.cases, found.cases_of(4), found.cases_of(5)) == (2, 1, 0)
    assert found.faults == (
        "signer: GET /x: Undocumented status: Received: 418",
        "signer: 1 request(s) without an answer",
    )
