"""What waits for a registrar, and one operator's case: what is known of it, and what can be decided about it."""

from typing import Any, Final

from flask import Response
from sqlalchemy import Connection

from registry.assurance import attained_level
from registry.deciding.alike import list_likenesses
from registry.deciding.appealing import answer_appeal
from registry.deciding.appeals import list_appeals
from registry.deciding.decide import confirm, propose, reject, withdraw
from registry.deciding.looking import settle_likeness
from registry.deciding.model import Ask, Decision, ProposalStatus
from registry.deciding.queue import load_queue
from registry.deciding.rules import persons_needed
from registry.deciding.store import list_proposals
from registry.errors import ApplicationInvalid, ProposalUnknown
from registry.mandates.store import list_mandates, names_of
from registry.model import Role
from registry.operators import load_operator
from registry.people.store import list_people
from registry.steps import list_newest_steps
from sigill.report.words import words
from storage.engine import reading
from web.desk.mandates import view_mandate
from web.desk.parts import Desk
from web.desk.request import DeskRequest

pages: Final = Desk("queue")
_REGISTRARS: Final = frozenset({Role.REGISTRAR})
_STEPS: Final = 50
_CASE: Final = "/operators/<string:operator_id>"


@pages.page("/queue", roles=_REGISTRARS, navigation="queue.title")
def queue(request: DeskRequest) -> Response:
    """Show what waits, the most urgent first."""
    at = request.world.now()
    with reading(request.world.engine) as connection:
        waiting = load_queue(connection, at=at)
        colleagues = _colleagues(connection)
    return request.render("desk/queue.html", waiting=waiting, colleagues=colleagues, at=at)


@pages.page(_CASE, roles=_REGISTRARS)
def case(request: DeskRequest, operator_id: str) -> Response:
    """Show everything needed to decide about an operator, and the forms that do."""
    at = request.world.now()
    with reading(request.world.engine) as connection:
        operator = load_operator(connection, operator_id)
        shown: dict[str, Any] = {
            "proposals": list_proposals(connection, operator_id),
            "likenesses": list_likenesses(connection, operator_id),
            "appeals": list_appeals(connection, operator_id),
            "mandates": _mandates(connection, operator_id, request),
            "steps": list_newest_steps(connection, operator_id, limit=_STEPS),
            "colleagues": _colleagues(connection),
        }
    return request.render(
        "desk/case.html",
        operator=operator,
        level=int(attained_level(operator.evidence, at=at)),
        missing=request.world.deciding.missing(operator),
        persons=persons_needed([operator.industry]),
        decisions=[(each.value, request.words.word("decisions", each.value)) for each in Decision],
        waits={ProposalStatus.OPEN, ProposalStatus.UNCONFIRMED},
        at=at,
        **shown,
    )


@pages.action(f"{_CASE}/proposals", roles=_REGISTRARS, shows=case, recent=True)
def put_forward(request: DeskRequest, operator_id: str) -> Response:
    """Propose a decision; where one person is enough, it is made."""
    form = request.form
    try:
        decision = Decision(form["decision"])
    except ValueError:
        raise ApplicationInvalid("decision is one of those in the list") from None
    ask = Ask(decision=decision, reason=form["reason"], name=form["name"] or None, into=form["into"] or None)
    done = propose(operator_id, ask, by=request.person.id, world=request.world.deciding)
    said = "queue.proposed" if done.status is ProposalStatus.OPEN else "queue.decided"
    return request.go(f"/operators/{operator_id}", said=said)


@pages.action(f"{_CASE}/confirmation", roles=_REGISTRARS, shows=case, recent=True)
def second(request: DeskRequest, operator_id: str) -> Response:
    """Confirm another registrar's proposal."""
    confirm(operator_id, _number(request), by=request.person.id, world=request.world.deciding)
    return request.go(f"/operators/{operator_id}", said="queue.confirmed")


@pages.action(f"{_CASE}/rejection", roles=_REGISTRARS, shows=case, recent=True)
def turn_down(request: DeskRequest, operator_id: str) -> Response:
    """Reject another registrar's proposal, with a reason."""
    reason = request.form["reject_reason"]
    reject(operator_id, _number(request), reason=reason, by=request.person.id, world=request.world.deciding)
    return request.go(f"/operators/{operator_id}", said="queue.rejected")


@pages.action(f"{_CASE}/withdrawal", roles=_REGISTRARS, shows=case, recent=True)
def take_back(request: DeskRequest, operator_id: str) -> Response:
    """Withdraw one's own proposal."""
    withdraw(operator_id, _number(request), by=request.person.id, world=request.world.deciding)
    return request.go(f"/operators/{operator_id}", said="queue.withdrawn")


@pages.action(f"{_CASE}/likeness", roles=_REGISTRARS, shows=case, recent=True)
def settle(request: DeskRequest, operator_id: str) -> Response:
    """Accept or refuse that a name resembles another's."""
    settle_likeness(
        operator_id,
        _number(request),
        accepted=request.form["says"] == "accept",
        reason=request.form["like_reason"],
        by=request.person.id,
        world=request.world.deciding,
    )
    return request.go(f"/operators/{operator_id}", said="queue.settled")


@pages.action(f"{_CASE}/answer", roles=_REGISTRARS, shows=case, recent=True)
def answer(request: DeskRequest, operator_id: str) -> Response:
    """Answer an appeal against a decision of others."""
    answer_appeal(
        operator_id,
        _number(request),
        upheld=request.form["says"] == "uphold",
        answer=request.form["answer"],
        by=request.person.id,
        world=request.world.deciding,
    )
    return request.go(f"/operators/{operator_id}", said="queue.answered")


def _colleagues(connection: Connection) -> dict[str, str]:
    """Return what registrars call each other: at the desk, and nowhere else."""
    return {person.id: person.name for person in list_people(connection, operator_id=None)}


def _mandates(connection: Connection, operator_id: str, request: DeskRequest) -> list[dict[str, object]]:
    """Return the mandates that the operator has given or got."""
    found, at = list_mandates(connection, operator_id=operator_id), request.world.now()
    names = names_of(connection, found)
    return [view_mandate(each, names, operator_id, words(request.frame.spoken), at) for each in found]


def _number(request: DeskRequest) -> int:
    """Return the number of the proposal, likeness or appeal that a form is about. Raises ProposalUnknown."""
    text = request.form["number"]
    if not (text.isascii() and text.isdecimal() and len(text) <= 15):  # noqa: PLR2004 - of a leaf: below 2**53
        raise ProposalUnknown("there is nothing of this number")
    return int(text)
