"""schemathesis over the whole OpenAPI document, as every role, against a real server.

`python -m tests.api.schemathesis_roles --seconds 60` spends about a minute on each role. Every route and method is
asked with right and wrong input, in sequences too; an answer of 5xx is a fault, and so is a status, content type,
header or body that the document does not promise, an operation that does not demand its key, and a wrong Allow.
The document's `default` answers are taken out first: only what is promised by name counts as documented.
"""

import argparse
import copy
import json
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, Final

from registry.clients.registration import revoke_own_client
from registry.model import OperatorId, Role
from registry.revocation import revoke_api_key
from running.worker import check_heads
from storage.engine import writing
from tests.builders_clients import new_client
from tests.builders_deployment import Deployment, deploy, operator
from tests.builders_mandates import add_system
from tests.builders_server import Served, served
from wiring import now
from wiring.clients import registration_world

BANK: Final = OperatorId("exempelbanken")
OTHER: Final = OperatorId("exempelel")
CHECKS: Final = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "negative_data_rejection",
    "unsupported_method",
    "allow_header_conformance",
    "ignored_auth",
)
_METHODS: Final = frozenset({"get", "post", "delete"})
_REQUEST_S: Final = 20
_LONGEST_FAULT: Final = 1500
_CONFIGURATION: Final = """
[checks.negative_data_rejection]
expected-statuses = ["400", "401", "403", "404", "405", "409", "413", "415", "422"]
"""


@dataclass(frozen=True, slots=True)
class Found:
    """What was asked as one role: answers by route and status, and each fault in the words of schemathesis."""

    role: str
    answers: Counter[tuple[str, int]]
    faults: tuple[str, ...]

    @property
    def cases(self) -> int:
        """How many answers were judged."""
        return self.answers.total()

    def cases_of(self, hundreds: int) -> int:
        """How many answers were 2xx, 4xx …"""
        return sum(count for (_, status), count in self.answers.items() if status // 100 == hundreds)


def make_keys(made: Deployment) -> dict[str, Callable[[], str | None]]:
    """Return what each role shows: nothing, an API key, an access token got when it is asked for, one revoked."""
    revoked = made.new_key(role=Role.SIGNER, operator_id=BANK)
    with writing(made.services.engine) as connection:
        assert revoke_api_key(connection, prefix=revoked.split("_")[1], at=datetime.now(UTC))
    ended = new_client(made, role=Role.ADMIN)
    of_ended = ended.token()
    world = registration_world(ended.issuer, made.services.engine, made.services.log, now=now)
    revoke_own_client(ended.client.id, operator_id=BANK, world=world)
    key, client = partial(made.new_key, operator_id=BANK), partial(new_client, made)
    return {
        "no key": partial(_same, None),
        "signer": partial(_same, made.keys[BANK]),
        "admin": partial(key, role=Role.ADMIN),
        "auditor": partial(key, role=Role.AUDITOR),
        "auditor of all": partial(made.new_key, role=Role.AUDITOR, operator_id=None),
        "registrar": partial(made.new_key, role=Role.REGISTRAR, operator_id=None),
        "revoked key": partial(_same, revoked),
        # made when it is their turn: whoever came before may have revoked every client there was
        "signer's token": lambda: client().token(),
        "AI system's token": lambda: client(ai_system=_new_system(made)).token(),
        "token to ask": lambda: client().token(scope="decisions:ask"),
        "admin's token": lambda: client(role=Role.ADMIN).token(),
        "auditor's token": lambda: client(role=Role.AUDITOR).token(),
        "token of all": lambda: client(role=Role.AUDITOR, operator_id=None).token(),
        "revoked token": partial(_same, of_ended),
    }


def _new_system(made: Deployment) -> str:
    """Register an AI system that nobody has ended yet; return its reference."""
    add_system(made, BANK, "robot")
    return "robot"


def _same(key: str | None) -> str | None:
    return key


def make_examples(made: Deployment) -> dict[str, list[str]]:
    """Seal, talk and withdraw as two operators; return what the document's path and query parameters may be."""
    messages, conversations = [], []
    for by in (BANK, OTHER):
        for number in range(3):
            sealed = made.sign(by=by, conversation=f"chat-{number}", authorship="ai", disclosure="inline").get_json()
            messages.append(sealed["id"])
            conversations.append(sealed["conversation"]["id"])
        headers = {"Authorization": f"Bearer {made.keys[by]}"}
        withdrawn = made.client.delete(
            f"/v1/messages/{messages[-1]}", json={"reason": "wrong_content"}, headers=headers
        )
        assert withdrawn.status_code == 200, withdrawn.get_data(as_text=True)
        event = made.client.post(
            f"/v1/conversations/{conversations[-1]}/events", json={"kind": "human_joined"}, headers=headers
        )
        assert event.status_code == 201, event.get_data(as_text=True)
    page = made.client.get("/v1/conversations?limit=1", headers={"Authorization": f"Bearer {made.keys[BANK]}"})
    prefixes = [made.new_key(role=Role.SIGNER, operator_id=by).split("_")[1] for by in (BANK, BANK, OTHER)]
    clients = [new_client(made, operator_id=by) for by in (BANK, BANK, OTHER)]
    return {
        "prefix": prefixes,
        "client_id": [each.client.id for each in clients],
        "thumbprint": [each.key.thumbprint for each in clients],
        "message_id": messages,
        "conversation_id": conversations,
        "operator_id": [BANK, OTHER],
        "operator": [BANK, OTHER],
        "reference": ["chat-0", "chat-1"],
        "cursor": [page.get_json()["next"]],
        "path": ["0/000.p/1", "0/000.p/4", "entries/000.p/1", "entries/000.p/4", "0/x001/000"],
        "number": ["0", "1", "2"],
        "name": ["start.js", "swagger-ui.css"],
        "slug": ["not-found", "policy-refusal", "malformed-json"],
    }


def prepare_document(spec: Mapping[str, Any], examples: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """Return the document with real ids to ask for, links from what makes one, and no `default` answers.

    In a batch a message may be anything at all: each is answered for itself, so none of them makes the request wrong.
    """
    prepared: dict[str, Any] = copy.deepcopy(dict(spec))
    for item in prepared["paths"].values():
        for parameter in _parameters_of(item):
            known = examples.get(parameter["name"])
            if known and parameter["in"] in {"path", "query"}:
                parameter["schema"] = {"anyOf": [{"enum": list(known)}, parameter["schema"]]}
        for method in _METHODS & item.keys():
            item[method]["responses"].pop("default", None)
    batch = prepared["components"]["schemas"]["Batch"]["properties"]["messages"]
    batch["items"] = {"anyOf": [batch["items"], {}]}
    _link(prepared, "/v1/messages", "id", "get", "/v1/messages/{message_id}", "message_id")
    _link(prepared, "/v1/messages", "id", "delete", "/v1/messages/{message_id}", "message_id")
    for method, path in (
        ("get", "/v1/conversations/{conversation_id}"),
        ("post", "/v1/conversations/{conversation_id}/events"),
    ):
        _link(prepared, "/v1/messages", "conversation/id", method, path, "conversation_id")
    return prepared


def for_seconds(seconds: float) -> tuple[str, ...]:
    """Return the options of a run with every kind of input, in sequences too, that ends after about `seconds`."""
    return "--phases", "examples,coverage,fuzzing,stateful", "--max-time", str(max(1, round(seconds)))


def for_cases(cases: int) -> tuple[str, ...]:
    """Return the options of a run that asks every route and method `cases` times, however long it takes."""
    return "--phases", "examples,fuzzing", "--max-examples", str(cases)


def run_role(server: Served, document: Path, *, role: str, key: str | None, extent: Sequence[str]) -> Found:
    """Run schemathesis as one role, as far as `extent` says; return what it asked and found."""
    report = document.with_name(f"report-{''.join(filter(str.isalpha, role))}.ndjson")
    command = [sys.executable, "-m", "schemathesis.cli", "run", str(document), "--url", server.url]
    command += ["--checks", ",".join(CHECKS), "--continue-on-failure", *extent]
    command += ["--request-timeout", str(_REQUEST_S), "--no-shrink"]
    command += ["--suppress-health-check", "all", "--warnings", "off", "--generation-database", "none", "--no-color"]
    command += ["--report", "ndjson", "--report-ndjson-path", str(report)]
    if key is not None:
        command += ["--header", f"Authorization: Bearer {key}"]
    done = subprocess.run(command, check=False, capture_output=True, text=True, cwd=document.parent)
    found = read_report(role, report.read_text("utf-8").splitlines() if report.exists() else [])
    if done.returncode == 0 or found.faults:
        return found
    ended = f"schemathesis ended with {done.returncode}: {done.stdout[-3000:]}{done.stderr[-1000:]}"
    return Found(role, found.answers, (ended,))


def read_report(role: str, lines: Iterable[str]) -> Found:
    """Return what a report of schemathesis (JSON, an event a line) says was asked and found; each fault once."""
    answers: Counter[tuple[str, int]] = Counter()
    faults: dict[str, None] = {}
    for line in lines:
        (event,) = json.loads(line).items()
        recorder = event[1].get("recorder") or {} if event[0] == "ScenarioFinished" else {}
        cases = recorder.get("cases", {})
        for name, exchange in recorder.get("interactions", {}).items():
            case = cases[name]["value"]
            status = (exchange.get("response") or {}).get("status_code", 0)
            answers[case["path"], status] += 1
        for checks in recorder.get("checks", {}).values():
            for check in checks:
                if check["status"] == "failure":
                    failure = check["failure_info"]["failure"]
                    said = f"{role}: {failure['operation']}: {failure['title']}: {failure['message']}"
                    faults[said[:_LONGEST_FAULT]] = None
    unanswered = sum(count for (_, status), count in answers.items() if status == 0)
    if unanswered:
        faults[f"{role}: {unanswered} request(s) without an answer"] = None
    return Found(role, answers, tuple(faults))


def run_roles(
    folder: Path, *, extent: Sequence[str], roles: Sequence[str] = (), say: Callable[[str], None]
) -> list[Found]:
    """Run every role (or those named) as far as `extent` says on one deployment; the log must verify afterwards."""
    made = deploy(folder, operator(BANK), operator(OTHER))
    found = []
    try:
        keys, examples = make_keys(made), make_examples(made)
        with served(made, folder) as server:
            (folder / "schemathesis.toml").write_text(_CONFIGURATION, "utf-8")
            document = folder / "openapi.json"
            published = json.loads(server.ask("GET", "/openapi.json").body)
            document.write_text(json.dumps(prepare_document(published, examples)), "utf-8")
            for role in roles or tuple(keys):
                found.append(run_role(server, document, role=role, key=keys[role](), extent=extent))
                say(format_found(found[-1]))
        unforeseen = [line for line in server.said().splitlines() if "unforeseen" in line]
        damaged = check_heads(made.services.log, keys_of=made.services.keys.note_keys)
        if unforeseen or damaged:
            found.append(Found("the service itself", Counter(), (*unforeseen, *damaged)))
    finally:
        made.services.engine.dispose()
    return found


def format_found(found: Found) -> str:
    """Return one role's line."""
    return (
        f"{found.role:18} {found.cases:6} cases: {found.cases_of(2):6} 2xx {found.cases_of(4):6} 4xx "
        f"{found.cases_of(5):3} 5xx; {len({path for (path, _) in found.answers})} routes, {len(found.faults)} fault(s)"
    )


def main() -> int:
    """Run; print the counts and every fault. 1 if there was any."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60, help="for each role")
    parser.add_argument("--role", action="append", default=[], help="only this role; may be given again")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        found = run_roles(Path(folder), extent=for_seconds(asked.seconds), roles=asked.role, say=_say)
    faults = [fault for each in found for fault in each.faults]
    _say("\n".join([f"{sum(each.cases for each in found)} cases in all, {len(faults)} fault(s)", *faults]))
    return 1 if faults else 0


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _parameters_of(item: Mapping[str, Any]) -> list[dict[str, Any]]:
    shared = list(item.get("parameters", ()))
    return shared + [each for method in _METHODS & item.keys() for each in item[method].get("parameters", ())]


def _link(document: dict[str, Any], made_by: str, pointer: str, method: str, path: str, parameter: str) -> None:
    place = path.replace("~", "~0").replace("/", "~1")
    links = document["paths"][made_by]["post"]["responses"]["201"].setdefault("links", {})
    links[f"{method} {parameter}"] = {
        "operationRef": f"#/paths/{place}/{method}",
        "parameters": {parameter: f"$response.body#/{pointer}"},
    }


if __name__ == "__main__":
    sys.exit(main())
