"""The root log over HTTP, and a message's whole receipt: to be kept, checked offline, and told by the verdict."""

import json

import pytest

from registry.model import OperatorId, Role
from running.publisher import make_publisher
from sigill.errors import MalformedNote
from sigill.report.checks import CheckName, Detail
from sigill.report.content import Presented
from sigill.report.judge import Evidence, LogEvidence, judge_seal
from sigill.report.openers import BroughtOpener
from sigill.report.status import StatusEvidence
from sigill.report.trust import ROOT, parse_trust
from sigill.seal.token import parse_seal
from sigill.tlog.checkpoint import verify_checkpoint
from sigill.tlog.leaf import HeadLeaf, parse_leaf
from sigill.tlog.tiles import parse_bundle
from sigill.tlog.witnessed import second_proof
from tests.builders_deployment import NOW, TEXT, Deployment, operator


@pytest.fixture
def rooted(deployment: Deployment) -> Deployment:
    """A deployment with a root log and a message in it."""
    services = deployment.services
    services.log.create_log(ROOT, services.identity.root_origin)
    return deployment


def publish(deployment: Deployment) -> None:
    """Make one round of the publisher."""
    make_publisher(deployment.services).run()


def get(deployment: Deployment, path: str, *, key: str | None = None) -> tuple[int, bytes]:
    """GET a path; return status and body."""
    response = deployment.client.get(path, headers={} if key is None else {"Authorization": f"Bearer {key}"})
    return response.status_code, response.get_data()


def test_before_the_first_round_there_is_no_root_checkpoint(rooted: Deployment) -> None:
    assert get(rooted, "/log/root/checkpoint")[0] == 404


def test_the_root_log_is_open_to_anyone_entries_and_all(rooted: Deployment) -> None:
    rooted.sign()
    publish(rooted)
    trust = parse_trust(get(rooted, "/.well-known/sigill-trust.json")[1])
    assert trust.root is not None
    status, note = get(rooted, "/log/root/checkpoint")
    assert status == 200
    checkpoint = verify_checkpoint(note.decode(), origin=trust.root.origin, keys=trust.root.keys)
    assert checkpoint.size == 1
    response = rooted.client.get("/log/root/tile/entries/000.p/1")
    (leaf,) = map(parse_leaf, parse_bundle(response.get_data()))
    head = rooted.services.log.head("exempelbanken")
    assert head is not None
    assert leaf == HeadLeaf(head.origin, head.size, head.root)
    assert response.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert get(rooted, "/log/exempelbanken/tile/entries/000.p/1")[0] == 401


def test_the_trust_file_names_the_root_log_and_its_policy(rooted: Deployment) -> None:
    trust = parse_trust(get(rooted, "/.well-known/sigill-trust.json")[1])
    assert trust.root is not None
    assert trust.root.origin == "demonstration.sigill.example/log/root"
    assert trust.root.url.endswith("/log/root")
    assert trust.witnesses.quorum is None
    assert trust.witnesses.log_keys(trust.root.origin) == trust.root.keys
    assert ROOT not in trust.logs


def test_a_proof_is_whole_once_the_root_log_holds_the_message(rooted: Deployment) -> None:
    sealed = rooted.sign().get_json()
    key = rooted.keys["exempelbanken"]
    before = json.loads(get(rooted, f"/v1/messages/{sealed['id']}/proof", key=key)[1])
    assert before["root"] is None
    publish(rooted)
    after = json.loads(get(rooted, f"/v1/messages/{sealed['id']}/proof", key=key)[1])
    assert after["root"] == {"origin": "demonstration.sigill.example/log/root", "size": 1, "cosigned": []}
    assert after["log"] == sealed["log"]
    rooted.sign()
    publish(rooted)
    assert json.loads(get(rooted, f"/v1/messages/{sealed['id']}/proof", key=key)[1]) == after


def test_a_whole_receipt_verifies_offline_and_says_that_no_witness_was_asked(rooted: Deployment) -> None:
    sealed = rooted.sign().get_json()
    publish(rooted)
    key = rooted.keys["exempelbanken"]
    receipt = json.loads(get(rooted, f"/v1/messages/{sealed['id']}/proof", key=key)[1])["receipt"]
    seal = parse_seal(sealed["seal"])
    trust = parse_trust(get(rooted, "/.well-known/sigill-trust.json")[1])
    evidence = Evidence(
        presented=Presented(text=TEXT),
        trust=trust,
        opener=BroughtOpener(seal),
        log=LogEvidence(receipt),
        at=NOW,
        status=StatusEvidence(asked=True),
    )
    details = {check.check: check.detail for check in judge_seal(seal, evidence).checks}
    assert details[CheckName.LOG] is Detail.IN_THE_LOG
    assert details[CheckName.WITNESSED] is Detail.NO_WITNESS_TRUSTED


def test_the_verdict_hands_the_whole_receipt_to_the_customer(rooted: Deployment) -> None:
    sealed = rooted.sign().get_json()
    verdict = rooted.verify(seal=sealed["seal"], content=TEXT)
    assert second_proof(verdict["proof"]) is None
    publish(rooted)
    verdict = rooted.verify(seal=sealed["seal"], content=TEXT)
    assert second_proof(verdict["proof"]) is not None
    checks = {check["check"]: check["detail"] for check in verdict["checks"]}
    assert (checks["log"], checks["witnessed"]) == ("in_the_log", "no_witness_trusted")
    assert verdict["answer"] == "genuine"


def test_nobody_sees_the_proof_of_another_operators_message(rooted: Deployment) -> None:
    sealed = rooted.sign().get_json()
    rooted.add(operator("annanbank"))
    assert get(rooted, f"/v1/messages/{sealed['id']}/proof", key=rooted.keys["annanbank"])[0] == 404
    auditor = rooted.new_key(role=Role.AUDITOR, operator_id=None)
    assert get(rooted, f"/v1/messages/{sealed['id']}/proof", key=auditor)[0] == 200
    own = rooted.new_key(role=Role.AUDITOR, operator_id=OperatorId("exempelbanken"))
    assert get(rooted, f"/v1/messages/{sealed['id']}/proof", key=own)[0] == 200


def test_a_second_proof_is_read_as_text_or_not_at_all() -> None:
    with pytest.raises(MalformedNote):
        second_proof("c2sp.org/tlog-proof@v1\nextra /w==\nindex 0\n\nnothing")
