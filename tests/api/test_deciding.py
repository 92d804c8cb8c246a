"""Deciding about operators over HTTP: the queue, two persons, each refusal its own problem, what everyone sees."""

from datetime import timedelta
from typing import Any

import pytest
from werkzeug.test import TestResponse

from registry.deciding.looking import look_at_operator
from registry.deciding.model import Decision
from registry.model import EvidenceKind, Role
from tests.builders_clients import bearer
from tests.builders_deciding import applicant, decide, deciding, key_of, lose_evidence, registrar, shop
from tests.builders_deployment import Deployment
from tests.builders_web import check_page

BANK = "exempelbanken"
SEEN = "register extract and licence seen"


class Office:
    """Two registrars, and what they ask the service."""

    def __init__(self, made: Deployment) -> None:
        self.made = made
        self.people = [registrar(made, name) for name in ("Rut Test", "Tove Test")]
        self.keys = [key_of(made, person) for person in self.people]

    def ask(self, method: str, path: str, body: Any = None, *, by: int | str | None = 0) -> TestResponse:
        """Ask as the first or second registrar, or with another key."""
        key = self.keys[by] if isinstance(by, int) else by
        return self.made.client.open(path, method=method, json=body, headers=bearer(key))

    def propose(self, operator_id: str, decision: str, *, by: int | str = 0, **more: str) -> TestResponse:
        body = {"decision": decision, "reason": SEEN} | more
        return self.ask("POST", f"/v1/registry/operators/{operator_id}/proposals", body, by=by)

    def settle(self, operator_id: str, number: int, how: str, body: Any = None, *, by: int | str = 1) -> TestResponse:
        return self.ask("POST", f"/v1/registry/operators/{operator_id}/proposals/{number}/{how}", body or {}, by=by)

    def case(self, operator_id: str) -> dict[str, Any]:
        found: dict[str, Any] = self.ask("GET", f"/v1/registry/operators/{operator_id}").get_json()
        return found

    def queue(self) -> dict[str, Any]:
        found: dict[str, Any] = self.ask("GET", "/v1/registry/queue").get_json()
        return found


@pytest.fixture
def office(deployment: Deployment) -> Office:
    deployment.add(applicant())
    deployment.add(shop())
    return Office(deployment)


def refused(response: TestResponse) -> tuple[int, str]:
    assert response.content_type == "application/problem+json"
    return response.status_code, response.get_json()["type"].rpartition("/")[2]


def test_a_bank_goes_from_the_queue_through_two_hands_to_its_first_seal(office: Office) -> None:
    assert [each["operator"] for each in office.queue()["applications"]] == ["nybank", "nybutik"]
    assert office.case("nybank") | {"operator": None} == {
        "operator": None,
        "missing": [],
        "persons": 2,
        "proposals": [],
        "likenesses": [],
        "appeals": [],
    }
    proposed = office.propose("nybank", "verify")
    assert proposed.status_code == 201
    number = proposed.get_json()["number"]
    waiting = office.queue()
    assert [each["operator"] for each in waiting["applications"]] == ["nybutik"]
    assert [(each["operator"], each["number"], each["status"]) for each in waiting["proposals"]] == [
        ("nybank", number, "open")
    ]
    assert office.made.sign(by="nybank").status_code == 403
    done = office.settle("nybank", number, "confirm").get_json()
    assert (done["status"], done["proposed_by"], done["confirmed_by"]) == ("done", *office.people)
    assert office.made.sign(by="nybank").status_code == 201
    public = office.made.client.get("/registry/operators/nybank").get_json()
    assert [(each["act"], each["by"]) for each in public["steps"]] == [
        ("decided", f"registrars {', '.join(office.people)}"),
        ("decision_proposed", f"registrar {office.people[0]}"),
    ]


def test_every_refusal_of_a_proposal_has_its_own_problem(office: Office) -> None:
    made = office.made
    program = made.new_key(role=Role.REGISTRAR, operator_id=None)
    admin = made.new_key(role=Role.ADMIN, operator_id=applicant().id)
    made.add(shop("sken", name="Exempelbanken Support"))
    made.add(applicant("halv", kinds=(EvidenceKind.DOMAIN,)))
    assert refused(office.propose("nybank", "verify", by=program)) == (403, "person-needed")
    assert refused(office.propose("nybank", "verify", by=admin)) == (403, "scope-missing")
    assert refused(office.propose("nobody", "verify")) == (404, "operator-not-found")
    assert refused(office.propose("nybank", "suspend")) == (409, "transition-refused")
    assert refused(office.propose("nybank", "dance")) == (422, "request-invalid")
    assert refused(office.propose("nybank", "rename")) == (422, "application-invalid")
    assert refused(office.propose("nybank", "merge", into="nobody")) == (422, "application-invalid")
    assert refused(office.propose("nybank", "verify", reason="ring 070-174 06 05")) == (422, "reason-refused")
    assert refused(office.propose("nybank", "verify", why="x")) == (422, "request-invalid")
    assert refused(office.propose("sken", "verify")) == (409, "likeness-open")
    missing = office.propose("halv", "verify")
    assert refused(missing) == (409, "evidence-missing")
    assert missing.get_json()["missing"] == ["identity", "licence"]
    assert office.case("nybank")["operator"]["state"] == "applied"


def test_every_refusal_of_a_second_person_has_its_own_problem(office: Office) -> None:
    number = office.propose("nybank", "verify").get_json()["number"]
    assert refused(office.settle("nybank", number, "confirm", by=0)) == (403, "second-person-needed")
    assert refused(office.settle("nybank", number, "withdraw", by=1)) == (403, "second-person-needed")
    assert refused(office.settle("nybank", 2**80, "confirm")) == (404, "proposal-not-found")
    assert refused(office.settle("nybank", number, "reject")) == (422, "request-invalid")
    lose_evidence(office.made, "nybank")
    assert refused(office.settle("nybank", number, "confirm")) == (409, "evidence-missing")
    assert office.settle("nybank", number, "withdraw", by=0).status_code == 200
    assert refused(office.settle("nybank", number, "confirm")) == (409, "proposal-closed")


def test_a_suspension_by_one_stops_the_next_seal_and_is_an_alarm_when_nobody_confirms_it(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = office.propose(BANK, "suspend").get_json()["number"]
    assert refused(office.made.sign()) == (403, "operator-suspended")
    assert [each["status"] for each in office.queue()["proposals"]] == ["unconfirmed"]
    assert office.queue()["alarms"] == []
    world = office.made.app.extensions["sigill"]
    late = deciding(office.made).now() + timedelta(hours=73)
    monkeypatch.setattr(type(world.deciding), "now", property(lambda _: lambda: late), raising=False)
    (alarm,) = office.queue()["alarms"]
    assert (alarm["operator"], alarm["what"]) == (BANK, "suspension_unconfirmed")
    monkeypatch.undo()
    assert office.settle(BANK, number, "confirm").get_json()["status"] == "done"
    assert office.queue()["proposals"] == []


def test_a_likeness_waits_in_the_queue_and_is_settled_once(office: Office) -> None:
    office.made.add(shop("sken", name="Exempelbanken Support"))
    look_at_operator("sken", world=deciding(office.made))
    (found,) = office.queue()["likenesses"]
    assert found["resembles"] == [{"operator": BANK, "name": "Exempelbanken", "likeness": "contains"}]
    path = f"/v1/registry/operators/sken/likenesses/{found['number']}"
    accepted = office.ask("POST", f"{path}/accept", {"reason": "its own agent"}).get_json()
    assert (accepted["status"], accepted["closed_by"]) == ("accepted", office.people[0])
    assert refused(office.ask("POST", f"{path}/refuse", {"reason": "no"})) == (409, "likeness-closed")
    unknown = "/v1/registry/operators/sken/likenesses/9999/accept"
    assert refused(office.ask("POST", unknown, {"reason": "no"})) == (404, "likeness-not-found")
    assert office.propose("sken", "verify").get_json()["status"] == "done"


def test_an_operator_appeals_and_another_registrar_answers(office: Office) -> None:
    admin = office.made.new_key(role=Role.ADMIN, operator_id=shop(BANK).id)
    asked = {"reason": "the licence was renewed"}
    assert refused(office.ask("POST", "/v1/operator/appeals", asked, by=admin)) == (409, "appeal-refused")
    office.propose(BANK, "suspend")
    made = office.ask("POST", "/v1/operator/appeals", asked, by=admin)
    assert made.status_code == 201
    (waiting,) = office.queue()["appeals"]
    assert waiting["about"] == "state-2"
    answer = f"/v1/registry/operators/{BANK}/appeals/{waiting['number']}/answer"
    said = {"upheld": True, "answer": "it was"}
    assert refused(office.ask("POST", answer, said, by=0)) == (403, "second-person-needed")
    assert office.ask("POST", answer, said, by=1).get_json()["status"] == "upheld"
    assert refused(office.ask("POST", answer, said, by=1)) == (409, "appeal-refused")
    unknown = f"/v1/registry/operators/{BANK}/appeals/9999/answer"
    assert refused(office.ask("POST", unknown, said, by=1)) == (404, "appeal-not-found")
    assert office.queue()["appeals"] == []
    acts = [each["act"] for each in office.made.client.get(f"/registry/operators/{BANK}").get_json()["steps"]]
    assert acts == ["appeal_answered", "appeal_made", "decided"]


def test_only_operators_that_were_ever_verified_are_listed(office: Office) -> None:
    listed = office.made.client.get("/registry/operators").get_json()["operators"]
    assert [(each["id"], each["state"]) for each in listed] == [(BANK, "verified")]
    office.propose(BANK, "suspend")
    office.propose("nybutik", "verify")
    listed = office.made.client.get("/registry/operators").get_json()["operators"]
    assert {(each["id"], each["state"]) for each in listed} == {(BANK, "suspended"), ("nybutik", "verified")}


@pytest.mark.parametrize(("accept", "says"), [("text/html", "Nothing has been decided"), ("application/json", "")])
def test_an_applicants_page_says_so_and_is_not_indexed(office: Office, accept: str, says: str) -> None:
    page = office.made.client.get("/registry/operators/nybutik?lang=en", headers={"Accept": accept})
    assert says in page.get_data(as_text=True)
    assert page.headers["X-Robots-Tag"] == "noindex"
    office.propose("nybutik", "verify")
    page = office.made.client.get("/registry/operators/nybutik?lang=en", headers={"Accept": accept})
    assert "Nothing has been decided" not in page.get_data(as_text=True)
    assert "X-Robots-Tag" not in page.headers


def test_names_and_successors_are_public(office: Office) -> None:
    office.propose("nybutik", "verify")
    before = office.case("nybutik")["operator"]["name"]
    office.propose("nybutik", "rename", name="Fjällhandeln")
    office.made.add(shop("storbutik", name="Storbutiken"))
    office.propose("storbutik", "verify")
    assert office.propose("nybutik", "merge", into="storbutik").get_json()["status"] == "done"
    public = office.made.client.get("/registry/operators/nybutik").get_json()
    assert (public["name"], public["state"]) == ("Fjällhandeln", "revoked")
    assert [each["name"] for each in public["former_names"]] == [before]
    assert public["successor"] == {"id": "storbutik", "name": "Storbutiken"}
    page = office.made.client.get("/registry/operators/nybutik?lang=en", headers={"Accept": "text/html"})
    for said in ("Now part of Storbutiken", before, "Earlier names", "The name was changed"):
        assert said in page.get_data(as_text=True)
    assert refused(office.made.sign(by="nybutik")) == (403, "operator-suspended")


def test_all_steps_can_be_read_page_by_page(office: Office) -> None:
    one, other = office.people
    decide(office.made, "nybank", Decision.VERIFY, one, other)
    for _ in range(33):
        decide(office.made, "nybank", Decision.SUSPEND, one)
        decide(office.made, "nybank", Decision.LIFT, one, other)
    client = office.made.client
    first = client.get("/registry/operators/nybank/steps").get_json()
    second = client.get(f"/registry/operators/nybank/steps?after={first['next']}").get_json()
    assert [each["index"] for each in [*first["steps"], *second["steps"]]] == list(range(100, -1, -1))
    assert (len(first["steps"]), second["next"]) == (100, None)
    page = client.get("/registry/operators/nybank?lang=sv", headers={"Accept": "text/html"}).get_data(as_text=True)
    assert "Tidigare steg (91)" in check_page(page, language="sv").text


@pytest.mark.parametrize(("after", "status"), [("x", 422), ("WzFd", 200), ("WzE3MDE0MTE4MzQ2MDQ2OTIzMTczMV0", 422)])
def test_a_place_in_the_steps_is_read_strictly(office: Office, after: str, status: int) -> None:
    assert office.made.client.get(f"/registry/operators/{BANK}/steps?after={after}").status_code == status
    assert office.made.client.get("/registry/operators/nobody/steps").status_code == 404
